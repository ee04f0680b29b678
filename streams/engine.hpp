#pragma once
// From events to alerts: the windows of every key, the rule, and what is quiet or firing.
//
// All state is a function of the events so far, in their order. What changed since it was last asked for is handed over
// to be kept; read() puts it back. Threads: one owner.
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "streams/definition.hpp"
#include "streams/event.hpp"
#include "streams/windows.hpp"

namespace wakeful::streams {

struct Alert {
  std::string_view key;  // the event's
  Window window;
  double value = 0;  // rounded
  bool is_resolved = false;
};

class Engine {
 public:
  explicit Engine(const StreamDefinition& definition) : definition_(definition) {}

  /// Calls `alert` for each alert, in ascending order of the windows' start. Gives the windows for which the event came
  /// too late; valid until the next call. The event has a value.
  const std::vector<LateFor>& apply(const Event& event, const std::function<void(const Alert&)>& alert);

  /// Calls `keep` with each key that changed and its state, and forgets that they did.
  void take_changes(const std::function<void(const std::string& key, const std::vector<double>& state)>& keep);
  /// Errors: invalid, field "state".
  void read(const std::string& key, const std::vector<double>& state);

 private:
  struct Key {
    KeyWindows windows;
    std::int64_t quiet_until = -1;
    bool is_firing = false;
    bool is_changed = false;
  };
  void judge(const Event& event, Key& key, std::span<const Window> given,
             const std::function<void(const Alert&)>& alert);

  StreamDefinition definition_;
  std::unordered_map<std::string, Key> keys_;
  std::vector<std::unordered_map<std::string, Key>::value_type*> changed_;
  Outcome outcome_;
};

/// The alert as a line of the output, with its end: {"key", "ts": the window's start, "value": a number or an object}.
std::string line_of(const StreamDefinition& definition, const Alert& alert);

}  // namespace wakeful::streams
