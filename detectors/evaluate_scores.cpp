// `wakeful evaluate`: reads scores and truth, prints how they agree.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include <fmt/core.h>

#include "detectors/csv.hpp"
#include "detectors/detect.hpp"
#include "detectors/evaluate.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"

namespace wakeful::detectors {
namespace {

/// NAB's: the first 15 % of a series are not judged.
constexpr double kProbation = 0.15;
constexpr std::size_t kNabMostProbation = 750;

/// One line of the result: a name of the JSON object, and its number.
struct Line {
  std::string name;
  double value;
};

void add(std::vector<Line>& lines, std::string name, double value) { lines.push_back({std::move(name), value}); }
void add(std::vector<Line>& lines, std::string name, std::size_t value) {
  lines.push_back({std::move(name), static_cast<double>(value)});
}

void add(std::vector<Line>& lines, const std::string& prefix, const Quality& q) {
  add(lines, prefix + "precision", q.precision);
  add(lines, prefix + "recall", q.recall);
  add(lines, prefix + "f1", q.f1);
  add(lines, prefix + "threshold", q.threshold);
}

std::vector<std::uint8_t> read_labels(const std::string& path, std::size_t rows) {
  std::ifstream none;
  const CsvTable table = read_csv(path, none, {.time = {}, .ignore = {}, .only = {"label"}});
  if (table.frame.rows() != rows) {
    throw core::invalid(fmt::format("{} labels for {} scores: it takes one per row", table.frame.rows(), rows),
                        "labels");
  }
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < rows; ++i) {
    const double label = table.frame.at(i, 0);
    if (label != 0 && label != 1)
      throw core::invalid(fmt::format("the label of row {} is not 0 or 1", i + 1), "labels");
    labels.push_back(static_cast<std::uint8_t>(label));
  }
  return labels;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw core::not_found("file '" + path + "' does not exist", "windows");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// "a/b/nyc_taxi.csv" -> "nyc_taxi"
std::string stem(std::string_view path) {
  path.remove_prefix(std::min(path.size(), path.find_last_of('/') + 1));
  return std::string(path.substr(0, path.find('.')));
}

/// The list of windows that belongs to `scores`, by its name.
const core::Json& choose_series(const core::Json& root, const std::string& scores) {
  const core::ObjectReader all(root);
  std::vector<std::string> fitting;
  for (const std::string& key : all.names()) {
    if (stem(key) == stem(scores)) fitting.push_back(key);
  }
  if (fitting.empty() && all.names().size() == 1) fitting = all.names();
  if (fitting.size() != 1) {
    throw core::invalid(fmt::format("{} of the {} series in the windows file are called '{}'; name the scores as their "
                                    "series, or give its list of windows alone",
                                    fitting.size(), all.names().size(), stem(scores)),
                        "windows");
  }
  return *all.find_value(fitting.front());
}

core::Timestamp read_time(const core::Json& value, const std::string& path) {
  const auto text = core::find_text_of(value);
  if (!text) throw core::invalid(path + " is no time", path);
  return core::parse_rfc3339(*text);
}

std::vector<Interval> read_windows(const EvaluateOptions& options, const std::vector<core::Timestamp>& times) {
  const core::JsonDocument document = core::parse_json(read_text(options.windows));
  const core::Json& root = document.root();
  const core::Json& list = core::is_object(root) ? choose_series(root, options.scores) : root;
  std::vector<Interval> out;
  for (const core::Json* window : core::elements_of(list, "windows")) {
    const auto ends = core::elements_of(*window, "windows");
    if (ends.size() != 2) throw core::invalid("a window is [from, until]", "windows");
    const auto from = read_time(*ends[0], "windows"), until = read_time(*ends[1], "windows");
    std::optional<Interval> rows;
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (times[i] < from || times[i] > until) continue;
      rows = rows ? Interval{rows->first, i} : Interval{i, i};
    }
    if (rows) out.push_back(*rows);
  }
  return out;
}

std::vector<core::Timestamp> read_times(const CsvTable& table) {
  if (table.time_name.empty()) throw core::invalid("windows need scores with a column of times", "scores");
  std::vector<core::Timestamp> out;
  for (std::size_t i = 0; i < table.times.size(); ++i) {
    try {
      out.push_back(core::parse_rfc3339(csv_text(table.times[i])));
    } catch (const core::Error& e) {
      throw core::invalid(fmt::format("row {}: {}", i + 1, e.what()), "scores");
    }
  }
  return out;
}

std::vector<Line> against_labels(const std::vector<double>& scores, const std::vector<std::uint8_t>& labels,
                                 std::size_t window) {
  std::vector<Line> out;
  add(out, "rows", scores.size());
  add(out, "anomalous_rows", static_cast<std::size_t>(std::count(labels.begin(), labels.end(), 1)));
  add(out, "segments", segments(labels).size());
  add(out, "alarms", alarms(scores).size());
  add(out, "", quality_at(scores, labels, 1));
  add(out, "best_", best_f1(scores, labels));
  add(out, "average_precision", average_precision(scores, labels));
  add(out, "auroc", auroc(scores, labels));
  add(out, "point_adjusted_", point_adjusted_at(scores, labels, 1));
  add(out, "best_point_adjusted_", best_point_adjusted_f1(scores, labels));
  for (const int percent : {20, 40, 60, 80, 100})
    add(out, fmt::format("point_adjusted_{}_percent_f1", percent),
        point_adjusted_at(scores, labels, 1, percent / 100.0).f1);
  add(out, fmt::format("windows_of_{}_", window), windowed_at(scores, labels, 1, window));
  add(out, "smoothed_", smoothed_quality_at(scores, labels, 1));
  add(out, "mean_detection_latency", mean_detection_latency(scores, labels, 1));
  return out;
}

void add_windows(std::vector<Line>& out, const std::string& prefix, const std::vector<double>& scores,
                 const std::vector<Interval>& windows) {
  const std::size_t span = static_cast<std::size_t>(kProbation * static_cast<double>(scores.size()));
  std::vector<std::size_t> rows = alarms(scores);
  const double nab_score = nab(rows, windows, std::min(span, kNabMostProbation)).score();
  rows.erase(std::remove_if(rows.begin(), rows.end(), [span](std::size_t r) { return r < span; }), rows.end());
  const WindowResult result = compare_with_windows(rows, windows, span);
  add(out, prefix + "alarms", rows.size());
  add(out, prefix + "detected_windows", result.detected);
  add(out, prefix + "false_alarms", result.false_alarms);
  add(out, prefix + "false_alarm_episodes", result.false_episodes.size());
  add(out, prefix + "nab_standard", nab_score);
}

std::vector<Line> against_windows(const std::vector<double>& scores, const std::vector<Interval>& windows) {
  std::vector<Line> out;
  add(out, "rows", scores.size());
  add(out, "windows", windows.size());
  add_windows(out, "", scores, windows);
  const std::size_t span = static_cast<std::size_t>(kProbation * static_cast<double>(scores.size()));
  add_windows(out, "refractory_", refractory(scores, span), windows);
  return out;
}

void print(const std::vector<Line>& lines, bool json, std::ostream& out) {
  if (json) {
    core::JsonWriter writer;
    writer.begin_object();
    for (const Line& line : lines) {
      writer.key(line.name);
      if (std::isnan(line.value)) {
        writer.null();
      } else if (line.value == std::floor(line.value) && std::abs(line.value) < 1e15) {
        writer.value(static_cast<std::int64_t>(line.value));
      } else {
        writer.value(line.value);
      }
    }
    out << writer.end_object().text() << '\n';
    return;
  }
  for (const Line& line : lines) {
    out << fmt::format("{:<32} {}\n", line.name, std::isnan(line.value) ? "-" : fmt::format("{:.6g}", line.value));
  }
}

}  // namespace

int evaluate(const EvaluateOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  if (options.labels.empty() == options.windows.empty()) {
    throw core::invalid("scores are compared with --labels or with --windows: exactly one of them", "labels");
  }
  if (options.window_rows < 1) throw core::invalid("--window-rows is less than 1", "window_rows");
  const CsvTable table = read_csv(options.scores, in, {.time = {}, .ignore = {}, .only = {"anomaly_score"}});
  if (table.frame.rows() == 0) throw core::invalid("the scores have a header and no rows", "scores");
  const std::vector<double> scores = table.frame.view().channel(0);
  if (!options.labels.empty()) {
    const auto window = static_cast<std::size_t>(options.window_rows);
    print(against_labels(scores, read_labels(options.labels, scores.size()), window), options.json, out);
  } else {
    const std::vector<Interval> windows = read_windows(options, read_times(table));
    err << "the first 15 % of the rows are not judged; refractory: above all scores of the 15 % before\n";
    print(against_windows(scores, windows), options.json, out);
  }
  return 0;
}

}  // namespace wakeful::detectors
