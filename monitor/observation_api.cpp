// The endpoints of the built-in observation store.
#include <algorithm>

#include <fmt/format.h>

#include "monitor/api.hpp"
#include "monitor/observations.hpp"
#include "monitor/query_params.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/search/dimensions.hpp"

namespace wakeful::monitor {
namespace {

using http::Request;
using http::Response;

constexpr std::uint64_t kMaxPushBytes = 64U << 20U;
/// About a tenth of a second on the writer; a push that fits is stored in one transaction.
constexpr std::size_t kChunk = 50'000;
constexpr std::int64_t kPurged = 5'000;
constexpr std::chrono::minutes kPushDeadline{5};
constexpr std::chrono::seconds kLongestSweep{2};

struct Store {
  db::Database& db;
  const core::Clock& clock;
};

RowTerms row_terms(const Request& request) {
  RowTerms terms{.format = row_format_of(request.headers.find("Content-Type").value_or("")),
                 .unit = parse_time_unit(text_param(request, "ts_unit"))};
  const std::string on_error = text_param(request, "on_error");
  if (!on_error.empty() && on_error != "skip" && on_error != "refuse")
    throw core::invalid("'on_error': neither 'skip' nor 'refuse'", "on_error");
  terms.skip_bad_rows = on_error == "skip";
  return terms;
}

void add_up(IngestReport& total, const IngestReport& part) {
  total.accepted += part.accepted;
  total.duplicates += part.duplicates;
  total.replaced += part.replaced;
  total.late += part.late;
}

IngestReport store_batch(const Store& store, const std::string& source, RowBatch& batch, core::Deadline deadline) {
  const core::Timestamp now = store.clock.now();
  const std::vector<Chunk> chunks = cut(batch, kChunk);
  IngestReport report{.rejected_rows = batch.rejected_rows, .rejected = std::move(batch.rejected)};
  const db::Options options{.deadline = deadline,
                            .priority = chunks.size() > 1 ? db::Priority::bulk : db::Priority::interactive};
  if (chunks.empty() && batch.rows > 0)
    store.db.write([&](db::Tx& tx) { prepare_source(tx, source, batch, now); }, options);
  for (const Chunk& chunk : chunks) {
    const bool first = &chunk == &chunks.front();
    add_up(report, store.db.write(
                       [&](db::Tx& tx) {
                         if (first) prepare_source(tx, source, batch, now);
                         if (first && chunks.size() > 1) check_room(tx, source, batch);
                         return store_chunk(tx, source, batch, chunk, now);
                       },
                       options));
  }
  return report;
}

Response ingest_answer(const Store& store, Request& request) {
  const std::string source = request.path_param("source");
  check_name(source, "source");
  const RowTerms terms = row_terms(request);
  const ColumnRoles known =
      store.db.read([&](db::Tx& tx) { return column_roles(tx, source); }, {.deadline = request.deadline});
  RowBatch batch;
  {
    const std::string body = request.read_body();
    batch = read_rows(body, terms, known);
  }
  // Rows without any value are taken, though nothing of them is kept.
  std::vector<bool> has_value(static_cast<std::size_t>(batch.rows), false);
  for (const RowBatch::Value& value : batch.values) has_value[value.row] = true;
  const auto empty = std::count(has_value.begin(), has_value.end(), false);
  IngestReport report = store_batch(store, source, batch, request.deadline);
  report.accepted += empty;
  core::JsonWriter json;
  write(json, report);
  return Response::json(json.take());
}

Response list_sources_answer(const Store& store, Request& request) {
  const PageTerms terms = page_params(request);
  const core::Timestamp now = store.clock.now();
  return Response::json(
      to_json(store.db.read([&](db::Tx& tx) { return list_sources(tx, terms, now); }, {.deadline = request.deadline}),
              "sources"));
}

Response get_source_answer(const Store& store, Request& request) {
  const std::string& name = request.path_param("source");
  const core::Timestamp now = store.clock.now();
  const SourceSummary source =
      store.db.read([&](db::Tx& tx) { return get_source(tx, name, now); }, {.deadline = request.deadline});
  core::JsonWriter json;
  json.begin_object().key("source");
  write(json, source);
  json.end_object();
  return Response::json(json.take());
}

Response delete_source_answer(const Store& store, Request& request) {
  const std::string name = request.path_param("source");
  store.db.write([&](db::Tx& tx) { drop_source(tx, name); }, {.deadline = request.deadline});
  // It is gone for everybody by now; a small one is swept here, what is left by the server's upkeep.
  const core::Deadline sweep = core::Deadline::after(kLongestSweep);
  while (!sweep.expired() && store.db.write([](db::Tx& tx) { return purge_sources(tx, kPurged); },
                                            {.deadline = request.deadline, .priority = db::Priority::bulk})) {
  }
  return Response::json("{}");
}

/// dims={"region":"eu"}, or dims.region=eu as often as it takes.
std::vector<std::pair<std::string, std::string>> dims_param(const Request& request) {
  std::vector<std::pair<std::string, std::string>> dims;
  if (const auto text = request.query.find("dims"); text && !text->empty()) {
    try {
      const core::JsonDocument document = core::parse_json(*text);
      const core::ObjectReader object(document.root(), "dims");
      for (const std::string& name : object.names()) dims.emplace_back(name, object.find_text(name).value_or(""));
    } catch (const core::Error& e) {
      throw core::invalid(fmt::format("'dims': {}", e.what()), "dims");
    }
  }
  for (const auto& [name, value] : request.query.items()) {
    if (name.starts_with("dims.")) dims.emplace_back(name.substr(5), value);
  }
  return dims;
}

ObservationSearch search_params(const Request& request) {
  ObservationSearch search{.source = required_param(request, "source"), .metric = text_param(request, "metric")};
  search.dims = dims_param(request);
  for (const std::string& filter : request.query.all("filters")) {
    if (!filter.empty()) search.filters.push_back(search::parse_dimension_filter(filter, "filters"));
  }
  return search;
}

/// after < ts <= until, or from <= ts < before.
void bound_params(const Request& request, ObservationSearch& search) {
  constexpr core::Duration kTick{1};
  if (const auto after = find_time_param(request, "after")) search.first = *after + kTick;
  if (const auto from = find_time_param(request, "from"))
    search.first = search.first ? std::max(*search.first, *from) : *from;
  if (const auto until = find_time_param(request, "until")) search.before = *until + kTick;
  if (const auto before = find_time_param(request, "before"))
    search.before = search.before ? std::min(*search.before, *before) : *before;
}

/// A row as it was pushed.
void write_row(core::JsonWriter& json, const ObservationPage& page, std::size_t i) {
  const auto& series = page.series[static_cast<std::size_t>(page.of_series[i])];
  json.begin_object().member("ts", core::format_rfc3339(page.times[i])).member(series.metric, page.values[i]);
  for (const auto& [name, value] : series.dims) json.member(name, value);
  json.end_object();
}

Response as_ndjson(const ObservationPage& page) {
  std::string lines;
  for (std::size_t i = 0; i < page.times.size(); ++i) {
    core::JsonWriter json;
    write_row(json, page, i);
    lines += json.text();
    lines += '\n';
  }
  Response response = Response::text(std::move(lines), 200, "application/x-ndjson");
  if (!page.next_page_token.empty()) response.headers.set("X-Next-Page-Token", page.next_page_token);
  return response;
}

Response as_rows(const ObservationPage& page) {
  core::JsonWriter json;
  json.begin_object().key("observations").begin_array();
  for (std::size_t i = 0; i < page.times.size(); ++i) write_row(json, page, i);
  json.end_array();
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  json.end_object();
  return Response::json(json.take());
}

std::string format_param(const Request& request) {
  std::string format = text_param(request, "format");
  if (format.empty()) {
    const auto accept = request.headers.find("Accept").value_or("");
    return accept.find("ndjson") != std::string_view::npos ? "ndjson" : "json";
  }
  if (format != "json" && format != "ndjson" && format != "columnar")
    throw core::invalid(fmt::format("'format': '{}' is none of json, ndjson, columnar", format.substr(0, 40)),
                        "format");
  return format;
}

Response list_observations_answer(const Store& store, Request& request) {
  ObservationSearch search = search_params(request);
  bound_params(request, search);
  const PageTerms terms = page_params(request);
  const std::string format = format_param(request);
  const ObservationPage page =
      store.db.read([&](db::Tx& tx) { return list_observations(tx, search, terms); }, {.deadline = request.deadline});
  if (format == "ndjson") return as_ndjson(page);
  if (format == "json") return as_rows(page);
  core::JsonWriter json;
  write(json, page);
  return Response::json(json.take());
}

Response chart_answer(const Store& store, Request& request) {
  constexpr std::int64_t kMaxPixels = 10'000;
  ObservationSearch search = search_params(request);
  search.first = find_time_param(request, "from");
  if (const auto to = find_time_param(request, "to")) search.before = *to + core::Duration(1);
  if (search.first && search.before && *search.first >= *search.before)
    throw core::invalid("'to': before 'from'", "to");
  const std::int64_t pixels = find_integer_param(request, "px", 1, kMaxPixels).value_or(1'000);
  const Chart found =
      store.db.read([&](db::Tx& tx) { return chart(tx, search, pixels); }, {.deadline = request.deadline});
  core::JsonWriter json;
  json.begin_object().member("source", search.source).member("metric", found.metric);
  json.member("from", core::format_rfc3339(found.from)).member("to", core::format_rfc3339(found.to));
  json.member("points", found.points).member("exact", found.exact).key("series").begin_array();
  for (const ChartSeries& series : found.series) {
    json.begin_object().key("dims").begin_object();
    for (const auto& [name, value] : series.dims) json.member(name, value);
    json.end_object().key("ts_ms").begin_array();
    for (const core::Timestamp time : series.times) json.value(core::to_ms(time));
    json.end_array().key("value").begin_array();
    for (const double value : series.values) json.value(value);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return Response::json(json.take());
}

struct Row {
  std::string_view method;
  std::string_view path;
  Response (*answer)(const Store&, Request&);
  std::string_view summary;
  std::uint64_t max_body_bytes = 0;
};

constexpr Row kRows[] = {
    {"POST", "/ingest/{source}", ingest_answer,
     "Stores observations pushed as JSON, NDJSON or CSV, and answers when they are durable.", kMaxPushBytes},
    {"GET", "/sources", list_sources_answer, "Lists the sources of the observation store, by name."},
    {"GET", "/sources/{source}", get_source_answer, "Says what a source holds and how fresh it is."},
    {"DELETE", "/sources/{source}", delete_source_answer, "Deletes a source with all its observations."},
    {"GET", "/observations", list_observations_answer,
     "Lists the observations of a ?source and ?metric in time order, paged; ?format is json, ndjson or columnar."},
    {"GET", "/series", chart_answer,
     "Gives a chart's points of a ?source and ?metric: of each of ?px pixels the minimum and the maximum."},
};

}  // namespace

void add_observation_routes(std::vector<http::Route>& routes, db::Database& db, const core::Clock& clock) {
  for (const Row& row : kRows) {
    http::Route route{
        .method = std::string(row.method),
        .pattern = fmt::format("/api/v1{}", row.path),
        .surface = http::Surface::own,
        .handler = [store = Store{db, clock}, answer = row.answer](Request& request) { return answer(store, request); },
        .summary = std::string(row.summary)};
    if (row.max_body_bytes > 0) {
      route.max_body_bytes = row.max_body_bytes;
      route.deadline = kPushDeadline;
    }
    routes.push_back(std::move(route));
  }
}

}  // namespace wakeful::monitor
