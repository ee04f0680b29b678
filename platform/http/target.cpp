#include "platform/http/target.hpp"

#include <algorithm>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::http {

Segment::Segment(std::string_view raw) : raw_(raw) {
  if (raw.find('%') != std::string_view::npos) {
    auto decoded = core::percent_decode(raw);
    if (!decoded) throw core::invalid("a percent escape in the path is not two hexadecimal digits");
    decoded_ = *std::move(decoded);
    escaped_ = true;
  }
  const std::string_view plain = text();
  if (plain.find('\0') != std::string_view::npos) throw core::invalid("the path holds a NUL");
  if (plain == "." || plain == "..") throw core::invalid("the path holds a '.' or '..' segment");
}

Target Target::parse(std::string_view raw) {
  if (raw.empty() || raw.front() != '/') throw core::invalid("the request's target does not start with '/'");
  Target target;
  const auto mark = raw.find('?');
  target.path = raw.substr(0, mark);
  if (mark != std::string_view::npos) target.query = raw.substr(mark + 1);
  if (target.path == "/") return target;
  target.segments.reserve(static_cast<std::size_t>(std::count(target.path.begin(), target.path.end(), '/')));
  std::string_view rest = target.path.substr(1);
  for (;;) {
    const auto slash = rest.find('/');
    target.segments.emplace_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) return target;
    rest.remove_prefix(slash + 1);
  }
}

bool Target::has_doubled_slash() const {
  return !segments.empty() && std::any_of(segments.begin(), segments.end() - 1,
                                          [](const Segment& segment) { return segment.raw().empty(); });
}

std::string Target::merged() const {
  std::string text;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].raw().empty() && i + 1 < segments.size()) continue;
    text += '/';
    text += segments[i].raw();
  }
  if (!query.empty()) text.append("?").append(query);
  return text;
}

}  // namespace wakeful::http
