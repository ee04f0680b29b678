// Any bytes are a stream's events, as lines or as messages, or refused as the sender's mistake; what is read can be
// kept in any store, and is worked into windows.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "streams/engine.hpp"
#include "streams/event.hpp"

using namespace wakeful;

namespace {

constexpr std::int64_t kMostAhead = 2'000'000'000'000;  // ms: what a desk believes in 2033

streams::StreamDefinition definition_of(std::uint8_t choice) {
  streams::StreamDefinition out;
  out.name = "hot";
  out.value = "t";
  out.time_unit = static_cast<streams::TimeUnit>(choice % 4);
  if (choice & 4U) out.time_field = "at";
  const bool is_sliding = (choice & 8U) != 0;
  out.window = {.kind = is_sliding ? streams::WindowKind::sliding : streams::WindowKind::hopping,
                .size_ms = 5'000,
                .step_ms = 1'000,
                .grace_ms = 2'000};
  out.emit = (choice & 16U) != 0 ? streams::Emit::final : streams::Emit::updates;
  out.aggregate = static_cast<streams::Aggregate>(choice / 32 % 5);
  out.round = 2;
  out.resolved = out.is_json = true;
  return out;
}

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Read>
void work(streams::Engine& engine, const streams::StreamDefinition& definition, const Read& read) {
  try {
    const streams::Event event = read();
    require(event.ts >= 0 && core::is_utf8(event.key) && event.key.find('\0') == std::string_view::npos &&
            event.key.size() <= streams::kLongestKey);
    if (!event.value || event.ts > kMostAhead) return;
    require(std::isfinite(*event.value));
    engine.apply(event, [&](const streams::Alert& alert) { require(core::is_utf8(line_of(definition, alert))); });
  } catch (const core::Error& e) {
    require(e.code() == core::ErrorCode::invalid);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const streams::StreamDefinition definition = definition_of(data[0]);
  streams::EventReader reader(definition);
  streams::Engine engine(definition);
  for (const std::string_view line : core::split({reinterpret_cast<const char*>(data) + 1, size - 1}, '\n')) {
    work(engine, definition, [&] { return reader.read_line(line); });
    const std::size_t tab = line.find('\t');
    streams::Record message{.value = line, .ts_ms = static_cast<std::int64_t>(line.size()) - 1};
    if (tab != std::string_view::npos) {
      message.key = line.substr(0, tab);
      message.value = line.substr(tab + 1);
    }
    work(engine, definition, [&] { return reader.read_message(message); });
  }
  return 0;
}
