#include "detectors/detect.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <ostream>

#include <fmt/core.h>

#include "detectors/catalog.hpp"
#include "detectors/csv.hpp"
#include "detectors/evaluate.hpp"
#include "detectors/picture.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kDefaultTraining = 0.15;
/// Fewer training rows than this do not make a forecaster.
constexpr std::size_t kFewRows = 50;

struct Plan {
  const CatalogRow* row = nullptr;
  Parameters parameters;
  std::size_t training = 0;  // 0: none, the method learns while it scores
  std::string said;
};

std::size_t default_training(std::size_t rows) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(kDefaultTraining * static_cast<double>(rows))));
}

const CatalogRow& choose(const DetectOptions& options, bool table, std::size_t rows) {
  if (options.algorithm != "auto") return get_algorithm(options.algorithm);
  if (table) return get_algorithm("isolation_forest");
  const std::size_t training = options.train_rows.value_or(default_training(rows));
  return get_algorithm(training < kFewRows ? "ewma_residual" : "ar_ridge");
}

bool has_parameter(const CatalogRow& row, std::string_view name) {
  return std::any_of(row.parameters.begin(), row.parameters.end(), [&](const auto& spec) { return spec.name == name; });
}

Parameters choose_parameters(const DetectOptions& options, const CatalogRow& row, bool table) {
  std::vector<std::pair<std::string, std::string>> settings;
  if (table && has_parameter(row, "window")) settings.emplace_back("window", "1");
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());
  if (options.seed && has_parameter(row, "seed")) settings.emplace_back("seed", std::to_string(*options.seed));
  return parse_parameters(row.parameters, settings);
}

Plan make_plan(const DetectOptions& options, const CsvTable& input) {
  const std::size_t rows = input.frame.rows();
  const bool table = options.table || (input.time_name.empty() && options.train_rows == rows);
  Plan plan;
  plan.row = &choose(options, table, rows);
  if (options.table && !plan.row->table) {
    throw core::invalid(fmt::format("{} needs a series: the rows of a table have no order", plan.row->name), "table");
  }
  plan.parameters = choose_parameters(options, *plan.row, table);
  if (options.train_rows) {
    plan.training = *options.train_rows;
    if (plan.training > rows || (plan.training == 0 && !plan.row->online)) {
      const std::string range = fmt::format("between {} and {}", plan.row->online ? 0 : 1, rows);
      throw core::invalid(
          fmt::format("train-rows must be {}, as the file has {} rows, not {}", range, rows, plan.training),
          "train-rows");
    }
    plan.said = fmt::format("trained on the first {} rows", plan.training);
  } else if (table) {
    plan.training = rows;
    plan.said = fmt::format("trained on all {} rows of the table", rows);
  } else if (plan.row->online) {
    plan.said = "each row judged by all that precede it";
  } else {
    plan.training = default_training(rows);
    plan.said = fmt::format("trained on the first {} rows (15 %, as --train-rows does not say)", plan.training);
  }
  return plan;
}

Scores run(const Plan& plan, const FrameView& rows) {
  const auto detector = make_detector(*plan.row, plan.parameters);
  if (plan.training == 0) {
    detector->start(rows.names());
    return detector->update(rows);
  }
  Scores scores = detector->fit(rows.slice(0, plan.training));
  scores.append(detector->update(rows.slice(plan.training, rows.rows())));
  return scores;
}

void append_number(std::string& out, double value) {
  out += ',';
  if (!std::isnan(value)) out += core::format_real(value);
}

std::string to_csv(const CsvTable& input, const Scores& scores) {
  const std::size_t channels = scores.channels;
  const bool expected = channels == 1 && !scores.yhat.empty();
  const bool contributions = channels > 1 && !scores.channel_score.empty();
  std::string out = input.time_name + (input.time_name.empty() ? "" : ",") + "anomaly_score,is_anomaly";
  if (expected) out += ",expected,lower,upper";
  for (std::size_t c = 0; contributions && c < channels; ++c) {
    out += "," + csv_cell("contribution_" + input.frame.names()[c]);
  }
  out += '\n';
  for (std::size_t i = 0; i < scores.rows(); ++i) {
    if (!input.time_name.empty()) out += input.times[i] + ",";
    const double score = scores.anomaly_score[i];
    if (!std::isnan(score)) out += core::format_real(score);
    out += score > 1 ? ",1" : ",0";
    if (expected) {
      for (double v : {scores.yhat[i], scores.yhat_lower[i], scores.yhat_upper[i]}) append_number(out, v);
    }
    for (std::size_t c = 0; contributions && c < channels; ++c)
      append_number(out, scores.channel_score[i * channels + c]);
    out += '\n';
  }
  return out;
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw core::invalid("cannot write '" + path + "'", "output");
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && core::to_lower(std::string_view(text).substr(text.size() - end.size())) == end;
}

void draw(const DetectOptions& options, const Plan& plan, const CsvTable& input, const Scores& scores) {
  Picture picture;
  picture.title = std::string(plan.row->name) + ", " + (options.file == "-" ? "standard input" : options.file);
  picture.rows = input.frame;
  picture.scores = &scores;
  picture.training_rows = plan.training;
  if (!input.times.empty()) {
    picture.first_time = csv_text(input.times.front());
    picture.last_time = csv_text(input.times.back());
  }
  write_file(options.picture, ends_with(options.picture, ".svg") ? draw_svg(picture) : draw_png(picture));
}

}  // namespace

std::pair<std::string, std::string> parse_setting(const std::string& text) {
  const auto at = text.find('=');
  if (at == std::string::npos || at == 0) throw core::invalid("'" + text + "' is not key=value", "set");
  return {text.substr(0, at), text.substr(at + 1)};
}

int detect(const DetectOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  if (!options.picture.empty() && !ends_with(options.picture, ".svg") && !ends_with(options.picture, ".png")) {
    throw core::invalid("a picture is a .svg or a .png file, not '" + options.picture + "'", "picture");
  }
  if (options.algorithm != "auto") get_algorithm(options.algorithm);  // before a long file is read
  const CsvTable input = read_csv(options.file, in, {.time = options.time, .ignore = options.ignore, .only = {}});
  if (input.frame.rows() == 0) throw core::invalid("the file has a header and no rows", "file");
  const Plan plan = make_plan(options, input);
  const Scores scores = run(plan, input.frame);
  const std::string csv = to_csv(input, scores);
  if (options.output.empty()) {
    out << csv << std::flush;
    if (!out) throw core::invalid("cannot write the scores", "output");
  } else {
    write_file(options.output, csv);
  }
  if (!options.picture.empty()) draw(options, plan, input, scores);
  err << fmt::format("{}: {}; {} of {} rows are anomalous\n", plan.row->name, plan.said,
                     alarms(scores.anomaly_score).size(), scores.rows());
  return 0;
}

}  // namespace wakeful::detectors
