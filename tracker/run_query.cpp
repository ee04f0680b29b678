#include "tracker/run_query.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "tracker/rules.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {
namespace {

using enum search::Operator;
using search::Comparison;
using search::Kind;
using search::Query;
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
// SQLite's expressions nest 1,000 deep at most, and each AND is a level.
constexpr std::size_t kComparisonsInGroup = 50;
constexpr std::int64_t kMaxPage = 50'000;
// Up to so many runs with a tag or param it is better to begin with them than with the experiment's runs.
constexpr std::int64_t kFew = 1'000;

constexpr db::Sql kNameKey{"run_search.name_key", "SELECT name_key FROM metric_names WHERE name = $1"};
constexpr db::Sql kCountParams{
    "run_search.count_params",
    "SELECT COUNT(*) FROM (SELECT 1 FROM params WHERE key = $1 AND value_hash = $2 LIMIT $3) few"};
constexpr db::Sql kCountTags{
    "run_search.count_tags",
    "SELECT COUNT(*) FROM (SELECT 1 FROM run_tags WHERE key = $1 AND value_hash = $2 LIMIT $3) few"};

constexpr std::string_view kStatusName =
    "CASE r.status WHEN 1 THEN 'RUNNING' WHEN 2 THEN 'SCHEDULED' WHEN 3 THEN 'FINISHED' WHEN 4 THEN 'FAILED' "
    "ELSE 'KILLED' END";

std::string column_of(std::string_view attribute) {
  if (attribute == "status") return std::string(kStatusName);
  if (attribute == "start_time") return "r.start_time_ms";
  if (attribute == "end_time") return "r.end_time_ms";
  return fmt::format("r.{}", attribute);
}

std::optional<std::int64_t> find_name_key(db::Tx& tx, std::string_view name) {
  return tx.find(kNameKey, {name}, [](const db::Row& row) { return row.integer(0); });
}

std::vector<std::int64_t> read_experiments(const std::vector<std::string>& texts) {
  std::set<std::int64_t> ids;
  for (const std::string& text : texts) ids.insert(parse_experiment_id(text));
  return {ids.begin(), ids.end()};
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

std::string alias_of(std::size_t i) { return fmt::format("o{}", i); }

/// Where a statement begins, besides the runs themselves.
enum class Begin { runs, param, tag, metric };

class Builder {
 public:
  Builder(db::Tx& tx, const RunPlan& plan, Part part) : tx_(tx), plan_(plan), part_(part) {}

  Query build(const std::optional<std::vector<search::KeyValue>>& after, std::int64_t limit) {
    choose_begin();
    const std::vector<SortKey> keys = sort_keys_of(plan_);
    query_.text("SELECT r.run_key, ").text(kRunColumns);
    for (const SortKey& key : keys) query_.text(", ").text(key.expression);
    from();
    join_order();
    where();
    page(keys, after);
    query_.text(" LIMIT ").bind(limit);
    return std::move(query_);
  }

 private:
  /// A tag or param that few runs have is the best place; then the index of the first ordering metric.
  void choose_begin() {
    for (std::size_t i = 0; i < plan_.filter.all.size(); ++i) {
      const Comparison& comparison = plan_.filter.all[i];
      if (comparison.op != equal) continue;
      const bool is_param = comparison.entity == "parameter";
      if (!is_param && comparison.entity != "tag") continue;
      const auto hash = value_hash(std::get<std::string>(comparison.literal.value));
      const auto count = tx_.find(is_param ? kCountParams : kCountTags, {comparison.key, hash, kFew + 1},
                                  [](const db::Row& row) { return row.integer(0); });
      if (count.value_or(0) > kFew) continue;
      begin_ = is_param ? Begin::param : Begin::tag;
      begun_with_ = i;
      return;
    }
    if (part_ == Part::with_value) begin_ = Begin::metric;
  }

  void from() {
    switch (begin_) {
      case Begin::runs:
        query_.text(" FROM runs r");
        return;
      // CROSS JOIN: SQLite keeps the order of the tables, which it would otherwise guess without statistics.
      case Begin::param:
        query_.text(" FROM params b CROSS JOIN runs r");
        return;
      case Begin::tag:
        query_.text(" FROM run_tags b CROSS JOIN runs r");
        return;
      case Begin::metric:
        query_.text(" FROM metric_series o0 CROSS JOIN runs r");
        return;
    }
  }

  void join_order() {
    for (std::size_t i = begin_ == Begin::metric ? 1 : 0; i < plan_.order.size(); ++i) {
      const RunPlan::Key& key = plan_.order[i];
      const std::string alias = alias_of(i);
      if (key.name_key) {
        query_.text(fmt::format(" LEFT JOIN metric_series {0} ON {0}.run_key = r.run_key AND {0}.name_key = ", alias));
        query_.bind(*key.name_key);
      } else if (key.order.entity == "parameter" || key.order.entity == "tag") {
        query_.text(fmt::format(" LEFT JOIN {1} {0} ON {0}.run_key = r.run_key AND {0}.key = ", alias,
                                key.order.entity == "tag" ? "run_tags" : "params"));
        query_.bind(key.order.key);
      }
    }
  }

  void where() {
    begin_condition();
    experiments();
    if (plan_.view != ViewType::all)
      query_.text(" AND r.lifecycle = ").text(plan_.view == ViewType::active_only ? "0" : "1");
    if (part_ == Part::without_value) query_.text(" AND o0.value IS NULL");
    for (std::size_t i = 0; i < plan_.filter.all.size(); i += kComparisonsInGroup) {
      query_.text(" AND (1 = 1");
      for (std::size_t k = i; k < std::min(i + kComparisonsInGroup, plan_.filter.all.size()); ++k) {
        if (k == begun_with_) continue;
        query_.text(" AND (");
        condition(plan_.filter.all[k], plan_.name_keys[k]);
        query_.text(")");
      }
      query_.text(")");
    }
  }

  void begin_condition() {
    query_.text(" WHERE ");
    if (begin_ == Begin::param || begin_ == Begin::tag) {
      const Comparison& comparison = plan_.filter.all[begun_with_];
      query_.text("b.key = ").bind(comparison.key).text(" AND b.value_hash = ");
      query_.bind(value_hash(std::get<std::string>(comparison.literal.value))).text(" AND ");
      search::compare(query_, "b.value", comparison);
      query_.text(" AND r.run_key = b.run_key AND ");
    } else if (begin_ == Begin::metric) {
      query_.text("o0.experiment_id = ").bind(plan_.experiment_ids.front()).text(" AND o0.name_key = ");
      query_.bind(plan_.order.front().name_key.value());
      query_.text(" AND r.run_key = o0.run_key AND ");
    }
    if (part_ == Part::with_value) query_.text("o0.value IS NOT NULL AND ");
  }

  void experiments() {
    const bool by_id = std::any_of(plan_.filter.all.begin(), plan_.filter.all.end(), [](const Comparison& comparison) {
      return comparison.entity == "attribute" && comparison.key == "run_id" &&
             (comparison.op == equal || comparison.op == in);
    });
    // The plus keeps SQLite from beginning with the experiment where the ids lead straight to the runs.
    query_.text(by_id ? "+r.experiment_id" : "r.experiment_id");
    if (plan_.experiment_ids.size() == 1) {
      query_.text(" = ").bind(plan_.experiment_ids.front());
    } else {
      query_.text(fmt::format(" IN ({})", fmt::join(plan_.experiment_ids, ", ")));
    }
  }

  void condition(const Comparison& comparison, std::optional<std::int64_t> name_key) {
    if (comparison.entity == "attribute") {
      search::compare(query_, column_of(comparison.key), comparison);
    } else if (comparison.entity == "metric") {
      metric_condition(comparison, name_key);
    } else if (comparison.entity == "dataset") {
      query_.text(
          "EXISTS (SELECT 1 FROM run_datasets i JOIN datasets d ON d.dataset_key = i.dataset_key WHERE i.run_key = "
          "r.run_key AND ");
      search::compare(query_, comparison.key == "context" ? "i.context" : "d." + comparison.key, comparison);
      query_.text(")");
    } else {
      pair_condition(comparison, comparison.entity == "tag" ? "run_tags" : "params");
    }
  }

  void metric_condition(const Comparison& comparison, std::optional<std::int64_t> name_key) {
    if (!name_key) {
      query_.text("1 = 0");
      return;
    }
    query_.text("EXISTS (SELECT 1 FROM metric_series m WHERE m.run_key = r.run_key AND m.name_key = ").bind(*name_key);
    query_.text(" AND ");
    search::compare(query_, "m.value", comparison);
    query_.text(")");
  }

  void pair_condition(const Comparison& comparison, std::string_view table) {
    query_.text(comparison.op == is_null ? "NOT EXISTS" : "EXISTS");
    query_.text(fmt::format(" (SELECT 1 FROM {} p WHERE p.run_key = r.run_key AND p.key = ", table));
    query_.bind(comparison.key);
    if (comparison.op != is_null && comparison.op != is_not_null) {
      query_.text(" AND ");
      search::compare(query_, "p.value", comparison);
    }
    query_.text(")");
  }

  void page(const std::vector<SortKey>& keys, const std::optional<std::vector<search::KeyValue>>& after) {
    std::span<const SortKey> used(keys);
    std::span<const search::KeyValue> values;
    if (after) values = *after;
    std::vector<SortKey> known;
    if (part_ == Part::with_value) {
      // The class is the same for all, and without it the index alone gives the order.
      known.assign(keys.begin() + 1, keys.end());
      known.front().nullable = false;
      used = known;
      if (after) values = values.subspan(1);
    }
    if (after) search::after(query_, used, values);
    search::order_by(query_, used);
  }

  db::Tx& tx_;
  const RunPlan& plan_;
  Part part_;
  Begin begin_ = Begin::runs;
  std::size_t begun_with_ = static_cast<std::size_t>(-1);
  Query query_;
};

}  // namespace

const search::Grammar& run_grammar() { return kGrammar; }

RunPlan plan_runs(db::Tx& tx, const RunSearch& search) {
  RunPlan plan{.experiment_ids = read_experiments(search.experiment_ids), .view = search.view};
  plan.limit = search::page_size(search.max_results, {.standard = 1'000, .most = kMaxPage});
  plan.filter = search::parse_filter(search.filter, kGrammar);
  for (const Comparison& comparison : plan.filter.all) {
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

search::Query build_query(db::Tx& tx, const RunPlan& plan, Part part,
                          const std::optional<std::vector<search::KeyValue>>& after, std::int64_t limit) {
  return Builder(tx, plan, part).build(after, limit);
}

}  // namespace wakeful::tracker
