#include "tracker/search_experiments.hpp"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/search/page.hpp"
#include "tracker/experiments.hpp"
#include "tracker/sql_params.hpp"

namespace wakeful::tracker {
namespace {

using enum search::Operator;
using search::Comparison;
using search::Kind;
using search::Query;
using search::SortKey;

constexpr std::array kText{equal, not_equal, like, ilike};
constexpr std::array kTextOrNull{equal, not_equal, like, ilike, is_null, is_not_null};
constexpr std::array kId{equal, not_equal, in, not_in};
constexpr std::array kNumber{equal, not_equal, less, less_equal, greater, greater_equal};
constexpr std::array<std::string_view, 2> kAttributeWords{"attribute", "attributes"};
constexpr std::array<std::string_view, 2> kTagWords{"tags", "tag"};

constexpr std::array<search::Entity::Key, 4> kAttributes{{
    {.name = "name"},
    {.name = "experiment_id", .operators = kId},
    {.name = "creation_time", .kind = Kind::number, .operators = kNumber},
    {.name = "last_update_time", .kind = Kind::number, .operators = kNumber},
}};
constexpr std::array<search::Entity, 2> kEntities{{
    {.name = "attribute", .aliases = kAttributeWords, .operators = kText, .keys = kAttributes},
    {.name = "tag", .aliases = kTagWords, .operators = kTextOrNull},
}};
constexpr search::Grammar kGrammar{.entities = kEntities, .default_entity = "attribute"};

constexpr std::int64_t kMaxPage = 50'000;
constexpr std::size_t kMaxOrderings = 30;

std::string column_of(std::string_view attribute) {
  if (attribute == "name") return "e.name";
  if (attribute == "experiment_id") return "e.experiment_id";
  return attribute == "creation_time" ? "e.creation_time_ms" : "e.last_update_time_ms";
}

void condition(Query& query, const Comparison& comparison) {
  if (comparison.entity == "attribute") {
    const bool is_id = comparison.key == "experiment_id";
    search::compare(query, is_id ? "CAST(e.experiment_id AS TEXT)" : column_of(comparison.key), comparison);
    return;
  }
  query.text(comparison.op == is_null ? "NOT EXISTS" : "EXISTS");
  query.text(" (SELECT 1 FROM experiment_tags t WHERE t.experiment_id = e.experiment_id AND t.key = ");
  query.bind(comparison.key);
  if (comparison.op != is_null && comparison.op != is_not_null) {
    query.text(" AND ");
    search::compare(query, "t.value", comparison);
  }
  query.text(search::kEndLookUp);
}

struct Ordering {
  std::vector<SortKey> keys;
  std::string shape;
};

Ordering read_order(const std::vector<std::string>& clauses) {
  if (clauses.size() > kMaxOrderings)
    throw core::invalid(fmt::format("order_by has more than {} clauses", kMaxOrderings), "order_by");
  Ordering ordering;
  bool by_id = false;
  for (const std::string& clause : clauses) {
    const search::Order order = search::parse_order(clause, kGrammar);
    if (order.entity != "attribute")
      throw core::invalid(fmt::format("Invalid order_by entity: {}", order.entity), "order_by");
    ordering.keys.push_back({column_of(order.key), order.ascending});
    ordering.shape += order.key == "name" ? 's' : 'i';
    by_id = by_id || order.key == "experiment_id";
  }
  if (ordering.keys.empty()) {
    ordering.keys = {{"e.creation_time_ms", false}, {"e.experiment_id", true}};
    ordering.shape = "ii";
  } else if (!by_id) {
    ordering.keys.push_back({"e.experiment_id", false});
    ordering.shape += 'i';
  }
  return ordering;
}

Query build_query(const ExperimentSearch& search, const search::Filter& filter, const Ordering& ordering,
                  const std::optional<std::vector<search::KeyValue>>& after, std::int64_t limit) {
  Query query;
  query.text("SELECT e.experiment_id");
  for (const SortKey& key : ordering.keys) query.text(", ").text(key.expression);
  query.text(" FROM experiments e WHERE ");
  query.text(search.view == ViewType::all           ? "1 = 1"
             : search.view == ViewType::active_only ? "e.lifecycle = 0"
                                                    : "e.lifecycle = 1");
  search::where_all(query, filter, condition);
  if (after) search::after(query, ordering.keys, *after);
  search::order_by(query, ordering.keys);
  query.text(" LIMIT ").bind(limit);
  return query;
}

}  // namespace

ExperimentPage search_experiments(db::Tx& tx, const ExperimentSearch& search) {
  const auto size = search::page_size(search.max_results, {.standard = 1'000, .most = kMaxPage});
  const search::Filter filter = search::parse_filter(search.filter, kGrammar);
  const Ordering ordering = read_order(search.order_by);
  const std::string text =
      fmt::format("experiments\n{}\n{}\n{}", name_of(search.view), search.filter, fmt::join(search.order_by, "\n"));
  const auto after = search::read_page_token(search.page_token, text, ordering.shape);
  const Query query = build_query(search, filter, ordering, after, size + 1);
  std::vector<std::int64_t> ids;
  std::vector<search::KeyValue> last;
  const auto each = [&](const db::Row& row) {
    ids.push_back(row.integer(0));
    if (static_cast<std::int64_t>(ids.size()) != size) return;
    for (std::size_t i = 0; i < ordering.shape.size(); ++i)
      last.push_back(read_key_value(row, static_cast<int>(i) + 1, ordering.shape[i]));
  };
  tx.query(db::Sql("experiment_search.page", query.sql()), params_of(query), db::RowCallback(each));
  ExperimentPage page;
  if (static_cast<std::int64_t>(ids.size()) > size) {
    ids.pop_back();
    page.next_page_token = search::make_page_token(text, last);
  }
  for (const std::int64_t id : ids) page.experiments.push_back(get_experiment(tx, id));
  return page;
}

}  // namespace wakeful::tracker
