#include "tracker/search_runs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "tracker/run_query.hpp"
#include "tracker/runs.hpp"
#include "tracker/sql_params.hpp"

namespace wakeful::tracker {
namespace {

using Keys = std::vector<search::KeyValue>;

/// What a page token is bound to.
std::string query_text(const RunSearch& search) {
  return fmt::format("runs\n{}\n{}\n{}\n{}", fmt::join(search.experiment_ids, ","), name_of(search.view), search.filter,
                     fmt::join(search.order_by, "\n"));
}

struct Page {
  std::vector<std::int64_t> keys;
  std::vector<Run> runs;
  std::vector<Keys> sort_values;
};

Keys read_sort_values(const db::Row& row, std::string_view shape) {
  Keys values;
  int column = 1 + kRunColumnCount;
  for (const char type : shape) {
    if (type == '?') continue;
    values.push_back(read_key_value(row, column++, type));
  }
  return values;
}

/// Appends at most `limit` rows; whether the limit was reached.
void read_part(db::Tx& tx, const RunPlan& plan, Part part, const std::optional<Keys>& after, std::int64_t limit,
               Page& page) {
  if (limit <= 0) return;
  const std::string shape = token_shape_of(plan);
  const search::Query query = build_query(tx, plan, part, after, limit);
  const auto each = [&](const db::Row& row) {
    page.keys.push_back(row.integer(0));
    page.runs.push_back({.info = read_run_columns(row, 1)});
    page.sort_values.push_back(read_sort_values(row, shape));
  };
  tx.query(db::Sql("run_search.page", query.sql()), params_of(query), db::RowCallback(each));
}

/// One row more than the page has, which says whether there is another.
Page read_rows(db::Tx& tx, const RunPlan& plan, const std::optional<Keys>& after) {
  Page page;
  const std::int64_t limit = plan.limit + 1;
  const bool by_metric = plan.experiment_ids.size() == 1 && !plan.order.empty() && plan.order.front().name_key;
  if (!by_metric) {
    read_part(tx, plan, Part::all, after, limit, page);
    return page;
  }
  const bool beyond_values = after && std::get<std::int64_t>(after->front()) > 0;
  if (!beyond_values) read_part(tx, plan, Part::with_value, after, limit, page);
  const auto left = limit - static_cast<std::int64_t>(page.keys.size());
  read_part(tx, plan, Part::without_value, beyond_values ? after : std::nullopt, left, page);
  return page;
}

}  // namespace

RunPage search_runs(db::Tx& tx, const RunSearch& search) {
  const RunPlan plan = plan_runs(tx, search);
  const std::string query = query_text(search);
  const auto after = search::read_page_token(search.page_token, query, token_shape_of(plan));
  RunPage found;
  if (plan.experiment_ids.empty()) return found;
  Page page = read_rows(tx, plan, after);
  const auto size = static_cast<std::size_t>(plan.limit);
  if (page.runs.size() > size) {
    page.keys.resize(size);
    page.runs.resize(size);
    found.next_page_token = search::make_page_token(query, page.sort_values[size - 1]);
  }
  found.runs = std::move(page.runs);
  load_contents(tx, page.keys, found.runs);
  return found;
}

}  // namespace wakeful::tracker
