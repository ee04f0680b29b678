// Reading observations: pages in time order for runners, the extremes of every pixel for charts.
#include "monitor/observations.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/search/dimensions.hpp"

namespace wakeful::monitor {
namespace {

using Dims = std::vector<std::pair<std::string, std::string>>;

constexpr db::Sql kChannels{"observation.channels",
                            "SELECT c.metric, c.channel_key FROM channels c JOIN sources s ON s.source_key = "
                            "c.source_key WHERE s.name = $1 ORDER BY c.metric"};
constexpr db::Sql kSource{"observation.source", "SELECT 1 FROM sources WHERE name = $1"};
constexpr db::Sql kSeries{"observation.series",
                          "SELECT series_key, dims, first_us, last_us FROM series WHERE channel_key = $1 "
                          "ORDER BY series_key"};
/// Beyond so many series of many a condition per series would be too long a statement.
constexpr std::size_t kMaxListedSeries = 20'000;

struct Series {
  std::int64_t key = 0;
  Dims dims{};
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
};

struct Selection {
  std::string metric;
  std::int64_t channel = 0;
  std::vector<Series> series{};
  bool all = true;  // of the channel
};

Dims read_dims(std::string_view json) {
  const core::JsonDocument document = core::parse_json(json);
  const core::ObjectReader object(document.root());
  Dims dims;
  for (const std::string& name : object.names()) dims.emplace_back(name, object.text(name));
  return dims;
}

bool is_wanted(const Dims& dims, const ObservationSearch& search) {
  const auto find = [&](std::string_view name) -> std::optional<std::string_view> {
    for (const auto& [key, value] : dims) {
      if (key == name) return value;
    }
    return std::nullopt;
  };
  for (const auto& [name, value] : search.dims) {
    if (find(name).value_or("") != value) return false;
  }
  return std::all_of(search.filters.begin(), search.filters.end(),
                     [&](const search::Filter& filter) { return search::holds(filter, find); });
}

void find_channel(db::Tx& tx, const ObservationSearch& search, Selection& selection) {
  std::vector<std::pair<std::string, std::int64_t>> channels;
  tx.query(kChannels, {search.source}, [&](const db::Row& row) { channels.emplace_back(row.text(0), row.integer(1)); });
  if (channels.empty() && !tx.find(kSource, {search.source}, [](const db::Row&) { return true; }))
    throw core::not_found(fmt::format("Source '{}' not found", search.source.substr(0, 120)), "source");
  if (search.metric.empty() && channels.size() != 1) {
    throw core::invalid(fmt::format("'metric': say which of the {} metrics of '{}'", channels.size(), search.source),
                        "metric");
  }
  for (const auto& [metric, key] : channels) {
    if (!search.metric.empty() && metric != search.metric) continue;
    selection.metric = metric;
    selection.channel = key;
    return;
  }
  throw core::not_found(fmt::format("Source '{}' has no metric '{}'", search.source, search.metric.substr(0, 120)),
                        "metric");
}

Selection select(db::Tx& tx, const ObservationSearch& search) {
  Selection selection;
  find_channel(tx, search, selection);
  tx.query(kSeries, {selection.channel}, [&](const db::Row& row) {
    Series series{row.integer(0), read_dims(row.text(1)), row.integer(2), row.integer(3)};
    if (is_wanted(series.dims, search))
      selection.series.push_back(std::move(series));
    else
      selection.all = false;
  });
  if (!selection.all && selection.series.size() > kMaxListedSeries) {
    throw core::invalid(fmt::format("{} series fit the filters; at most {} can be read at once",
                                    selection.series.size(), kMaxListedSeries),
                        "filters");
  }
  return selection;
}

void add_conditions(search::Query& query, const ObservationSearch& search, const Selection& selection) {
  query.text(" WHERE o.channel_key = ").bind(selection.channel);
  if (search.first) query.text(" AND o.ts_us >= ").bind(core::to_us(*search.first));
  if (search.before) query.text(" AND o.ts_us < ").bind(core::to_us(*search.before));
  if (selection.all) return;
  query.text(" AND o.series_key IN (");
  for (std::size_t i = 0; i < selection.series.size(); ++i) {
    if (i > 0) query.text(", ");
    query.bind(selection.series[i].key);
  }
  query.text(")");
}

void write_literal(core::JsonWriter& json, const search::Literal& literal) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&literal.value)) {
    for (const std::string& text : *list) json.value(text);
  } else if (const auto* text = std::get_if<std::string>(&literal.value)) {
    json.value(*text);
  } else {
    json.value(std::get<double>(literal.value));
  }
}

/// The question that a page token belongs to.
std::string identity_of(const ObservationSearch& search) {
  core::JsonWriter json;
  json.begin_array().value(search.source).value(search.metric);
  for (const auto& [name, value] : search.dims) json.value(name).value(value);
  for (const auto& filter : search.filters) {
    for (const auto& comparison : filter.all) {
      json.value(comparison.key).value(search::name_of(comparison.op));
      write_literal(json, comparison.literal);
    }
  }
  for (const auto& time : {search.first, search.before}) json.value(time ? core::to_us(*time) : std::int64_t{-1});
  json.end_array();
  return json.take();
}

/// The smallest and the largest of what falls into one pixel.
class Pixels {
 public:
  Pixels(core::Timestamp from, core::Timestamp to, std::int64_t pixels)
      : from_us_(core::to_us(from)), width_(std::max<std::int64_t>(1, (core::to_us(to) - from_us_) / pixels + 1)) {}

  void add(std::int64_t us, double value) {
    const std::int64_t pixel = (us - from_us_) / width_;
    if (count_ > 0 && pixel != pixel_) flush();
    pixel_ = pixel;
    if (count_ == 0 || value < low_.second) low_ = {us, value};
    if (count_ == 0 || value > high_.second) high_ = {us, value};
    ++count_;
    ++points_;
  }

  /// What is shown; the points that it stands for.
  std::int64_t finish(ChartSeries& series) {
    if (count_ > 0) flush();
    for (const auto& [us, value] : shown_) {
      series.times.push_back(core::from_us(us));
      series.values.push_back(value);
    }
    return points_;
  }

 private:
  void flush() {
    if (low_.first == high_.first) {
      shown_.push_back(low_);
    } else {
      shown_.push_back(std::min(low_, high_));
      shown_.push_back(std::max(low_, high_));
    }
    count_ = 0;
  }

  std::int64_t from_us_;
  std::int64_t width_;
  std::int64_t pixel_ = 0;
  std::int64_t count_ = 0;
  std::int64_t points_ = 0;
  std::pair<std::int64_t, double> low_;
  std::pair<std::int64_t, double> high_;
  std::vector<std::pair<std::int64_t, double>> shown_;
};

}  // namespace

ObservationPage list_observations(db::Tx& tx, const ObservationSearch& search, const PageTerms& terms) {
  const Selection selection = select(tx, search);
  const std::array<search::SortKey, 2> keys{{{"o.ts_us", true}, {"o.series_key", true}}};
  std::map<std::int64_t, std::int64_t> index_of;
  ObservationPage page;
  for (const Series& series : selection.series) {
    index_of[series.key] = static_cast<std::int64_t>(page.series.size());
    page.series.push_back({selection.metric, series.dims});
  }
  if (selection.series.empty()) {
    search::page_size(terms.max_results, {});
    return page;
  }
  search::Query query;
  query.text("SELECT o.ts_us, o.series_key, o.value FROM observations o");
  add_conditions(query, search, selection);
  struct Value {
    std::int64_t us = 0;
    std::int64_t series = 0;
    double value = 0;
  };
  const auto read = [](const db::Row& row, int first) {
    return Value{row.integer(0), row.integer(1), row.real(first)};
  };
  // Series come and go between pages; the question stays.
  const std::string identity = identity_of(search);
  auto found = read_list<Value>(tx, "observation.list", std::move(query), {keys, "ii", identity}, terms, read);
  for (const Value& value : found.rows) {
    page.times.push_back(core::from_us(value.us));
    page.of_series.push_back(index_of.at(value.series));
    page.values.push_back(value.value);
  }
  page.next_page_token = std::move(found.next_page_token);
  return page;
}

Chart chart(db::Tx& tx, const ObservationSearch& search, std::int64_t pixels) {
  const Selection selection = select(tx, search);
  if (selection.series.size() > kMaxCharts) {
    throw core::invalid(
        fmt::format("{} series fit; name dimensions so that at most {} do", selection.series.size(), kMaxCharts),
        "dims");
  }
  Chart chart{.metric = selection.metric};
  if (selection.series.empty()) return chart;
  std::int64_t first = selection.series.front().first_us;
  std::int64_t last = selection.series.front().last_us;
  for (const Series& series : selection.series) {
    first = std::min(first, series.first_us);
    last = std::max(last, series.last_us);
  }
  chart.from = search.first.value_or(core::from_us(first));
  chart.to = search.before.value_or(core::from_us(last + 1));
  std::map<std::int64_t, Pixels> by_series;
  for (const Series& series : selection.series) by_series.try_emplace(series.key, chart.from, chart.to, pixels);
  search::Query query;
  query.text("SELECT o.ts_us, o.series_key, o.value FROM observations o");
  add_conditions(query, search, selection);
  query.text(" ORDER BY o.ts_us, o.series_key");
  const auto each = [&](const db::Row& row) { by_series.at(row.integer(1)).add(row.integer(0), row.real(2)); };
  tx.query(db::Sql("observation.chart", query.sql()), search::params_of<db::Param>(query), db::RowCallback(each));
  std::size_t shown = 0;
  for (const Series& series : selection.series) {
    ChartSeries& out = chart.series.emplace_back(ChartSeries{.dims = series.dims});
    chart.points += by_series.at(series.key).finish(out);
    shown += out.times.size();
  }
  chart.exact = static_cast<std::int64_t>(shown) == chart.points;
  return chart;
}

}  // namespace wakeful::monitor
