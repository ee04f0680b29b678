#pragma once
// How every list of the watch is read: a page by key, its rows in one order, a token for the next. Used by *.cpp here.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "monitor/wire/types.hpp"
#include "platform/db/database.hpp"
#include "platform/search/page.hpp"
#include "platform/search/sql.hpp"

namespace wakeful::monitor {

struct PageTerms {
  std::optional<std::int64_t> max_results{};
  std::string page_token{};
};

struct ListOrder {
  std::span<const search::SortKey> keys;  // the first columns of the SELECT, in this order
  std::string_view shape;                 // their types, as search::read_page_token has them
  std::string_view identity{};            // what a token is bound to; "": the query with its values
};

/// Runs `query` ("SELECT <keys>, … WHERE …") with the page's condition, order and limit appended; `read` makes a row of
/// what stands from column keys.size() on. Errors: invalid naming max_results or page_token.
template <class T, class Read>
Page<T> read_list(db::Tx& tx, std::string_view name, search::Query query, const ListOrder& order,
                  const PageTerms& terms, Read&& read) {
  const std::int64_t size = search::page_size(terms.max_results, {});
  std::string text = std::string(name) + "\n" + std::string(order.identity);
  if (order.identity.empty()) {
    text += query.sql();
    for (const auto& value : query.values()) std::visit([&](const auto& v) { text += fmt::format("\n{}", v); }, value);
  }
  if (const auto after = search::read_page_token(terms.page_token, text, order.shape))
    search::after(query, order.keys, *after);
  search::order_by(query, order.keys);
  query.text(" LIMIT ").bind(size + 1);
  Page<T> page;
  std::vector<search::KeyValue> last;
  bool more = false;
  const auto each = [&](const db::Row& row) {
    if (static_cast<std::int64_t>(page.rows.size()) == size) {
      more = true;
      return;
    }
    page.rows.push_back(read(row, static_cast<int>(order.keys.size())));
    if (static_cast<std::int64_t>(page.rows.size()) != size) return;
    for (std::size_t i = 0; i < order.keys.size(); ++i)
      last.push_back(search::read_key_value(row, static_cast<int>(i), order.shape[i]));
  };
  tx.query(db::Sql(name, query.sql()), search::params_of<db::Param>(query), db::RowCallback(each));
  if (more) page.next_page_token = search::make_page_token(text, last);
  return page;
}

}  // namespace wakeful::monitor
