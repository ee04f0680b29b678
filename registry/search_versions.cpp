#include <algorithm>
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
using search::Kind;
using search::Query;

constexpr std::array kText{equal, not_equal, like, ilike};
constexpr std::array kTextOrList{equal, not_equal, like, ilike, in, not_in};
constexpr std::array kNumber{equal, not_equal, less, less_equal, greater, greater_equal};
constexpr std::array<std::string_view, 1> kAttributeWords{"attribute"};
constexpr std::array<std::string_view, 2> kTagWords{"tags", "tag"};
constexpr std::array<search::Entity::Key, 4> kKeys{{
    {.name = "name", .operators = kTextOrList},
    {.name = "run_id", .operators = kTextOrList},
    {.name = "source_path"},
    {.name = "version_number", .kind = Kind::integer, .operators = kNumber},
}};
constexpr std::array<search::Entity, 2> kEntities{{
    {.name = "attribute", .aliases = kAttributeWords, .operators = kText, .keys = kKeys},
    {.name = kTagEntity, .aliases = kTagWords, .operators = kText},
}};
constexpr search::Grammar kGrammar{.entities = kEntities, .default_entity = "attribute"};

constexpr search::PageLimits kLimits{.standard = 200'000, .most = 200'000};
constexpr int kFirstKey = 10;  // behind kVersionColumns

constexpr std::array<OrderField, 4> kFields{{
    {.name = "name", .column = "v.name"},
    {.name = "version_number", .column = "v.version", .type = 'i'},
    {.name = "creation_timestamp", .column = "v.created_ms", .type = 'i'},
    {.name = "last_updated_timestamp", .column = "v.updated_ms", .type = 'i'},
}};

std::string_view column_of(std::string_view attribute) {
  if (attribute == "name") return "v.name";
  if (attribute == "run_id") return "v.run_id";
  return attribute == "source_path" ? "v.source" : "v.version";
}

/// Counted instead of EXISTS: PostgreSQL turns each EXISTS into a join, and plans a few hundred of them for minutes.
void condition(Query& query, const Comparison& comparison) {
  if (comparison.entity != kTagEntity) return search::compare(query, column_of(comparison.key), comparison);
  query.text("(SELECT COUNT(*) FROM model_version_tags t WHERE t.name = v.name AND t.version = v.version AND t.key = ");
  query.bind(comparison.key).text(" AND ");
  search::compare(query, "t.value", comparison);
  query.text(") > 0");
}

/// Whether the filter narrows versions down to few by itself: those of a model or of a run.
bool is_narrow(const search::Filter& filter) {
  return std::any_of(filter.all.begin(), filter.all.end(), [](const Comparison& comparison) {
    return comparison.entity != kTagEntity && (comparison.key == "name" || comparison.key == "run_id") &&
           (comparison.op == equal || comparison.op == in);
  });
}

Ordering ordering_of(const Search& search) {
  const std::array<search::SortKey, 3> standard{{
      {.expression = "v.updated_ms", .ascending = false},
      {.expression = "v.name"},
      {.expression = "v.version", .ascending = false},
  }};
  const auto last = std::span(standard).subspan(search.order_by.empty() ? 0 : 1);
  return read_ordering(search.order_by, kFields, last, search.order_by.empty() ? "isi" : "si");
}

void from_and_where(Query& query, const PromptRule& rule, std::optional<std::size_t> first) {
  query.text(first ? " FROM model_version_tags d CROSS JOIN model_versions v WHERE v.name = d.name AND "
                     "v.version = d.version"
                   : " FROM model_versions v WHERE 1 = 1");
  search::Filter rest = rule.filter;
  if (first) {
    query.text(" AND ");
    match_tag(query, "d", rest.all[*first]);
    rest.all.erase(rest.all.begin() + static_cast<std::ptrdiff_t>(*first));
  }
  search::where_all(query, rest, condition);
  if (rule.wanted) return;
  // A model is a prompt here if one of its versions says so, whatever its own tags say.
  query.text(" AND NOT EXISTS (SELECT 1 FROM model_version_tags p WHERE p.key = ").bind(std::string(kPromptTag));
  query.text(" AND substr(p.value, 1, 64) = 'true' AND p.name = v.name)");
}

}  // namespace

VersionPage search_versions(db::Tx& tx, const Search& search) {
  const std::int64_t size = search::page_size(search.max_results, kLimits);
  const PromptRule rule = read_prompt_rule(search::parse_filter(search.filter, kGrammar));
  const auto first = is_narrow(rule.filter) ? std::nullopt : find_rarest_tag(tx, rule.filter, "model_version_tags");
  const Ordering ordering = ordering_of(search);
  const std::string text = token_text("versions", search);
  const auto after = search::read_page_token(search.page_token, text, ordering.shape);

  Query query;
  query.text(fmt::format("SELECT {}", kVersionColumns));
  for (const search::SortKey& key : ordering.keys) query.text(", ").text(key.expression);
  from_and_where(query, rule, first);
  if (after) search::after(query, ordering.keys, *after);
  search::order_by(query, ordering.keys);
  query.text(" LIMIT ").bind(size + 1);

  VersionPage page;
  const auto take = [&](const db::Row& row) { page.versions.push_back(read_version(row)); };
  page.next_page_token = run_page(tx, "version.search", query, ordering, size, kFirstKey, text, take);
  load_tags(tx, page.versions);
  return page;
}

}  // namespace wakeful::registry
