#pragma once
// What the searches of models and versions share: reading orders, the prompt rule, and where to begin.
// Used by search_models.cpp and search_versions.cpp only.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/db/database.hpp"
#include "platform/search/filter.hpp"
#include "platform/search/sql.hpp"
#include "registry/wire/read.hpp"

namespace wakeful::registry {

inline constexpr std::string_view kTagEntity = "tag";

/// A field that rows can be ordered by.
struct OrderField {
  std::string_view name;
  std::string_view alias{};   // another name of the same field
  std::string_view column{};  // SQL
  char type = 's';            // as search::read_page_token has it
};

struct Ordering {
  std::vector<search::SortKey> keys;
  std::string shape;
};

/// The clauses in their order, then what is missing of `last`, which together tell every row from every other.
/// Errors: invalid naming order_by, for unknown fields and for one that is named twice.
Ordering read_ordering(const std::vector<std::string>& clauses, std::span<const OrderField> fields,
                       std::span<const search::SortKey> last, std::string_view last_shape);

/// What the filter says about prompts; then it holds no clause on their tag unless they are asked for.
struct PromptRule {
  bool wanted = false;  // only prompts, as the filter's own clause says
  search::Filter filter;
};
PromptRule read_prompt_rule(search::Filter filter);

/// The filter's tag that the fewest rows of the table have, by its place in the filter; nothing without `tag = 'x'`.
std::optional<std::size_t> find_rarest_tag(db::Tx& tx, const search::Filter& filter, std::string_view tag_table);

/// Appends `key = … AND value = …` for the tag table `alias`, so that its index by value serves.
void match_tag(search::Query& query, std::string_view alias, const search::Comparison& comparison);

/// What a page token belongs to.
std::string token_text(std::string_view noun, const Search& search);

/// Runs the query, whose rows end in the values of the ordering's keys from `first_key` on; each(row) for at most
/// `size` rows. Returns the token of the next page, "" at the end.
std::string run_page(db::Tx& tx, std::string_view name, const search::Query& query, const Ordering& ordering,
                     std::int64_t size, int first_key, std::string_view token_text,
                     core::FunctionRef<void(const db::Row&)> each);

}  // namespace wakeful::registry
