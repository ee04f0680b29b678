#include "tracker/run_texts.hpp"

#include "tracker/wire/write.hpp"

namespace wakeful::tracker {
namespace {

/// What an entry costs besides its text.
constexpr std::size_t kOverhead = 200;

std::string text_of(const Run& run) {
  core::JsonWriter json;
  json.begin_object();
  write_contents(json, run);
  return json.end_object().take().substr(1);
}

}  // namespace

std::vector<RunTexts::Text> RunTexts::get(db::Tx& tx, std::span<const FoundRun> runs) {
  std::vector<Text> texts = find(runs);
  std::vector<std::int64_t> keys;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (texts[i]) continue;
    keys.push_back(runs[i].key);
    places.push_back(i);
  }
  if (keys.empty()) return texts;
  std::vector<Run> loaded(keys.size());
  load_contents(tx, keys, loaded);
  for (std::size_t i = 0; i < places.size(); ++i)
    texts[places[i]] = std::make_shared<const std::string>(text_of(loaded[i]));
  const core::Lock lock(mutex_);
  for (const std::size_t place : places) keep(runs[place].key, runs[place].version, texts[place]);
  return texts;
}

std::vector<RunTexts::Text> RunTexts::find(std::span<const FoundRun> runs) {
  std::vector<Text> texts(runs.size());
  const core::Lock lock(mutex_);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto found = kept_.find(runs[i].key);
    if (found == kept_.end() || found->second.version != runs[i].version) continue;
    texts[i] = found->second.text;
    by_use_.splice(by_use_.begin(), by_use_, found->second.place);
  }
  return texts;
}

void RunTexts::keep(std::int64_t key, std::int64_t version, const Text& text) {
  // One run of many thousand metrics is not worth all others.
  if (text->size() > most_bytes_ / 8) return;
  drop(key);
  by_use_.push_front(key);
  kept_[key] = {version, text, by_use_.begin()};
  bytes_ += text->size() + kOverhead;
  while (bytes_ > most_bytes_) drop(by_use_.back());
}

void RunTexts::drop(std::int64_t key) {
  const auto found = kept_.find(key);
  if (found == kept_.end()) return;
  bytes_ -= found->second.text->size() + kOverhead;
  by_use_.erase(found->second.place);
  kept_.erase(found);
}

}  // namespace wakeful::tracker
