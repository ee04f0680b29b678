#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "monitor/wire/protocol.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"train", "evaluate", "predict"};
constexpr std::array<std::string_view, 6> kStates{"pending", "running", "succeeded", "failed", "skipped", "cancelled"};
constexpr std::array<std::string_view, 3> kApplied{"created", "updated", "unchanged"};
constexpr std::array<std::string_view, 3> kFailures{"transient", "permanent", "waiting"};

template <std::size_t N>
std::size_t parse(std::string_view word, const std::array<std::string_view, N>& known, std::string_view field) {
  for (std::size_t i = 0; i < N; ++i) {
    if (known[i] == word) return i;
  }
  const auto near = core::did_you_mean(word, known);
  throw core::invalid(fmt::format("'{}': '{}' is none of {}{}", field, word.substr(0, 80), fmt::join(known, ", "),
                                  near ? fmt::format("; did you mean '{}'?", *near) : ""),
                      std::string(field));
}

}  // namespace

std::string_view name_of(JobKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }
std::string_view name_of(JobState state) { return kStates.at(static_cast<std::size_t>(state)); }
std::string_view name_of(Applied applied) { return kApplied.at(static_cast<std::size_t>(applied)); }
std::string_view name_of(FailureClass failure) { return kFailures.at(static_cast<std::size_t>(failure)); }

JobKind parse_job_kind(std::string_view word, std::string_view field) {
  return static_cast<JobKind>(parse(word, kKinds, field));
}
JobState parse_job_state(std::string_view word, std::string_view field) {
  return static_cast<JobState>(parse(word, kStates, field));
}
Applied parse_applied(std::string_view word, std::string_view field) {
  return static_cast<Applied>(parse(word, kApplied, field));
}
FailureClass parse_failure_class(std::string_view word, std::string_view field) {
  return static_cast<FailureClass>(parse(word, kFailures, field));
}

}  // namespace wakeful::monitor
