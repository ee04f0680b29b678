#include "serving/model_api.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "detectors/catalog.hpp"
#include "detectors/raw_rows.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/json_numbers.hpp"
#include "platform/core/text.hpp"
#include "platform/http/metrics_route.hpp"
#include "serving/asked_rows.hpp"
#include "serving/model_information.hpp"

namespace wakeful::serving {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::uint64_t kLargestTable = 64U << 20U;
constexpr std::uint64_t kLargestVector = 1U << 20U;
/// Anomaly scores as scikit-learn's forests give them, but for the sign: 0 … 1, the typical ones below a half.
constexpr double kScoreBounds[] = {.1, .2, .3, .35, .4, .45, .5, .55, .6, .65, .7, .75, .8, .85, .9, .95, 1};

core::Error unprocessable(std::string message, std::string field) {
  return core::invalid(std::move(message), std::move(field)).with_wire("INVALID_PARAMETER_VALUE", 422);
}

class ModelApi {
 public:
  ModelApi(ModelSlot& slot, core::Telemetry& telemetry) : slot_(slot), telemetry_(telemetry) {}

  http::Response predict(http::Request& request);
  http::Response information(http::Request& request);
  http::Response invoke(http::Request& request);

 private:
  ModelSlot& slot_;
  core::Telemetry& telemetry_;
  core::Counter& predictions_ = telemetry_.counter("prediction_count_total", "Vectors that were asked about");
  core::Counter& questions_ = telemetry_.counter("model_info_count_total", "Questions about the model");
  core::Counter& normal_ = telemetry_.counter("prediction_output_total", "Verdicts, by class", {{"class", "normal"}});
  core::Counter& anomalous_ =
      telemetry_.counter("prediction_output_total", "Verdicts, by class", {{"class", "anomaly"}});
  core::Histogram& scores_ = telemetry_.histogram(
      "prediction_score", "Anomaly scores that were asked for: the larger the odder", {}, kScoreBounds);
  core::Histogram& latency_ = telemetry_.histogram("prediction_latency", "Seconds to answer a prediction");
  core::Counter& rows_ = telemetry_.counter("invocation_rows_total", "Rows scored by /invocations");
};

std::vector<double> read_vector(const std::string& body) {
  try {
    const auto document = core::parse_json(body);
    std::vector<double> values;
    for (const core::Json* element : core::elements_of(document.root(), "body")) {
      const auto value = core::find_cell(*element);
      if (!value || !std::isfinite(*value))
        throw core::invalid(fmt::format("body[{}] must be a finite number", values.size()), "body");
      values.push_back(*value);
    }
    return values;
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) throw;
    throw unprocessable(e.what(), e.field());
  }
}

bool read_flag(const http::Request& request, const char* name) {
  const std::string text = core::to_lower(request.query.find(name).value_or("false"));
  for (const std::string_view word : {"true", "1", "yes", "on", "t", "y"})
    if (text == word) return true;
  for (const std::string_view word : {"false", "0", "no", "off", "f", "n"})
    if (text == word) return false;
  throw unprocessable(fmt::format("{} must be true or false, not '{}'", name, text.substr(0, 40)), name);
}

/// What a method compares with 1, in its own unit: a forest's -score_samples.
double raw_score(const detectors::Detector& detector, double score) {
  for (const detectors::Fact& fact : detector.facts())
    if (fact.name == "threshold") return score * fact.value;
  return score;
}

/// The vector as the detectors judge it.
/// Errors: invalid, 422, for a model that takes columns which no vector of numbers can hold.
std::vector<double> to_features(const ServedModel& model, std::vector<double> vector) {
  if (!model.features()) return vector;
  const auto columns = model.features()->raw_columns();
  if (columns.size() != 1 || columns.front().kind != detectors::RawColumn::Kind::number)
    throw unprocessable(fmt::format("the model takes columns, not a vector of numbers: {}; ask POST /invocations",
                                    detectors::words_of(columns)),
                        "body");
  if (vector.size() != 1)
    throw unprocessable(fmt::format("the model takes 1 number ({}), not {}", columns.front().name, vector.size()),
                        "body");
  const detectors::Frame frame = encode(*model.features(), detectors::RawRows{.rows = 1, .values = std::move(vector)});
  return {frame.row(0).begin(), frame.row(0).end()};
}

/// The detector that finds the vector oddest.
struct Verdict {
  std::size_t detector = 0;
  double score = std::nan("");
};

Verdict judge(const ServedModel& model, const std::vector<double>& vector) {
  Verdict worst;
  for (std::size_t i = 0; i < model.size(); ++i) {
    const auto& detector = model.detector(i);
    if (vector.size() != detector.channels().size())
      throw unprocessable(fmt::format("the model takes {} numbers, not {}", detector.channels().size(), vector.size()),
                          "body");
    const double score = model.score(i, {detector.channels(), vector}).anomaly_score.front();
    if (std::isnan(worst.score) || score > worst.score) worst = {i, score};
  }
  return worst;
}

http::Response ModelApi::predict(http::Request& request) {
  const auto began = Steady::now();
  predictions_.add();
  const bool wants_score = read_flag(request, "score");
  std::vector<double> vector = read_vector(request.read_body());
  const auto model = slot_.get();
  const Verdict verdict = judge(*model, to_features(*model, std::move(vector)));
  const bool is_anomaly = verdict.score > 1;
  (is_anomaly ? anomalous_ : normal_).add();
  core::JsonWriter json;
  json.begin_object().member("is_inliner", is_anomaly ? -1 : 1);
  if (wants_score) {
    const double raw = raw_score(model->detector(verdict.detector), verdict.score);
    json.key("anomaly_score");
    std::isnan(raw) ? json.null() : json.value(-raw);
    if (!std::isnan(raw)) scores_.observe(raw);
  }
  json.member("model_version", model->version().version);
  latency_.observe(std::chrono::duration<double>(Steady::now() - began).count());
  return http::Response::json(json.end_object().take());
}

http::Response ModelApi::information(http::Request&) {
  questions_.add();
  return http::Response::json(information_of(*slot_.get()));
}

void write_number(core::JsonWriter& json, std::string_view name, double value) {
  json.key(name);
  std::isnan(value) ? json.null() : json.value(value);
}

/// The rows that mlflow.pyfunc's predict gives for the same model, as records.
class Records {
 public:
  explicit Records(core::JsonWriter& json) : json_(json) {}

  void write(const std::string& algorithm, const detectors::Detector& detector, const detectors::Scores& scores,
             const AskedRows& asked) {
    const auto& channels = detector.channels();
    const bool apart = detector.catalog_row().per_channel;
    for (std::size_t i = 0; i < scores.rows(); ++i) {
      time_ = asked.times.empty() ? std::to_string(i) : asked.times[i];
      const std::size_t first = i * channels.size();
      if (!apart) {
        const bool alone = channels.size() == 1;
        write(algorithm, alone ? channels.front() : "", alone ? scores.y[first] : kMissing, kNothing,
              scores.anomaly_score[i]);
        end_row(detector, scores, i);
        continue;
      }
      for (std::size_t c = 0; c < channels.size(); ++c) {
        const auto at = [&](const std::vector<double>& all) { return all.empty() ? kMissing : all[first + c]; };
        write(algorithm, channels[c], scores.y[first + c],
              {at(scores.yhat), at(scores.yhat_lower), at(scores.yhat_upper)}, scores.channel_score[first + c]);
        json_.end_object();
      }
    }
  }

  /// Of a model that was trained with features: a row is judged as a whole, and its entity is its group.
  void write_raw(const std::string& algorithm, const detectors::Detector& detector, const detectors::Scores& scores,
                 const AskedRows& asked) {
    const std::size_t width = asked.texts.size() / scores.rows();
    for (std::size_t i = 0; i < scores.rows(); ++i) {
      time_ = asked.times.empty() ? std::to_string(i) : asked.times[i];
      const std::string entity = monitor::entity_name(std::span(asked.texts).subspan(i * width, width));
      const bool has_value = !asked.values.empty() && std::isfinite(asked.values[i]);
      write(algorithm, entity, has_value ? asked.values[i] : kMissing, kNothing, scores.anomaly_score[i]);
      end_row(detector, scores, i);
    }
  }

 private:
  static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  struct Expected {
    double value, lower, upper;
  };
  static constexpr Expected kNothing{kMissing, kMissing, kMissing};

  /// Of a row that was judged as a whole: what each of several channels contributes to its score.
  void end_row(const detectors::Detector& detector, const detectors::Scores& scores, std::size_t i) {
    const auto& channels = detector.channels();
    const bool tells = !detector.catalog_row().per_channel && channels.size() > 1 && !scores.channel_score.empty();
    for (std::size_t c = 0; tells && c < channels.size(); ++c)
      write_number(json_, "contribution_" + channels[c], scores.channel_score[i * channels.size() + c]);
    json_.end_object();
  }

  /// Leaves the object open.
  void write(std::string_view algorithm, std::string_view entity, double value, const Expected& expected,
             double score) {
    json_.begin_object().member("algorithm", algorithm).member("entity", entity).key("timestamp").raw(time_);
    write_number(json_, "value", value);
    write_number(json_, "expected", expected.value);
    write_number(json_, "lower", expected.lower);
    write_number(json_, "upper", expected.upper);
    write_number(json_, "score", score);
    json_.member("is_anomaly", score > 1);
  }

  core::JsonWriter& json_;
  std::string time_;
};

constexpr std::string_view kCsv = "text/csv";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kParquet = "application/vnd.apache.parquet";

/// One of the three, in UTF-8, without other words.
std::string content_type_of(const http::Request& request) {
  const std::string whole(request.headers.find("Content-Type").value_or(""));
  const auto parts = core::split(whole, ';');
  const std::string type = core::to_lower(core::trim(parts.empty() ? std::string_view() : parts.front()));
  bool known = type == kJson || type == kCsv || type == kParquet;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string word = core::to_lower(core::trim(parts[i]));
    known = known && (word == "charset=utf-8" || word == "charset=\"utf-8\"");
  }
  return known ? type : "";
}

AskedRows read_asked(const std::string& type, const std::string& body, const ServedModel& model) {
  const Wanted wanted = wanted_by(model);
  if (type == kParquet) return read_asked_parquet(body, wanted);
  return type == kCsv ? read_asked_csv(body, wanted) : read_asked_json(body, wanted);
}

/// The rows as detector i judges them.
detectors::Frame frame_of(const AskedRows& asked, const ServedModel& model, std::size_t i) {
  if (model.features()) return encode_asked(asked, *model.features());
  return frame_for(asked, {model.detector(i).channels().begin(), model.detector(i).channels().end()});
}

http::Response ModelApi::invoke(http::Request& request) {
  const std::string type = content_type_of(request);
  if (type.empty())
    return http::Response::text(
        fmt::format("This server takes {}, {} and {}, in UTF-8 (charset=utf-8), as Content-Type.\n", kJson, kCsv,
                    kParquet),
        415);
  const std::string body = request.read_body();
  const auto model = slot_.get();
  const AskedRows asked = read_asked(type, body, *model);
  core::JsonWriter json;
  json.begin_object().key("predictions").begin_array();
  Records records(json);
  for (std::size_t i = 0; i < model->size(); ++i) {
    const detectors::Scores scores = model->score(i, frame_of(asked, *model, i));
    if (model->features())
      records.write_raw(model->name(i), model->detector(i), scores, asked);
    else
      records.write(model->name(i), model->detector(i), scores, asked);
  }
  rows_.add(asked.rows());
  return http::Response::json(json.end_array().end_object().take());
}

/// Standard base64, by way of the other alphabet.
std::string decode_base64(std::string_view text) {
  std::string url(text.substr(0, text.find('=')));
  for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return core::from_base64url(url).value_or("");
}

/// Takes as long whether the first letter differs or the last.
bool are_equal(std::string_view a, std::string_view b) {
  unsigned char apart = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    apart = static_cast<unsigned char>(apart | (a[i] ^ (b.empty() ? '\1' : b[i % b.size()])));
  return apart == 0;
}

}  // namespace

std::vector<http::Route> model_routes(ModelSlot& slot, core::Telemetry& telemetry, std::string version) {
  const auto api = std::make_shared<ModelApi>(slot, telemetry);
  const auto call = [api](http::Response (ModelApi::*answer)(http::Request&)) {
    return [api, answer](http::Request& request) { return ((*api).*answer)(request); };
  };
  const auto alive = [](http::Request&) { return http::Response::json("\n"); };
  const auto hello = [](http::Request&) { return http::Response::json(R"({"message":"Hello World"})"); };
  const auto say_version = [version = std::move(version)](http::Request&) { return http::Response::text(version); };
  using http::Surface;
  return {
      http::metrics_route(telemetry, false),
      {.method = "GET", .pattern = "/", .surface = Surface::fit_predict, .handler = hello, .summary = "Greets."},
      {.method = "POST",
       .pattern = "/prediction",
       .surface = Surface::fit_predict,
       .handler = call(&ModelApi::predict),
       .summary = "Judges one vector.",
       .max_body_bytes = kLargestVector},
      {.method = "GET",
       .pattern = "/model_information",
       .surface = Surface::fit_predict,
       .handler = call(&ModelApi::information),
       .summary = "Tells the model's version and parameters."},
      {.method = "POST",
       .pattern = "/invocations",
       .surface = Surface::mlflow,
       .handler = call(&ModelApi::invoke),
       .summary = "Scores a table.",
       .max_body_bytes = kLargestTable},
      {.method = "GET",
       .pattern = "/ping",
       .surface = Surface::plain,
       .handler = alive,
       .summary = "Answers.",
       .open = true},
      {.method = "GET",
       .pattern = "/health",
       .surface = Surface::plain,
       .handler = alive,
       .summary = "Answers.",
       .open = true},
      {.method = "GET",
       .pattern = "/version",
       .surface = Surface::plain,
       .handler = say_version,
       .summary = "MLflow's."},
  };
}

http::Filter basic_auth(std::vector<std::string> known) {
  return [known = std::move(known)](http::Request& request, const http::Route& route) -> std::optional<http::Response> {
    if (route.open) return std::nullopt;
    const std::string given(request.headers.find("Authorization").value_or(""));
    const bool is_basic = given.size() > 6 && http::equal_ignoring_case(given.substr(0, 6), "Basic ");
    const std::string said = is_basic ? decode_base64(core::trim(std::string_view(given).substr(6))) : "";
    bool is_known = false;
    for (const std::string& one : known) is_known = are_equal(said, one) || is_known;
    if (is_known) return std::nullopt;
    http::Response refused = http::Response::json(R"({"detail":"Not authenticated"})", 401);
    refused.headers.add("WWW-Authenticate", "Basic realm=\"wakeful\"");
    return refused;
  };
}

}  // namespace wakeful::serving
