#include "streams/engine.hpp"

#include <algorithm>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::streams {
namespace {

std::string_view name_of(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::sum:
      return "sum";
    case Aggregate::count:
      return "count";
    case Aggregate::min:
      return "min";
    case Aggregate::max:
      return "max";
    default:
      return "mean";
  }
}

}  // namespace

const std::vector<LateFor>& Engine::apply(const Event& event, const std::function<void(const Alert&)>& alert) {
  auto& entry = *keys_.try_emplace(event.key).first;
  Key& key = entry.second;
  if (!key.is_changed) {
    key.is_changed = true;
    changed_.push_back(&entry);
  }
  key.windows.add(definition_.window, event.ts, *event.value, outcome_);
  const std::vector<Window>& given = definition_.emit == Emit::final ? outcome_.closed : outcome_.updated;
  const std::size_t most = definition_.emit == Emit::oldest ? 1 : given.size();
  judge(event, key, std::span(given).first(std::min(most, given.size())), alert);
  return outcome_.late;
}

void Engine::judge(const Event& event, Key& key, std::span<const Window> given,
                   const std::function<void(const Alert&)>& alert) {
  bool is_judged = false, is_hit = false;
  Alert last;
  for (const Window& window : given) {
    if (window.count < definition_.min_count || window.last - window.first < definition_.min_span_ms) continue;
    const double value = window.value(definition_.aggregate);
    last = {event.key, window, definition_.round ? round_to(value, *definition_.round) : value, false};
    is_judged = true;
    if (!is_alert(definition_, last.value)) continue;
    is_hit = true;
    if (event.ts < key.quiet_until) continue;
    if (definition_.cooldown_ms > 0) key.quiet_until = event.ts + definition_.cooldown_ms;
    alert(last);
  }
  if (!is_judged) return;
  if (key.is_firing && !is_hit && definition_.resolved) {
    last.is_resolved = true;
    key.quiet_until = -1;  // the next one is news again
    alert(last);
  }
  key.is_firing = is_hit;
}

void Engine::take_changes(const std::function<void(const std::string&, const std::vector<double>&)>& keep) {
  for (auto* entry : changed_) {
    Key& key = entry->second;
    key.is_changed = false;
    std::vector<double> state = key.windows.save();
    state.push_back(static_cast<double>(key.quiet_until));
    state.push_back(key.is_firing ? 1 : 0);
    keep(entry->first, state);
  }
  changed_.clear();
}

void Engine::read(const std::string& name, const std::vector<double>& state) {
  Key& key = keys_[name];
  std::size_t at = 0;
  key.windows.read(state, at);
  if (state.size() != at + 2) throw core::invalid("the state of a key has another length", "state");
  key.quiet_until = static_cast<std::int64_t>(state[at]);
  key.is_firing = state[at + 1] != 0;
}

std::string line_of(const StreamDefinition& definition, const Alert& alert) {
  core::JsonWriter json;
  json.begin_object().member("key", alert.key).member("ts", alert.window.start).key("value");
  if (!definition.is_json) return json.value(alert.value).end_object().take() + "\n";
  json.begin_object().member("detector", definition.name).member("state", alert.is_resolved ? "resolved" : "firing");
  json.member("start", alert.window.start).member("end", alert.window.end).member("count", alert.window.count);
  json.member(name_of(definition.aggregate), alert.value).end_object();
  return json.end_object().take() + "\n";
}

}  // namespace wakeful::streams
