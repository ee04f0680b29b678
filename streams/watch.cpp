#include "streams/watch.hpp"

#include <chrono>
#include <optional>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"
#include "streams/counted_file.hpp"
#include "streams/engine.hpp"
#include "streams/line_input.hpp"

namespace wakeful::streams {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::int64_t kBatch = 50'000;  // lines
constexpr auto kBatchTime = std::chrono::milliseconds(200);

class Watch {
 public:
  Watch(const StreamDefinition& definition, const WatchOptions& options, std::ostream& out)
      : definition_(definition),
        options_(options),
        out_(out),
        state_(options.state, definition),
        progress_(state_.progress()),
        engine_(definition),
        input_(definition.input, progress_.read, options.follow) {
    for (const KeyState& key : state_.keys()) engine_.read(key.key, key.state);
    if (!definition.output.empty()) alerts_.emplace(definition.output, progress_.written, "stream.output.file");
    if (!definition.dead_letters.empty())
      dead_.emplace(definition.dead_letters, progress_.dead, "stream.dead_letters.file");
  }

  Progress run() {
    while (!options_.is_stopped()) {
      const auto line = input_.next();
      if (line) take(*line);
      const bool is_over = !line && input_.is_at_end();
      if (lines_ >= kBatch || (lines_ > 0 && (!line || Steady::now() - began_ >= kBatchTime))) move_on();
      if (is_over) break;
    }
    if (lines_ > 0) move_on();
    return progress_;
  }

 private:
  void take(const LineInput::Line& line) {
    if (lines_++ == 0) began_ = Steady::now();
    progress_.read = line.end;
    if (line.is_too_long) return refuse("longer than 1 MiB", line.text);
    if (core::trim(line.text).empty()) return;
    try {
      take_event(read_event(definition_, line.text), line.text);
    } catch (const core::Error& e) {
      if (e.code() != core::ErrorCode::invalid) throw;
      refuse(e.what(), line.text);
    }
  }

  void take_event(const Event& event, std::string_view text) {
    if (event.ts > core::to_ms(clock_.now()) + definition_.max_future_skew_ms)
      throw core::invalid("the time lies further ahead than max_future_skew", "ts");
    if (!event.value) {
      ++progress_.skipped;
      return;
    }
    ++progress_.events;
    const auto& late = engine_.apply(event, [this](const Alert& alert) { write(alert); });
    if (late.empty()) return;
    ++progress_.late;
    bury(fmt::format("late by {} ms for {} windows", late.front().late_by, late.size()), text);
  }

  void write(const Alert& alert) {
    ++progress_.alerts;
    const std::string line = line_of(definition_, alert);
    alerts_ ? alerts_->append(line) : static_cast<void>(printed_ += line);
  }

  void refuse(std::string_view why, std::string_view text) {
    ++progress_.refused;
    bury(why, text);
  }

  /// A line of the dead letters: why, and the line as it came.
  void bury(std::string_view why, std::string_view text) {
    if (!dead_) return;
    core::JsonWriter json;
    json.begin_object().member("reason", why).member("offset", progress_.read);
    json.member("line", core::is_utf8(text) ? std::string(text) : std::string("(not UTF-8)"));
    dead_->append(json.end_object().take() + "\n");
  }

  /// The outputs first: what they have too much is cut off, what the state has too much would be missing.
  void move_on() {
    if (alerts_) progress_.written = alerts_->sync();
    if (dead_) progress_.dead = dead_->sync();
    if (!printed_.empty()) out_ << std::exchange(printed_, {}) << std::flush;
    std::vector<KeyState> changed;
    engine_.take_changes([&](const std::string& key, const std::vector<double>& state) {
      changed.push_back({key, state});
    });
    state_.move_on(progress_, changed);
    lines_ = 0;
  }

  const StreamDefinition& definition_;
  const WatchOptions& options_;
  std::ostream& out_;
  core::SystemClock clock_;
  State state_;
  Progress progress_;
  Engine engine_;
  LineInput input_;
  std::optional<CountedFile> alerts_, dead_;
  std::string printed_;
  std::int64_t lines_ = 0;  // since the state moved on
  Steady::time_point began_{};
};

}  // namespace

Progress watch(const StreamDefinition& definition, const WatchOptions& options, std::ostream& out) {
  return Watch(definition, options, out).run();
}

}  // namespace wakeful::streams
