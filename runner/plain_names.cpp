#include "runner/plain_names.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wakeful::runner {

std::string plain_name(std::string_view name) {
  constexpr std::size_t kMost = 150;
  std::string plain(name.substr(0, kMost));
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  std::replace_if(
      plain.begin(), plain.end(), [&](char c) { return !fits(c); }, '_');
  if (plain.find_first_not_of('.') == std::string::npos) plain.insert(0, "_");
  return plain;
}

std::string plain_label(const monitor::Metric& metric) {
  if (metric.group.empty()) return plain_name(metric.name);
  return fmt::format("{}/{}", plain_name(metric.name), plain_name(fmt::format("{}", fmt::join(metric.group, "__"))));
}

}  // namespace wakeful::runner
