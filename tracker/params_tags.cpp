#include "tracker/params_tags.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "tracker/rules.hpp"

namespace wakeful::tracker {
namespace {

constexpr db::Sql kInsertParam{"param.insert",
                               "INSERT INTO params (run_key, key, value, value_hash, experiment_id) "
                               "VALUES ($1, $2, $3, $4, $5) "
                               "ON CONFLICT (run_key, key) DO NOTHING"};
constexpr db::Sql kParams{"param.list", "SELECT key, value FROM params WHERE run_key = $1"};
constexpr db::Sql kUpsertTag{"tag.upsert",
                             "INSERT INTO run_tags (run_key, key, value, value_hash, experiment_id) "
                             "VALUES ($1, $2, $3, $4, $5) "
                             "ON CONFLICT (run_key, key) DO UPDATE SET value = excluded.value, "
                             "value_hash = excluded.value_hash"};
constexpr db::Sql kDeleteTag{"tag.delete", "DELETE FROM run_tags WHERE run_key = $1 AND key = $2"};
constexpr db::Sql kRename{"run.rename", "UPDATE runs SET run_name = $2 WHERE run_key = $1"};

struct Changed {
  const Param* wanted;
  std::string stored;
};

/// The message names one param as Python's repr would show it: clients match on its words.
core::Error changed_values(const RunId& run, std::span<const Changed> changed, bool single) {
  if (single) {
    const Changed& one = changed.front();
    return core::invalid(fmt::format("Changing param values is not allowed. Param with key='{}' was already logged "
                                     "with value='{}' for run ID='{}'. Attempted logging new value '{}'.",
                                     one.wanted->key, one.stored, run.text(), one.wanted->value),
                         "value");
  }
  std::vector<std::string> all;
  for (const Changed& one : changed) {
    all.push_back(fmt::format("{{'key': '{}', 'old_value': '{}', 'new_value': '{}'}}", one.wanted->key, one.stored,
                              one.wanted->value));
  }
  return core::invalid(fmt::format("Changing param values is not allowed. Params were already logged='[{}]' for run "
                                   "ID='{}'.",
                                   fmt::join(all, ", "), run.text()),
                       "params");
}

/// How many rows were inserted or changed.
std::int64_t insert_pairs(db::Tx& tx, const db::Sql& sql, const RunKey& run, std::span<const KeyValue* const> pairs) {
  constexpr std::size_t kColumns = 5;
  std::vector<db::Param> values;
  values.reserve(pairs.size() * kColumns);
  for (const KeyValue* pair : pairs) {
    values.insert(values.end(), {run.key, pair->key, pair->value, value_hash(pair->value), run.experiment_id});
  }
  return tx.execute_many(sql, values, kColumns);
}

std::vector<const KeyValue*> pointers_to(std::span<const KeyValue> pairs) {
  std::vector<const KeyValue*> all;
  all.reserve(pairs.size());
  for (const KeyValue& pair : pairs) all.push_back(&pair);
  return all;
}

std::vector<Changed> find_changed(db::Tx& tx, std::int64_t run_key, std::span<const Param> params) {
  std::map<std::string, std::string> stored;
  tx.query(kParams, {run_key}, [&](const db::Row& row) { stored.emplace(row.text(0), row.text(1)); });
  std::vector<Changed> changed;
  for (const Param& param : params) {
    const auto found = stored.find(param.key);
    if (found != stored.end() && found->second != param.value) changed.push_back({&param, found->second});
  }
  return changed;
}

void insert_checked(db::Tx& tx, const RunKey& key, const RunId& run, std::span<const Param> params, bool single) {
  if (params.empty()) return;
  const auto inserted = insert_pairs(tx, kInsertParam, key, pointers_to(params));
  if (inserted == static_cast<std::int64_t>(params.size())) return;
  const auto changed = find_changed(tx, key.key, params);
  if (!changed.empty()) throw changed_values(run, changed, single);
}

}  // namespace

void insert_params(db::Tx& tx, const RunKey& key, const RunId& run, std::span<const Param> params) {
  insert_checked(tx, key, run, params, false);
}

void insert_tags(db::Tx& tx, const RunKey& key, std::span<const Tag> tags) {
  insert_pairs(tx, kUpsertTag, key, pointers_to(tags));
}

void upsert_tags(db::Tx& tx, const RunKey& run, std::span<const Tag> tags) {
  if (tags.empty()) return;
  // One statement may not touch a row twice, and sorted keys are locked in one order.
  std::map<std::string_view, const KeyValue*> last;
  for (const Tag& tag : tags) last[tag.key] = &tag;
  // An empty name changes nothing, as in MLflow.
  if (const auto named = last.find(kRunNameTag); named != last.end() && named->second->value.empty()) last.erase(named);
  std::vector<const KeyValue*> all;
  all.reserve(last.size());
  for (const auto& [key, tag] : last) all.push_back(tag);
  insert_pairs(tx, kUpsertTag, run, all);
  const auto named = last.find(kRunNameTag);
  if (named != last.end()) tx.execute(kRename, {run.key, named->second->value});
}

void log_param(db::Tx& tx, const RunId& run, Param param, const Settings& settings) {
  check_param(param, "key", "", settings);
  const RunKey locked = lock_run(tx, run);
  insert_checked(tx, locked, run, std::span(&param, 1), true);
}

void set_tag(db::Tx& tx, const RunId& run, Tag tag, const Settings& settings) {
  check_run_tag(tag, "key", "", settings);
  const RunKey locked = lock_run(tx, run);
  upsert_tags(tx, locked, std::span(&tag, 1));
}

void delete_tag(db::Tx& tx, const RunId& run, std::string_view key) {
  const RunKey locked = lock_run(tx, run);
  if (tx.execute(kDeleteTag, {locked.key, key}) > 0) return;
  throw core::not_found(fmt::format("No tag with name: {} in run with id {}", key, run.text()), "key");
}

}  // namespace wakeful::tracker
