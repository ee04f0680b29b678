#include <array>

#include <fmt/format.h>

#include "platform/search/page.hpp"
#include "registry/contents.hpp"
#include "registry/rules.hpp"
#include "registry/search.hpp"
#include "registry/search_plan.hpp"

namespace wakeful::registry {
namespace {

using enum search::Operator;
using search::Comparison;
using search::Query;

constexpr std::array kText{equal, not_equal, like, ilike};
constexpr std::array kTextOrList{equal, not_equal, like, ilike, in, not_in};
constexpr std::array<std::string_view, 1> kAttributeWords{"attribute"};
constexpr std::array<std::string_view, 2> kTagWords{"tags", "tag"};
constexpr std::array<search::Entity::Key, 1> kKeys{{{.name = "name", .operators = kTextOrList}}};
constexpr std::array<search::Entity, 2> kEntities{{
    {.name = "attribute", .aliases = kAttributeWords, .operators = kText, .keys = kKeys},
    {.name = kTagEntity, .aliases = kTagWords, .operators = kText},
}};
constexpr search::Grammar kGrammar{.entities = kEntities, .default_entity = "attribute"};

constexpr search::PageLimits kLimits{.standard = 100, .most = 1'000};
constexpr int kFirstKey = 4;  // behind kModelColumns

/// Counted instead of EXISTS: PostgreSQL turns each EXISTS into a join, and plans a few hundred of them for minutes.
void condition(Query& query, const Comparison& comparison) {
  if (comparison.entity != kTagEntity) return search::compare(query, "m.name", comparison);
  query.text("(SELECT COUNT(*) FROM registered_model_tags t WHERE t.name = m.name AND t.key = ").bind(comparison.key);
  query.text(" AND ");
  search::compare(query, "t.value", comparison);
  query.text(") > 0");
}

Ordering ordering_of(const Search& search, std::string_view name_column) {
  const std::array<OrderField, 2> fields{{
      {.name = "name", .column = name_column},
      {.name = "last_updated_timestamp", .alias = "timestamp", .column = "m.updated_ms", .type = 'i'},
  }};
  const std::array<search::SortKey, 1> last{{{.expression = std::string(name_column)}}};
  return read_ordering(search.order_by, fields, last, "s");
}

/// Begins with the models that have the rarest tag: in the order of their names, as the tag's index has them.
void from_and_where(Query& query, const PromptRule& rule, std::optional<std::size_t> first) {
  query.text(first ? " FROM registered_model_tags d CROSS JOIN registered_models m WHERE m.name = d.name"
                   : " FROM registered_models m WHERE 1 = 1");
  search::Filter rest = rule.filter;
  if (first) {
    query.text(" AND ");
    match_tag(query, "d", rest.all[*first]);
    rest.all.erase(rest.all.begin() + static_cast<std::ptrdiff_t>(*first));
  }
  search::where_all(query, rest, condition);
  if (rule.wanted) return;
  query.text(" AND NOT EXISTS (SELECT 1 FROM registered_model_tags p WHERE p.name = m.name AND p.key = ");
  query.bind(std::string(kPromptTag)).text(" AND p.value = 'true')");
}

}  // namespace

ModelPage search_models(db::Tx& tx, const Search& search) {
  const std::int64_t size = search::page_size(search.max_results, kLimits);
  const PromptRule rule = read_prompt_rule(search::parse_filter(search.filter, kGrammar));
  const auto first = find_rarest_tag(tx, rule.filter, "registered_model_tags");
  const Ordering ordering = ordering_of(search, first ? "d.name" : "m.name");
  const std::string text = token_text("models", search);
  const auto after = search::read_page_token(search.page_token, text, ordering.shape);

  Query query;
  query.text(fmt::format("SELECT {}", kModelColumns));
  for (const search::SortKey& key : ordering.keys) query.text(", ").text(key.expression);
  from_and_where(query, rule, first);
  if (after) search::after(query, ordering.keys, *after);
  search::order_by(query, ordering.keys);
  query.text(" LIMIT ").bind(size + 1);

  ModelPage page;
  const auto take = [&](const db::Row& row) { page.models.push_back(read_model(row)); };
  page.next_page_token = run_page(tx, "model.search", query, ordering, size, kFirstKey, text, take);
  load_contents(tx, page.models);
  return page;
}

}  // namespace wakeful::registry
