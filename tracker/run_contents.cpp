// What runs hold, read for many runs at once: one statement per kind and chunk of runs.
#include <limits>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "platform/search/list_statement.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {
namespace {

/// A statement around its list of keys.
struct KeyedSql {
  std::string_view name;
  std::string_view before;
  std::string_view after;
};

constexpr KeyedSql kMetrics{"run.metrics",
                            "SELECT s.run_key, n.name, s.value, s.timestamp_ms, s.step FROM metric_series s "
                            "JOIN metric_names n ON n.name_key = s.name_key WHERE s.run_key IN (",
                            ") ORDER BY s.run_key, s.name_key"};
constexpr KeyedSql kParams{"run.params", "SELECT run_key, key, value FROM params WHERE run_key IN (",
                           ") ORDER BY run_key, key"};
constexpr KeyedSql kTags{"run.tags", "SELECT run_key, key, value FROM run_tags WHERE run_key IN (",
                         ") ORDER BY run_key, key"};
constexpr KeyedSql kInputs{
    "run.inputs",
    "SELECT i.run_key, d.name, d.digest, d.source_type, d.source, d.schema_json, d.profile_json, d.dataset_key "
    "FROM run_datasets i JOIN datasets d ON d.dataset_key = i.dataset_key WHERE i.run_key IN (",
    ") ORDER BY i.run_key, i.dataset_key"};
constexpr KeyedSql kInputTags{"run.input_tags",
                              "SELECT run_key, dataset_key, key, value FROM run_dataset_tags WHERE run_key IN (",
                              ") ORDER BY run_key, dataset_key, key"};
constexpr KeyedSql kModels{"run.models", "SELECT run_key, is_output, model_id, step FROM run_models WHERE run_key IN (",
                           ") ORDER BY run_key, is_output, model_id"};

class Contents {
 public:
  Contents(db::Tx& tx, std::span<const std::int64_t> keys, std::span<Run> runs) : tx_(tx), keys_(keys), runs_(runs) {
    for (std::size_t i = 0; i < keys.size(); ++i) index_.emplace(keys[i], i);
  }

  void load() {
    each(kMetrics, [this](const db::Row& row) {
      run_of(row).metrics.push_back({.key = std::string(row.text(1)),
                                     .value = row.is_null(2) ? std::numeric_limits<double>::quiet_NaN() : row.real(2),
                                     .timestamp_ms = row.integer(3),
                                     .step = row.integer(4)});
    });
    each(kParams, [this](const db::Row& row) {
      run_of(row).params.push_back({std::string(row.text(1)), std::string(row.text(2))});
    });
    each(kTags, [this](const db::Row& row) {
      run_of(row).tags.push_back({std::string(row.text(1)), std::string(row.text(2))});
    });
    load_inputs();
    each(kModels, [this](const db::Row& row) {
      if (row.integer(1) == 0) {
        run_of(row).model_inputs.emplace_back(row.text(2));
      } else {
        run_of(row).model_outputs.push_back({std::string(row.text(2)), row.integer(3)});
      }
    });
  }

 private:
  void load_inputs() {
    std::unordered_map<std::string, std::pair<Run*, std::size_t>> inputs;
    each(kInputs, [&](const db::Row& row) {
      Run& run = run_of(row);
      inputs.emplace(fmt::format("{}/{}", row.integer(0), row.integer(7)), std::pair(&run, run.dataset_inputs.size()));
      run.dataset_inputs.push_back({.dataset = {.name = std::string(row.text(1)),
                                                .digest = std::string(row.text(2)),
                                                .source_type = std::string(row.text(3)),
                                                .source = std::string(row.text(4)),
                                                .schema = std::string(row.text(5)),
                                                .profile = std::string(row.text(6))}});
    });
    if (inputs.empty()) return;
    each(kInputTags, [&](const db::Row& row) {
      const auto& [run, at] = inputs.at(fmt::format("{}/{}", row.integer(0), row.integer(1)));
      run->dataset_inputs[at].tags.push_back({std::string(row.text(2)), std::string(row.text(3))});
    });
  }

  /// Rows come sorted by run, so the last one found is mostly the next one asked for.
  Run& run_of(const db::Row& row) {
    const std::int64_t key = row.integer(0);
    if (key != last_key_) {
      last_key_ = key;
      last_ = index_.at(key);
    }
    return runs_[last_];
  }

  template <class F>
  void each(const KeyedSql& sql, F&& read) {
    last_key_ = -1;
    search::for_each_list(keys_.size(), [&](std::size_t from, std::size_t count, std::size_t places) {
      const auto keys = keys_.subspan(from, count);
      std::vector<db::Param> params(keys.begin(), keys.end());
      params.resize(places, params.back());
      const std::string text = search::list_statement(sql.before, 1, places, sql.after);
      tx_.query(db::Sql(sql.name, text), params, db::RowCallback(read));
    });
  }

  db::Tx& tx_;
  std::span<const std::int64_t> keys_;
  std::span<Run> runs_;
  std::unordered_map<std::int64_t, std::size_t> index_;
  std::int64_t last_key_ = -1;
  std::size_t last_ = 0;
};

}  // namespace

void load_contents(db::Tx& tx, std::span<const std::int64_t> keys, std::span<Run> runs) {
  Contents(tx, keys, runs).load();
}

}  // namespace wakeful::tracker
