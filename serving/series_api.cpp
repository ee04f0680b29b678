#include "serving/series_api.hpp"

#include <cmath>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/json_numbers.hpp"
#include "platform/core/text.hpp"

namespace wakeful::serving {
namespace {

constexpr std::uint64_t kLargestFit = 64U << 20U;
constexpr std::uint64_t kLargestPredict = 64U << 10U;

std::string series_of(const http::Request& request) {
  const std::string& id = request.path_param("series_id");
  check_series_id(id);
  return id;
}

/// "v3", "V3" or "3"; 0 is the latest, as nothing is.
std::optional<std::int64_t> read_version(std::optional<std::string> text) {
  if (!text || text->empty()) return std::nullopt;
  std::string_view digits = *text;
  if (digits.front() == 'v' || digits.front() == 'V') digits.remove_prefix(1);
  const auto number = core::to_integer(digits);
  if (!number || *number < 0 || digits.front() == '+')
    throw core::invalid(fmt::format("version must be like v1 or 1, not '{}'", text->substr(0, 40)), "version");
  return *number == 0 ? std::nullopt : number;
}

http::Response fit(Series& series, http::Request& request) {
  const std::string id = series_of(request);
  const auto document = core::parse_json(request.read_body());
  const TrainingData data = read_training_data(core::ObjectReader(document.root()));
  const std::int64_t version = series.fit(id, data);
  core::JsonWriter json;
  json.begin_object().member("series_id", id).member("version", fmt::format("v{}", version));
  json.member("points_used", static_cast<std::int64_t>(data.values.size()));
  return http::Response::json(json.end_object().take());
}

double read_value(const core::ObjectReader& body) {
  const double value = core::plain_real(body, "value");
  if (!std::isfinite(value)) throw core::invalid("value is not finite", "value");
  return value;
}

http::Response predict(Series& series, http::Request& request) {
  const std::string id = series_of(request);
  const auto version = read_version(request.query.find("version"));
  const auto document = core::parse_json(request.read_body());
  const core::ObjectReader body(document.root());
  read_timestamp(body);  // the model knows no time; what is no time is refused all the same
  const Series::Verdict verdict = series.predict(id, version, read_value(body));
  core::JsonWriter json;
  json.begin_object().member("anomaly", verdict.is_anomaly);
  json.member("model_version", fmt::format("v{}", verdict.version));
  return http::Response::json(json.end_object().take());
}

http::Response plot(Series& series, http::Request& request) {
  const auto nothing = [] {
    return core::not_found("No training data found for given series_id and version.", "series_id");
  };
  const std::string id = request.query.find("series_id").value_or("");
  const auto version = read_version(request.query.find("version"));
  if (id.empty() || !version) throw nothing();
  check_series_id(id);
  try {
    return http::Response::text(series.plot(id, *version), 200, "image/png");
  } catch (const core::Error& e) {
    if (e.code() == core::ErrorCode::not_found) throw nothing();
    throw;
  }
}

}  // namespace

std::vector<http::Route> series_routes(std::shared_ptr<Series> series) {
  const auto route = [&](std::string method, std::string pattern, http::Response (*answer)(Series&, http::Request&),
                         std::string summary, std::uint64_t most) {
    return http::Route{.method = std::move(method),
                       .pattern = std::move(pattern),
                       .surface = http::Surface::fit_predict,
                       .handler = [series, answer](http::Request& request) { return answer(*series, request); },
                       .summary = std::move(summary),
                       .max_body_bytes = most};
  };
  const auto health = [](Series& all, http::Request&) { return http::Response::json(all.health()); };
  return {route("POST", "/fit/{series_id}", fit, "Trains a series on points and registers the model.", kLargestFit),
          route("POST", "/predict/{series_id}", predict, "Says whether a value is too high.", kLargestPredict),
          route("GET", "/plot", plot, "Draws what a version of a series was trained on, as PNG.", 0),
          route("GET", "/healthcheck", health, "Tells how the fit and predict API does.", 0)};
}

}  // namespace wakeful::serving
