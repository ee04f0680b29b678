#include "runner/metric_store/query.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "monitor/wire/definition.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/search/dimensions.hpp"
#include "runner/metric_store/expression.hpp"
#include "runner/sources/sql_plan.hpp"

namespace wakeful::runner {
namespace {

using namespace std::chrono;

using monitor::kGrains;

[[noreturn]] void refuse(const std::string& field, std::string_view why) {
  throw core::invalid(std::string(why), field);
}

std::string quoted_table(const StoreTable& table) {
  std::string out;
  for (const std::string_view part : core::split(table.name, '.'))
    out += (out.empty() ? "" : ".") + quoted(part, "tables");
  return out;
}

std::string names_of(const std::vector<const StoreTable*>& tables) {
  std::string out;
  for (const StoreTable* table : tables) out += (out.empty() ? "" : ", ") + table->name;
  return out;
}

/// All columns that any table has, for "did you mean".
std::string hint(const MetricStoreConfig& store, const std::string& column) {
  std::vector<std::string_view> known;
  for (const StoreTable& table : store.tables)
    for (const StoreColumn& one : table.columns) known.push_back(one.name);
  const auto near = core::did_you_mean(column, known);
  return near && *near != column ? fmt::format("; did you mean '{}'?", *near) : "";
}

const StoreTable& find_facts(const MetricStoreConfig& store, const StoreMetric& metric,
                             const MetricExpression& expression) {
  std::vector<const StoreTable*> facts;
  for (const StoreTable& table : store.tables) {
    const bool has_all = std::all_of(expression.columns.begin(), expression.columns.end(),
                                     [&](const std::string& column) { return table.find(column) != nullptr; });
    if (table.is_fact && has_all) facts.push_back(&table);
  }
  if (facts.empty()) {
    std::string hints;
    for (const std::string& column : expression.columns) hints += hint(store, column);
    refuse("metric", fmt::format("cannot determine source of '{}': no fact table has {}{}", metric.name,
                                 fmt::join(expression.columns, ", "), hints));
  }
  if (facts.size() > 1)
    refuse("metric", fmt::format("cannot determine source of '{}': more than one fact table has what it needs: {}",
                                 metric.name, names_of(facts)));
  return *facts.front();
}

class Builder {
 public:
  Builder(const MetricStoreConfig& store, const MetricQuestion& question, db::Dialect dialect)
      : store_(store),
        question_(question),
        dialect_(dialect),
        metric_(store.metric(question.metric)),
        expression_(parse_metric_expression(metric_.definition, fmt::format("metrics.{}", metric_.name))),
        facts_(find_facts(store, metric_, expression_)) {}

  search::Query build() {
    const search::Filter filter = filters();
    std::vector<std::string> dims;
    for (const std::string& dimension : question_.dimensions) dims.push_back(column(dimension, "dimension"));
    std::vector<std::string> compared;
    for (const auto& comparison : filter.all) compared.push_back(column(comparison.key, "filter"));

    search::Query query;
    query.text("SELECT ").text(truncated()).text(" AS \"time\", ");
    query.text(expression_.sql([&](const std::string& name) { return of_facts(name); }));
    query.text(fmt::format(" AS {}", quoted(metric_.name, "metric")));
    for (std::size_t i = 0; i < dims.size(); ++i)
      query.text(fmt::format(", {} AS {}", dims[i], quoted(question_.dimensions[i], "dimension")));
    query.text(fmt::format(" FROM {} AS facts", quoted_table(facts_)));
    for (std::size_t i = 0; i < joined_.size(); ++i) join(query, i);
    append_span(query);
    for (std::size_t i = 0; i < compared.size(); ++i) {
      query.text(" AND (");
      search::compare(query, compared[i], filter.all[i]);
      query.text(")");
    }
    const std::string keys = numbered(dims.size());
    return query.text(" GROUP BY 1" + keys + " ORDER BY 1" + keys);
  }

 private:
  /// ", 3, 4": the places of the dimensions in the result.
  static std::string numbered(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += fmt::format(", {}", i + 3);
    return out;
  }

  search::Filter filters() const {
    search::Filter all;
    for (const std::string& text : question_.filters)
      for (auto& comparison : search::parse_dimension_filter(text, "filter").all) all.all.push_back(comparison);
    return all;
  }

  static std::string of_facts(const std::string& name) { return "facts." + quoted(name, "metric"); }

  /// Of the facts themselves, or of the one dimension table that they can be joined to.
  std::string column(const std::string& name, const std::string& field) {
    if (facts_.find(name) != nullptr) return of_facts(name);
    std::vector<const StoreTable*> found;
    for (const StoreTable& table : store_.tables)
      if (!table.is_fact && table.find(name) != nullptr && facts_.find(table.anchor().name) != nullptr)
        found.push_back(&table);
    if (found.empty())
      refuse(field,
             fmt::format("cannot determine source of '{}': neither '{}' nor a table that it can be joined to has "
                         "such a column{}",
                         name.substr(0, 100), facts_.name, hint(store_, name)));
    if (found.size() > 1)
      refuse(field,
             fmt::format("cannot determine source of '{}': more than one table has it: {}", name, names_of(found)));
    auto at = std::find(joined_.begin(), joined_.end(), found.front());
    if (at == joined_.end()) at = joined_.insert(joined_.end(), found.front());
    return fmt::format("dim{}.{}", at - joined_.begin() + 1, quoted(name, field));
  }

  void join(search::Query& query, std::size_t i) const {
    const std::string key = quoted(joined_[i]->anchor().name, "tables");
    query.text(fmt::format(" LEFT JOIN {} AS dim{} ON facts.{} = dim{}.{}", quoted_table(*joined_[i]), i + 1, key,
                           i + 1, key));
  }

  /// Differs because each database cuts times its own way.
  std::string truncated() const {
    if (dialect_ == db::Dialect::postgres)
      return fmt::format(
          "to_char(date_trunc('{}', CAST(facts.\"ts\" AS TIMESTAMPTZ) AT TIME ZONE 'UTC'), "
          "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
          name_of(question_.grain));
    const auto cut = [](std::string_view format, std::string_view move = "") {
      return fmt::format("strftime('{}', facts.\"ts\", 'auto'{})", format, move);
    };
    switch (question_.grain) {
      case Grain::minute:
        return cut("%Y-%m-%dT%H:%M:00Z");
      case Grain::hour:
        return cut("%Y-%m-%dT%H:00:00Z");
      case Grain::day:
        return cut("%Y-%m-%dT00:00:00Z");
      case Grain::week:
        return cut("%Y-%m-%dT00:00:00Z", ", '-6 days', 'weekday 1'");
      case Grain::month:
        return cut("%Y-%m-01T00:00:00Z");
      case Grain::quarter:
        return fmt::format("{} || printf('%02d', (CAST({} AS INTEGER) - 1) / 3 * 3 + 1) || '-01T00:00:00Z'", cut("%Y-"),
                           cut("%m"));
      case Grain::year:
        return cut("%Y-01-01T00:00:00Z");
    }
    throw core::internal("a grain that is not in the table");
  }

  void append_span(search::Query& query) const {
    if (question_.start >= question_.end) refuse("start", "the span is empty: start must lie before end");
    for (const core::Timestamp at : {question_.start, question_.end})
      if (core::to_us(at) % 1'000'000 != 0) refuse("start", "start and end are of whole seconds");
    const auto bind = [&](std::string_view compare, core::Timestamp at) {
      if (dialect_ == db::Dialect::postgres) {
        query.text(fmt::format("CAST(facts.\"ts\" AS TIMESTAMPTZ) {} CAST(", compare));
        query.bind(core::format_rfc3339(at)).text(" AS TIMESTAMPTZ)");
      } else {
        query.text(fmt::format("CAST(strftime('%s', facts.\"ts\", 'auto') AS INTEGER) {} ", compare));
        query.bind(core::to_us(at) / 1'000'000);
      }
    };
    query.text(" WHERE ");
    bind(">=", question_.start);
    query.text(" AND ");
    bind("<", question_.end);
  }

  const MetricStoreConfig& store_;
  const MetricQuestion& question_;
  db::Dialect dialect_;
  const StoreMetric& metric_;
  MetricExpression expression_;
  const StoreTable& facts_;
  std::vector<const StoreTable*> joined_;
};

}  // namespace

Grain parse_grain(std::string_view word, const std::string& field) {
  const std::string lower = core::to_lower(word);
  const auto found = std::find(kGrains.begin(), kGrains.end(), lower);
  if (found != kGrains.end()) return static_cast<Grain>(found - kGrains.begin());
  const auto near = core::did_you_mean(lower, kGrains);
  refuse(field, fmt::format("'{}' is no grain: {}{}", word.substr(0, 80), fmt::join(kGrains, ", "),
                            near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

search::Query build_query(const MetricStoreConfig& store, const MetricQuestion& question, db::Dialect dialect) {
  return Builder(store, question, dialect).build();
}

std::string_view name_of(Grain grain) { return kGrains.at(static_cast<std::size_t>(grain)); }

core::Timestamp start_of(Grain grain, core::Timestamp time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const auto first = [&](month m) { return core::Timestamp{sys_days{date.year() / m / 1}.time_since_epoch()}; };
  switch (grain) {
    case Grain::minute:
      return floor<minutes>(time);
    case Grain::hour:
      return floor<hours>(time);
    case Grain::day:
      return day;
    case Grain::week:
      return day - (weekday{day} - Monday);
    case Grain::month:
      return first(date.month());
    case Grain::quarter:
      return first(month{(static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 1});
    case Grain::year:
      return first(January);
  }
  throw core::internal("a grain that is not in the table");
}

core::Timestamp end_of(Grain grain, core::Timestamp time) {
  // Longer than the bucket, shorter than two of them.
  constexpr std::array<core::Duration, 7> kBeyond{seconds(60),    hours(1),       hours(24),      hours(24 * 7),
                                                  hours(24 * 32), hours(24 * 93), hours(24 * 367)};
  return start_of(grain, start_of(grain, time) + kBeyond.at(static_cast<std::size_t>(grain)));
}

}  // namespace wakeful::runner
