// The kept state of a key is foreign bytes: whoever may move a lane has sent them. Whatever arrives is refused with
// `invalid`, or is a state that goes on, and is kept again.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "platform/core/error.hpp"
#include "streams/engine.hpp"
#include "streams/wire.hpp"

using namespace wakeful;

namespace {

constexpr double kMostAhead = 2e12;   // ms: what a desk believes in 2033
constexpr double kNearTheEnd = 8e15;  // a count that may grow past what is read

streams::StreamDefinition definition_of(std::uint8_t choice) {
  streams::StreamDefinition out;
  out.name = "hot";
  out.value = "t";
  const bool is_sliding = choice % 3 == 1;
  out.window = {.kind = is_sliding ? streams::WindowKind::sliding : streams::WindowKind::hopping,
                .size_ms = 5'000,
                .step_ms = 1'000,
                .grace_ms = choice & 4U ? 2'000 : 0};
  out.emit = choice & 8U ? streams::Emit::final : streams::Emit::updates;
  if (choice % 3 == 2) {
    out.emit = streams::Emit::final;
    const auto detector = detectors::make_detector("ewma_residual");
    out.algorithm =
        streams::KeyAlgorithm{.row = &detector->catalog_row(), .parameters = detector->parameters(), .train = 2};
  }
  out.cooldown_ms = choice & 16U ? 3'000 : 0;
  out.resolved = out.is_json = true;
  return out;
}

/// Applies three events behind the state's own time; the state afterwards.
std::vector<double> go_on(const streams::StreamDefinition& definition, const std::vector<double>& state) {
  streams::Engine engine(definition);
  engine.read("k", state);
  const double latest = std::clamp(state.front(), 0.0, kMostAhead);
  for (const std::int64_t later : {0, 1'500, 60'000}) {
    const streams::Event event{.key = "k", .ts = static_cast<std::int64_t>(latest) + later, .value = 91.5};
    engine.apply(event, [&](const streams::Alert& alert) {
      if (line_of(definition, alert).empty()) std::abort();
    });
  }
  std::vector<double> out;
  engine.take_changes([&](const std::string&, std::vector<double> changed) { out = std::move(changed); });
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const streams::StreamDefinition definition = definition_of(data[0]);
  std::vector<double> state((size - 1) / sizeof(double));
  if (!state.empty()) std::memcpy(state.data(), data + 1, state.size() * sizeof(double));
  std::vector<double> next;
  try {
    next = go_on(definition, streams::state_of(streams::state_text(state)));
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) std::abort();
    return 0;
  }
  // What goes on is read again.
  const auto is_far = [](double number) { return std::abs(number) > kNearTheEnd; };
  if (std::none_of(state.begin(), state.end(), is_far)) go_on(definition, next);
  return 0;
}
