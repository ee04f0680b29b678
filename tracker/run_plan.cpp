#include "tracker/run_plan.hpp"

#include <array>
#include <set>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/search/page.hpp"
#include "tracker/params_tags.hpp"
#include "tracker/rules.hpp"

namespace wakeful::tracker {
namespace {

using enum search::Operator;
using search::Comparison;
using search::Kind;
using search::SortKey;
using Words = std::string_view;

constexpr std::array kText{equal, not_equal, like, ilike};
constexpr std::array kTextOrNull{equal, not_equal, like, ilike, is_null, is_not_null};
constexpr std::array kTextOrList{equal, not_equal, like, ilike, in, not_in};
constexpr std::array kNumber{equal, not_equal, less, less_equal, greater, greater_equal};

constexpr std::array<Words, 2> kMetricWords{"metrics", "metric"};
constexpr std::array<Words, 4> kParamWords{"params", "param", "parameters", "parameter"};
constexpr std::array<Words, 2> kTagWords{"tags", "tag"};
constexpr std::array<Words, 4> kAttributeWords{"attributes", "attribute", "attr", "run"};
constexpr std::array<Words, 2> kDatasetWords{"datasets", "dataset"};

constexpr std::array<search::Entity::Key, 11> kAttributes{{
    {.name = "artifact_uri"},
    {.name = "run_id", .operators = kTextOrList},
    {.name = "run_name", .alias = "run name"},
    {.name = "run_name", .alias = "Run name"},
    {.name = "run_name", .alias = "Run Name"},
    {.name = "status"},
    {.name = "user_id"},
    {.name = "start_time", .kind = Kind::number, .operators = kNumber},
    {.name = "start_time", .alias = "created", .kind = Kind::number, .operators = kNumber},
    {.name = "start_time", .alias = "Created", .kind = Kind::number, .operators = kNumber},
    {.name = "end_time", .kind = Kind::number, .operators = kNumber},
}};
constexpr std::array<search::Entity::Key, 3> kDatasetKeys{{{.name = "name"}, {.name = "digest"}, {.name = "context"}}};

constexpr std::array<search::Entity, 5> kEntities{{
    {.name = "metric", .aliases = kMetricWords, .kind = Kind::number, .operators = kNumber},
    {.name = "parameter", .aliases = kParamWords, .operators = kTextOrNull},
    {.name = "tag", .aliases = kTagWords, .operators = kTextOrNull},
    {.name = "attribute", .aliases = kAttributeWords, .operators = kText, .keys = kAttributes},
    {.name = "dataset", .aliases = kDatasetWords, .operators = kTextOrList, .keys = kDatasetKeys},
}};
constexpr search::Grammar kGrammar{.entities = kEntities, .default_entity = "attribute"};

// More tables than this SQLite does not join.
constexpr std::size_t kMaxOrderings = 30;
constexpr std::int64_t kMaxPage = 50'000;
constexpr db::Sql kNameKey{"run_search.name_key", "SELECT name_key FROM metric_names WHERE name = $1"};

constexpr std::string_view kStatusName =
    "CASE r.status WHEN 1 THEN 'RUNNING' WHEN 2 THEN 'SCHEDULED' WHEN 3 THEN 'FINISHED' WHEN 4 THEN 'FAILED' "
    "ELSE 'KILLED' END";

std::optional<std::int64_t> find_name_key(db::Tx& tx, std::string_view name) {
  return tx.find(kNameKey, {name}, [](const db::Row& row) { return row.integer(0); });
}

std::vector<std::int64_t> read_experiments(const std::vector<std::string>& texts) {
  std::set<std::int64_t> ids;
  for (const std::string& text : texts) ids.insert(parse_experiment_id(text));
  return {ids.begin(), ids.end()};
}

/// MLflow compares run_name with the tag that holds it, and an index leads to tags.
void by_name_tag(Comparison& comparison) {
  if (comparison.entity != "attribute" || comparison.key != "run_name") return;
  comparison.entity = "tag";
  comparison.key = kRunNameTag;
}

void refuse_twice(const std::vector<RunPlan::Key>& keys, const search::Order& order) {
  for (const RunPlan::Key& key : keys) {
    if (key.order.entity != order.entity || key.order.key != order.key) continue;
    throw core::invalid(fmt::format("`order_by` contains duplicate fields: {}.{}", order.entity, order.key),
                        "order_by");
  }
}

std::vector<RunPlan::Key> read_order(db::Tx& tx, const std::vector<std::string>& clauses) {
  if (clauses.size() > kMaxOrderings)
    throw core::invalid(fmt::format("order_by has more than {} clauses", kMaxOrderings), "order_by");
  std::vector<RunPlan::Key> keys;
  for (const std::string& clause : clauses) {
    search::Order order = search::parse_order(clause, kGrammar);
    if (order.entity == "dataset") {
      throw core::invalid(fmt::format("Invalid order_by clause '{}'. Invalid identifier type 'dataset'", clause),
                          "order_by");
    }
    refuse_twice(keys, order);
    std::optional<std::int64_t> name_key;
    if (order.entity == "metric") name_key = find_name_key(tx, order.key);
    keys.push_back({std::move(order), name_key});
  }
  return keys;
}

}  // namespace

std::string column_of(std::string_view attribute) {
  if (attribute == "status") return std::string(kStatusName);
  if (attribute == "start_time") return "r.start_time_ms";
  if (attribute == "end_time") return "r.end_time_ms";
  return fmt::format("r.{}", attribute);
}

std::string alias_of(std::size_t i) { return fmt::format("o{}", i); }

RunPlan plan_runs(db::Tx& tx, const RunSearch& search) {
  RunPlan plan{.experiment_ids = read_experiments(search.experiment_ids), .view = search.view};
  plan.limit = search::page_size(search.max_results, {.standard = 1'000, .most = kMaxPage});
  plan.filter = search::parse_filter(search.filter, kGrammar);
  for (Comparison& comparison : plan.filter.all) {
    by_name_tag(comparison);
    const bool is_metric = comparison.entity == "metric";
    plan.name_keys.push_back(is_metric ? find_name_key(tx, comparison.key) : std::nullopt);
  }
  plan.order = read_order(tx, search.order_by);
  return plan;
}

std::vector<SortKey> sort_keys_of(const RunPlan& plan) {
  std::vector<SortKey> keys;
  bool by_start = false;
  for (std::size_t i = 0; i < plan.order.size(); ++i) {
    const RunPlan::Key& key = plan.order[i];
    const bool ascending = key.order.ascending;
    const std::string value = alias_of(i) + ".value";
    if (key.name_key) {
      keys.push_back(
          {fmt::format("CASE WHEN {0}.value IS NOT NULL THEN 0 WHEN {0}.run_key IS NOT NULL THEN 1 ELSE 2 "
                       "END",
                       alias_of(i))});
      keys.push_back({value, ascending, true});
    } else if (key.order.entity == "parameter" || key.order.entity == "tag") {
      keys.push_back({value, ascending, true});
    } else if (key.order.entity == "attribute") {
      keys.push_back({column_of(key.order.key), ascending, key.order.key == "end_time"});
      by_start = by_start || key.order.key == "start_time";
    }
  }
  if (!by_start) keys.push_back({"r.start_time_ms", false});
  keys.push_back({"r.run_id"});
  return keys;
}

std::string token_shape_of(const RunPlan& plan) {
  std::string shape;
  bool by_start = false;
  for (const RunPlan::Key& key : plan.order) {
    if (key.name_key) {
      shape += "id?";
    } else if (key.order.entity == "parameter" || key.order.entity == "tag") {
      shape += "s?";
    } else if (key.order.entity == "attribute") {
      by_start = by_start || key.order.key == "start_time";
      shape += key.order.key == "start_time" ? "i" : key.order.key == "end_time" ? "i?" : "s";
    }
  }
  return shape + (by_start ? "s" : "is");
}

}  // namespace wakeful::tracker
