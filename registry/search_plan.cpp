#include "registry/search_plan.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/search/page.hpp"
#include "registry/rules.hpp"

namespace wakeful::registry {
namespace {

using search::Comparison;
using search::Operator;

/// A tag that has this many rows is not looked at further: others may be rarer, and counting costs.
constexpr std::int64_t kManyRows = 1'000;

bool is_tag(const Comparison& comparison) { return comparison.entity == kTagEntity; }
bool is_prompt_clause(const Comparison& comparison) { return is_tag(comparison) && comparison.key == kPromptTag; }

const std::string& text_of(const Comparison& comparison) { return std::get<std::string>(comparison.literal.value); }

std::int64_t count_rows(db::Tx& tx, const Comparison& tag, std::string_view tag_table) {
  search::Query query;
  query.text(fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM {} t WHERE ", tag_table));
  match_tag(query, "t", tag);
  query.text(fmt::format(" LIMIT {}) few", kManyRows));
  std::int64_t count = 0;
  const auto take = [&](const db::Row& row) { count = row.integer(0); };
  tx.query(db::Sql("registry.count_tag", query.sql()), search::params_of<db::Param>(query), db::RowCallback(take));
  return count;
}

const OrderField* find_field(std::span<const OrderField> fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const OrderField& field) {
    return field.name == name || (!field.alias.empty() && field.alias == name);
  });
  return found == fields.end() ? nullptr : &*found;
}

search::Order parse_clause(const std::string& clause, std::span<const OrderField> fields) {
  std::vector<search::Entity::Key> keys;
  for (const OrderField& field : fields) keys.push_back({.name = field.name, .alias = field.alias});
  constexpr std::array<std::string_view, 1> kWords{"attribute"};
  const std::array<search::Entity, 1> entities{{{.name = "attribute", .aliases = kWords, .keys = keys}}};
  return search::parse_order(clause, {.entities = entities, .default_entity = "attribute"});
}

}  // namespace

Ordering read_ordering(const std::vector<std::string>& clauses, std::span<const OrderField> fields,
                       std::span<const search::SortKey> last, std::string_view last_shape) {
  Ordering ordering;
  const auto has = [&](std::string_view column) {
    return std::any_of(ordering.keys.begin(), ordering.keys.end(),
                       [&](const search::SortKey& key) { return key.expression == column; });
  };
  for (const std::string& clause : clauses) {
    const search::Order order = parse_clause(clause, fields);
    const OrderField* field = find_field(fields, order.key);
    if (field == nullptr) throw core::invalid(fmt::format("Invalid order_by key '{}'", order.key), "order_by");
    if (has(field->column))
      throw core::invalid(fmt::format("`order_by` contains duplicate fields: {}", order.key), "order_by");
    ordering.keys.push_back({.expression = std::string(field->column), .ascending = order.ascending});
    ordering.shape += field->type;
  }
  for (std::size_t i = 0; i < last.size(); ++i) {
    if (has(last[i].expression)) continue;
    ordering.keys.push_back(last[i]);
    ordering.shape += last_shape[i];
  }
  return ordering;
}

PromptRule read_prompt_rule(search::Filter filter) {
  PromptRule rule;
  const auto first = std::find_if(filter.all.begin(), filter.all.end(), is_prompt_clause);
  if (first != filter.all.end()) {
    // In any case of letters, as MLflow asks it; the clause itself then compares exactly.
    const std::string value = core::to_lower(text_of(*first));
    rule.wanted =
        (first->op == Operator::equal && value == "true") || (first->op == Operator::not_equal && value == "false");
  }
  if (!rule.wanted) std::erase_if(filter.all, is_prompt_clause);
  rule.filter = std::move(filter);
  return rule;
}

std::optional<std::size_t> find_rarest_tag(db::Tx& tx, const search::Filter& filter, std::string_view tag_table) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < filter.all.size(); ++i) {
    if (is_tag(filter.all[i]) && filter.all[i].op == Operator::equal) candidates.push_back(i);
  }
  if (candidates.empty()) return std::nullopt;
  if (candidates.size() == 1) return candidates.front();
  std::size_t rarest = candidates.front();
  std::int64_t fewest = kManyRows + 1;
  for (const std::size_t i : candidates) {
    const std::int64_t count = count_rows(tx, filter.all[i], tag_table);
    if (count < fewest) {
      fewest = count;
      rarest = i;
    }
  }
  return rarest;
}

void match_tag(search::Query& query, std::string_view alias, const Comparison& comparison) {
  query.text(fmt::format("{}.key = ", alias)).bind(comparison.key);
  query.text(fmt::format(" AND substr({}.value, 1, 64) = substr(CAST(", alias)).bind(text_of(comparison));
  query.text(fmt::format(" AS TEXT), 1, 64) AND {}.value = ", alias)).bind(text_of(comparison));
}

std::string token_text(std::string_view noun, const Search& search) {
  return fmt::format("{}\n{}\n{}", noun, search.filter, fmt::join(search.order_by, "\n"));
}

std::string run_page(db::Tx& tx, std::string_view name, const search::Query& query, const Ordering& ordering,
                     std::int64_t size, int first_key, std::string_view token_text,
                     core::FunctionRef<void(const db::Row&)> each) {
  std::int64_t seen = 0;
  std::vector<search::KeyValue> last;
  const auto take = [&](const db::Row& row) {
    if (++seen > size) return;
    each(row);
    if (seen != size) return;
    for (std::size_t i = 0; i < ordering.shape.size(); ++i)
      last.push_back(search::read_key_value(row, first_key + static_cast<int>(i), ordering.shape[i]));
  };
  tx.query(db::Sql(name, query.sql()), search::params_of<db::Param>(query), db::RowCallback(take));
  return seen > size ? search::make_page_token(token_text, last) : std::string();
}

}  // namespace wakeful::registry
