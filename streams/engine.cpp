#include "streams/engine.hpp"

#include <algorithm>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::streams {
Engine::Keys::value_type& Engine::entry_of(std::string_view key) {
  const auto found = keys_.find(key);
  return found != keys_.end() ? *found : *keys_.try_emplace(std::string(key)).first;
}

void Engine::weigh(Keys::value_type& entry) {
  constexpr std::size_t kNumber = 11;  // eight bytes in base64
  Key& key = entry.second;
  const std::size_t numbers = 2 + key.windows.size() + (definition_.algorithm ? key.detector.size() : 0);
  const std::size_t bytes = entry.first.size() + kNumber * numbers;
  changed_bytes_ += bytes - key.bytes;
  key.bytes = bytes;
}

const std::vector<LateFor>& Engine::apply(const Event& event, AlertCallback alert) {
  auto& entry = entry_of(event.key);
  Key& key = entry.second;
  if (!key.is_changed) {
    key.is_changed = true;
    changed_.push_back(&entry);
  }
  key.windows.add(definition_.window, event.ts, *event.value, outcome_);
  const std::vector<Window>& given = definition_.emit == Emit::final ? outcome_.closed : outcome_.updated;
  const std::size_t most = definition_.emit == Emit::oldest ? 1 : given.size();
  judge(event, key, std::span(given).first(std::min(most, given.size())), alert);
  weigh(entry);
  return outcome_.late;
}

std::optional<Alert> Engine::find_alert_of(const Event& event, Key& key, const Window& window) const {
  const double value = window.value(definition_.aggregate);
  Alert alert{.key = event.key, .window = window, .event_ts = event.ts};
  if (definition_.algorithm) {
    alert.verdict = key.detector.judge(*definition_.algorithm, window.start, definition_.window.step_ms, value);
    if (!alert.verdict || !(alert.verdict->score > 1)) return std::nullopt;
    alert.value = shown(definition_, value);
    return alert;
  }
  const auto rounded = find_alert(definition_, value);
  if (!rounded) return std::nullopt;
  alert.value = *rounded;
  return alert;
}

void Engine::judge(const Event& event, Key& key, std::span<const Window> given, AlertCallback alert) {
  const Window* last = nullptr;  // that was judged
  bool is_hit = false;
  for (const Window& window : given) {
    if (window.count < definition_.min_count || window.last - window.first < definition_.min_span_ms) continue;
    last = &window;
    const auto found = find_alert_of(event, key, window);
    if (!found) continue;
    is_hit = true;
    if (event.ts < key.quiet_until) continue;
    if (definition_.cooldown_ms > 0) key.quiet_until = event.ts + definition_.cooldown_ms;
    alert(*found);
  }
  if (last == nullptr) return;
  if (key.is_firing && !is_hit && definition_.resolved) {
    key.quiet_until = -1;  // the next one is news again
    const double value = shown(definition_, last->value(definition_.aggregate));
    alert({.key = event.key, .window = *last, .event_ts = event.ts, .value = value, .is_resolved = true});
  }
  key.is_firing = is_hit;
}

void Engine::take_changes(core::FunctionRef<void(const std::string&, std::vector<double>)> keep) {
  for (auto* entry : changed_) {
    Key& key = entry->second;
    key.is_changed = false;
    key.bytes = 0;
    std::vector<double> state = key.windows.save();
    state.push_back(static_cast<double>(key.quiet_until));
    state.push_back(key.is_firing ? 1 : 0);
    if (definition_.algorithm) key.detector.save(state);
    keep(entry->first, std::move(state));
  }
  changed_.clear();
  changed_bytes_ = 0;
}

void Engine::read(const std::string& name, const std::vector<double>& state) {
  Key& key = keys_[name];
  std::size_t at = 0;
  key.windows.read(state, at);
  const auto refuse = [] { throw core::invalid("the state of a key has another length", "state"); };
  key.quiet_until = read_whole(state, at);
  if (at >= state.size()) refuse();
  key.is_firing = state[at++] != 0;
  if (definition_.algorithm) key.detector.read(state, at);
  if (state.size() != at) refuse();
}

namespace {

void write_body(core::JsonWriter& json, const StreamDefinition& definition, const Alert& alert) {
  if (!definition.is_json) {
    json.value(alert.value);
    return;
  }
  json.begin_object().member("detector", definition.name).member("state", alert.is_resolved ? "resolved" : "firing");
  json.member("start", alert.window.start).member("end", alert.window.end).member("count", alert.window.count);
  json.member(name_of(definition.aggregate), alert.value);
  if (alert.verdict) {
    json.member("score", alert.verdict->score).member("expected", alert.verdict->expected);
    json.member("lower", alert.verdict->lower).member("upper", alert.verdict->upper);
  }
  json.end_object();
}

}  // namespace

std::string body_of(const StreamDefinition& definition, const Alert& alert) {
  core::JsonWriter json;
  write_body(json, definition, alert);
  return json.take();
}

std::string line_of(const StreamDefinition& definition, const Alert& alert) {
  core::JsonWriter json;
  json.begin_object().member("key", alert.key).member("ts", alert.window.start).key("value");
  write_body(json, definition, alert);
  return json.end_object().take() + "\n";
}

}  // namespace wakeful::streams
