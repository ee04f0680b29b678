#include <algorithm>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/http/json_request.hpp"
#include "tracker/endpoints.hpp"
#include "tracker/metric_history.hpp"
#include "tracker/wire/read.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::size_t kMostRuns = 100;
constexpr std::int64_t kMostBulkPoints = 25'000;
constexpr std::int64_t kMostSampled = 2'500;
/// About what one point takes as JSON.
constexpr std::size_t kBytesPerPoint = 80;

void write_points(core::JsonWriter& json, const std::vector<Point>& points, std::string_view key,
                  std::string_view run_id) {
  for (const Point& point : points) {
    json.begin_object().member("key", key).member("value", value_of(point));
    json.member("timestamp", point.timestamp_ms).member("step", point.step);
    if (!run_id.empty()) json.member("run_id", run_id);
    json.end_object();
  }
}

http::Response history(const Api& api, http::Request& request) {
  const auto document = read_query(request);
  const core::ObjectReader query(document.root());
  const RunId run = required_run_id(query);
  const std::string key = required_text(query, "metric_key");
  const auto max_results = query.find_integer("max_results");
  const std::string token = query.find_text("page_token").value_or("");
  const History found = read(api, request, [&](db::Tx& tx) { return get_history(tx, run, key, max_results, token); });
  core::JsonWriter json;
  json.reserve(64 + found.points.size() * kBytesPerPoint);
  json.begin_object();
  if (!found.points.empty()) {
    json.key("metrics").begin_array();
    write_points(json, found.points, key, {});
    json.end_array();
  }
  if (!found.next_page_token.empty()) json.member("next_page_token", found.next_page_token);
  return http::Response::json(json.end_object().take());
}

struct BulkAnswer {
  std::string run_id;
  std::vector<Point> points;
};

http::Response give(const std::vector<BulkAnswer>& answers, std::string_view key) {
  core::JsonWriter json;
  json.begin_object().key("metrics").begin_array();
  for (const BulkAnswer& answer : answers) write_points(json, answer.points, key, answer.run_id);
  return http::Response::json(json.end_array().end_object().take());
}

std::vector<std::string> read_bulk_runs(const core::ObjectReader& query) {
  auto runs = query.texts("run_id");
  if (runs.empty()) throw core::invalid("GetMetricHistoryBulk request must specify at least one run_id.", "run_id");
  if (runs.size() > kMostRuns) {
    throw core::invalid(fmt::format("GetMetricHistoryBulk request cannot specify more than {} run_ids. Received {} "
                                    "run_ids.",
                                    kMostRuns, runs.size()),
                        "run_id");
  }
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  return runs;
}

http::Response history_bulk(const Api& api, http::Request& request) {
  const auto document = read_query(request, {"run_id"});
  const core::ObjectReader query(document.root());
  const auto runs = read_bulk_runs(query);
  const std::string key = query.find_text("metric_key").value_or("");
  if (key.empty()) throw core::invalid("GetMetricHistoryBulk request must specify a metric_key.", "metric_key");
  std::int64_t left = std::min(query.find_integer("max_results").value_or(kMostBulkPoints), kMostBulkPoints);
  if (left < 1) throw core::invalid("max_results must be positive", "max_results");
  return give(read(api, request,
                   [&](db::Tx& tx) {
                     std::vector<BulkAnswer> answers;
                     std::int64_t rest = left;
                     for (const std::string& run : runs) {
                       if (rest == 0) break;
                       answers.push_back({run, get_history(tx, RunId(run), key, rest, "").points});
                       rest -= static_cast<std::int64_t>(answers.back().points.size());
                     }
                     return answers;
                   }),
              key);
}

std::optional<StepRange> read_range(const core::ObjectReader& query) {
  const auto first = query.find_integer("start_step");
  const auto last = query.find_integer("end_step");
  if (first.has_value() != last.has_value()) {
    throw core::invalid("If either start step or end step are specified, both must be specified.",
                        first ? "end_step" : "start_step");
  }
  if (!first) return std::nullopt;
  if (*first > *last) {
    throw core::invalid(
        fmt::format("end_step must be greater than start_step. Found start_step={} and end_step={}.", *first, *last),
        "end_step");
  }
  return StepRange{*first, *last};
}

http::Response history_sampled(const Api& api, http::Request& request) {
  const auto document = read_query(request, {"run_ids"});
  const core::ObjectReader query(document.root());
  const auto runs = query.texts("run_ids");
  if (runs.empty()) throw missing("run_ids");
  const std::string key = required_text(query, "metric_key");
  if (runs.size() > kMostRuns) {
    throw core::invalid("GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received " +
                            std::to_string(runs.size()) + " run_ids.",
                        "run_ids");
  }
  const std::int64_t most = query.find_integer("max_results").value_or(kMostSampled);
  if (most < 1 || most > kMostSampled) {
    throw core::invalid(fmt::format("max_results must be between 1 and {}.", kMostSampled), "max_results");
  }
  const auto range = read_range(query);
  return give(read(api, request,
                   [&](db::Tx& tx) {
                     std::vector<BulkAnswer> answers;
                     answers.reserve(runs.size());
                     for (const std::string& run : runs)
                       answers.push_back({run, sample_history(tx, RunId(run), key, most, range)});
                     return answers;
                   }),
              key);
}

}  // namespace

void add_metric_endpoints(Endpoints& endpoints) {
  endpoints.add("GET", "/metrics/get-history", history, "Gives all points of a metric, in pages.");
  endpoints.add("GET", "/metrics/get-history-bulk", history_bulk, "Gives the points of a metric of several runs.");
  endpoints.add("GET", "/metrics/get-history-bulk-interval", history_sampled,
                "Gives a sample of the points of a metric of several runs, for charts.");
}

}  // namespace wakeful::tracker
