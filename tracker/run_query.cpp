#include "tracker/run_query.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tracker/rules.hpp"
#include "tracker/runs.hpp"
#include "tracker/sql_params.hpp"

namespace wakeful::tracker {
namespace {

using enum search::Operator;
using search::Comparison;
using search::Query;
using search::SortKey;

// SQLite's expressions nest 1,000 deep at most, and each AND is a level.
constexpr std::size_t kComparisonsInGroup = 50;

constexpr db::Sql kCountRuns{
    "run_search.count_runs",
    "SELECT COUNT(*) FROM (SELECT 1 FROM runs WHERE experiment_id = $1 AND lifecycle IN (0, 1) LIMIT $2) few"};

std::string_view table_of(const Comparison& comparison) {
  if (comparison.entity == "metric") return "metric_series";
  return comparison.entity == "tag" ? "run_tags" : "params";
}

/// Rows `b` of an index over one experiment that fulfil the comparison.
void begin_with(Query& query, const RunPlan& plan, std::size_t i) {
  const Comparison& comparison = plan.filter.all[i];
  query.text("b.experiment_id = ").bind(plan.experiment_ids.front());
  if (comparison.entity == "metric") {
    query.text(" AND b.name_key = ").bind(plan.name_keys[i].value()).text(" AND ");
  } else {
    query.text(" AND b.key = ").bind(comparison.key).text(" AND b.value_hash = ");
    query.bind(value_hash(std::get<std::string>(comparison.literal.value))).text(" AND ");
  }
  search::compare(query, "b.value", comparison);
}

class Builder {
 public:
  Builder(const RunPlan& plan, Part part, std::optional<std::size_t> beginning)
      : plan_(plan), part_(part), beginning_(beginning), by_order_(part == Part::with_value && !beginning) {}

  Query build(const std::optional<std::vector<search::KeyValue>>& after, std::int64_t limit) {
    const std::vector<SortKey> keys = sort_keys_of(plan_);
    query_.text("SELECT r.run_key, r.version, ").text(kRunColumns);
    for (const SortKey& key : keys) query_.text(", ").text(key.expression);
    from();
    join_order();
    where();
    page(keys, after);
    query_.text(" LIMIT ").bind(limit);
    return std::move(query_);
  }

 private:
  void from() {
    // CROSS JOIN: SQLite keeps the order of the tables, which it would otherwise guess without statistics.
    if (by_order_) {
      query_.text(" FROM metric_series o0 CROSS JOIN runs r");
    } else if (beginning_) {
      query_.text(fmt::format(" FROM {} b CROSS JOIN runs r", table_of(plan_.filter.all[*beginning_])));
    } else {
      query_.text(" FROM runs r");
    }
  }

  void join_order() {
    for (std::size_t i = by_order_ ? 1 : 0; i < plan_.order.size(); ++i) {
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
        if (k == beginning_) continue;
        query_.text(" AND (");
        condition(plan_.filter.all[k], plan_.name_keys[k]);
        query_.text(")");
      }
      query_.text(")");
    }
  }

  void begin_condition() {
    query_.text(" WHERE ");
    if (beginning_) {
      begin_with(query_, plan_, *beginning_);
      query_.text(" AND r.run_key = b.run_key AND ");
    } else if (by_order_) {
      query_.text("o0.experiment_id = ").bind(plan_.experiment_ids.front()).text(" AND o0.name_key = ");
      query_.bind(plan_.order.front().name_key.value()).text(" AND r.run_key = o0.run_key AND ");
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
      query_.text(search::kEndLookUp);
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
    query_.text(search::kEndLookUp);
  }

  void pair_condition(const Comparison& comparison, std::string_view table) {
    query_.text(comparison.op == is_null ? "NOT EXISTS" : "EXISTS");
    query_.text(fmt::format(" (SELECT 1 FROM {} p WHERE p.run_key = r.run_key AND p.key = ", table));
    query_.bind(comparison.key);
    if (comparison.op != is_null && comparison.op != is_not_null) {
      query_.text(" AND ");
      search::compare(query_, "p.value", comparison);
    }
    query_.text(search::kEndLookUp);
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

  const RunPlan& plan_;
  Part part_;
  std::optional<std::size_t> beginning_;
  bool by_order_;
  Query query_;
};

/// Whether an index gives the runs in their order: that of start times, or that of the first metric.
bool is_in_index_order(const RunPlan& plan) {
  if (plan.order.empty()) return plan.view != ViewType::all;
  return plan.order.front().name_key.has_value();
}

/// How many runs the experiment seems to have; counting stops early.
std::int64_t estimate_runs(db::Tx& tx, const RunPlan& plan) {
  constexpr std::int64_t kCounted = 2'000;
  constexpr std::int64_t kMany = 20'000;
  const auto counted =
      tx.find(kCountRuns, {plan.experiment_ids.front(), kCounted}, [](const db::Row& row) { return row.integer(0); });
  return counted.value_or(0) < kCounted ? counted.value_or(0) : kMany;
}

/// Whether an index leads to the runs that fulfil the comparison.
bool has_index(const RunPlan& plan, std::size_t i) {
  const Comparison& comparison = plan.filter.all[i];
  if (comparison.entity == "metric") return comparison.op != not_equal && plan.name_keys[i].has_value();
  return (comparison.entity == "parameter" || comparison.entity == "tag") && comparison.op == equal;
}

/// At most `most`.
std::int64_t count_matches(db::Tx& tx, const RunPlan& plan, std::size_t i, std::int64_t most) {
  Query query;
  query.text(fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM {} b WHERE ", table_of(plan.filter.all[i])));
  begin_with(query, plan, i);
  query.text(" LIMIT ").bind(most).text(") few");
  std::int64_t count = 0;
  const auto each = [&](const db::Row& row) { count = row.integer(0); };
  tx.query(db::Sql("run_search.count", query.sql()), params_of(query), db::RowCallback(each));
  return count;
}

}  // namespace

std::optional<std::size_t> choose_beginning(db::Tx& tx, const RunPlan& plan) {
  const auto size = plan.filter.all.size();
  bool any = false;
  for (std::size_t i = 0; i < size; ++i) any = any || has_index(plan, i);
  if (!any || plan.experiment_ids.size() != 1) return std::nullopt;
  const std::int64_t runs = estimate_runs(tx, plan);
  std::int64_t most = runs / 2;
  if (is_in_index_order(plan)) {
    // Reading all k matches costs about k, reading the runs in order until the page is full about limit * runs / k.
    most = std::min(most, static_cast<std::int64_t>(std::sqrt(1.5 * static_cast<double>(plan.limit * runs))));
  }
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < size; ++i) {
    if (!has_index(plan, i)) continue;
    const std::int64_t count = count_matches(tx, plan, i, most + 1);
    if (count > most) continue;
    best = i;
    most = count;
  }
  return best;
}

search::Query build_query(const RunPlan& plan, Part part, std::optional<std::size_t> beginning,
                          const std::optional<std::vector<search::KeyValue>>& after, std::int64_t limit) {
  return Builder(plan, part, beginning).build(after, limit);
}

}  // namespace wakeful::tracker
