#include "tracker/search_runs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/search/page.hpp"
#include "tracker/run_query.hpp"
#include "tracker/sql_params.hpp"

namespace wakeful::tracker {
namespace {

using Keys = std::vector<search::KeyValue>;

/// What a page token is bound to.
std::string query_text(const RunSearch& search) {
  return fmt::format("runs\n{}\n{}\n{}\n{}", fmt::join(search.experiment_ids, ","), name_of(search.view), search.filter,
                     fmt::join(search.order_by, "\n"));
}

/// Collects the rows of a page: one more than it has, which says whether there is another.
class Collector {
 public:
  Collector(db::Tx& tx, const RunPlan& plan) : tx_(tx), plan_(plan), shape_(token_shape_of(plan)) {}

  void read(const std::optional<Keys>& after) {
    const auto beginning = choose_beginning(tx_, plan_);
    const bool by_metric =
        !beginning && plan_.experiment_ids.size() == 1 && !plan_.order.empty() && plan_.order.front().name_key;
    if (!by_metric) return read_part(Part::all, beginning, after);
    const bool beyond_values = after && std::get<std::int64_t>(after->front()) > 0;
    if (!beyond_values) read_part(Part::with_value, beginning, after);
    read_part(Part::without_value, beginning, beyond_values ? after : std::nullopt);
  }

  RunInfoPage take(std::string_view query) {
    RunInfoPage page;
    if (left() == 0) {
      rows_.pop_back();
      page.next_page_token = search::make_page_token(query, last_);
    }
    page.runs = std::move(rows_);
    return page;
  }

 private:
  std::int64_t left() const { return plan_.limit + 1 - static_cast<std::int64_t>(rows_.size()); }

  void read_part(Part part, std::optional<std::size_t> beginning, const std::optional<Keys>& after) {
    if (left() == 0) return;
    const search::Query query = build_query(plan_, part, beginning, after, left());
    const auto each = [&](const db::Row& row) {
      rows_.push_back({.key = row.integer(0), .version = row.integer(1), .info = read_run_columns(row, 2)});
      if (left() == 1) read_sort_values(row);
    };
    tx_.query(db::Sql("run_search.page", query.sql()), params_of(query), db::RowCallback(each));
  }

  void read_sort_values(const db::Row& row) {
    int column = 2 + kRunColumnCount;
    for (const char type : shape_) {
      if (type != '?') last_.push_back(read_key_value(row, column++, type));
    }
  }

  db::Tx& tx_;
  const RunPlan& plan_;
  std::string shape_;
  std::vector<FoundRun> rows_;
  Keys last_;  // of the page's last row
};

}  // namespace

RunInfoPage search_run_infos(db::Tx& tx, const RunSearch& search) {
  const RunPlan plan = plan_runs(tx, search);
  const std::string query = query_text(search);
  const auto after = search::read_page_token(search.page_token, query, token_shape_of(plan));
  if (plan.experiment_ids.empty()) return {};
  Collector collector(tx, plan);
  collector.read(after);
  return collector.take(query);
}

RunPage search_runs(db::Tx& tx, const RunSearch& search) {
  RunInfoPage found = search_run_infos(tx, search);
  RunPage page{.runs = {}, .next_page_token = std::move(found.next_page_token)};
  std::vector<std::int64_t> keys;
  for (FoundRun& run : found.runs) {
    keys.push_back(run.key);
    page.runs.push_back({.info = std::move(run.info)});
  }
  load_contents(tx, keys, page.runs);
  return page;
}

}  // namespace wakeful::tracker
