#pragma once
// From events to alerts: the windows of every key, the rule, and what is quiet or firing.
//
// All state is a function of the events so far, in their order. What changed since it was last asked for is handed over
// to be kept; read() puts it back. Threads: one owner.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform/core/function_ref.hpp"
#include "streams/definition.hpp"
#include "streams/event.hpp"
#include "streams/windows.hpp"

namespace wakeful::streams {

struct Alert {
  std::string_view key;  // the event's
  Window window;
  std::int64_t event_ts = 0;  // of the event that made it
  double value = 0;           // rounded
  bool is_resolved = false;
  std::optional<Verdict> verdict{};  // of an algorithm
};

using AlertCallback = core::FunctionRef<void(const Alert&)>;

class Engine {
 public:
  explicit Engine(const StreamDefinition& definition) : definition_(definition) {}

  /// Calls `alert` for each alert, in ascending order of the windows' start. Gives the windows for which the event came
  /// too late; valid until the next call. The event has a value.
  const std::vector<LateFor>& apply(const Event& event, AlertCallback alert);

  /// About how long the changed keys and their states are as text, key by key.
  std::size_t changed_bytes() const { return changed_bytes_; }
  /// Calls `keep` with each key that changed and its state, and forgets that they did.
  void take_changes(core::FunctionRef<void(const std::string& key, std::vector<double> state)> keep);
  /// Errors: invalid, field "state".
  void read(const std::string& key, const std::vector<double>& state);

 private:
  struct Key {
    KeyWindows windows;
    KeyDetector detector;
    std::int64_t quiet_until = -1;
    bool is_firing = false;
    bool is_changed = false;
    std::size_t bytes = 0;  // of its share of what changed
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Keys = std::unordered_map<std::string, Key, TextHash, std::equal_to<>>;

  Keys::value_type& entry_of(std::string_view key);
  void weigh(Keys::value_type& entry);
  void judge(const Event& event, Key& key, std::span<const Window> given, AlertCallback alert);
  /// The alert that a window is, if it is one.
  std::optional<Alert> find_alert_of(const Event& event, Key& key, const Window& window) const;

  StreamDefinition definition_;
  Keys keys_;
  std::vector<Keys::value_type*> changed_;
  std::size_t changed_bytes_ = 0;
  Outcome outcome_;
};

/// What the alert says, as JSON: the value, or an object with the window's bounds, its count and the state.
std::string body_of(const StreamDefinition& definition, const Alert& alert);
/// The alert as a line of a file, with its end: {"key", "ts": the window's start, "value": its body}.
std::string line_of(const StreamDefinition& definition, const Alert& alert);

}  // namespace wakeful::streams
