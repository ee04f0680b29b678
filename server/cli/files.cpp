#include <algorithm>
#include <array>
#include <iostream>

#include "server/cli/command_line.hpp"

namespace wakeful::server {
namespace {

/// What works on files: a mistake in the words is wrong usage, one in a file's contents a failure.
int on_files(const std::function<int()>& act) {
  try {
    return act();
  } catch (const core::Error& e) {
    static constexpr std::array<std::string_view, 5> kContents = {"file", "output", "scores", "labels", "windows"};
    const bool contents = std::find(kContents.begin(), kContents.end(), e.field()) != kContents.end();
    if (e.code() != core::ErrorCode::invalid || contents) throw;
    std::cerr << "wakeful: " << e.what() << '\n';
    return 2;
  }
}

void add_detect(CommandLine& line) {
  CLI::App* detect = line.add(line.root, "detect", "Find anomalies in a CSV file, without a server", [&line] {
    return on_files([&line] {
      for (const std::string& text : line.detect_settings)
        line.detect.settings.push_back(detectors::parse_setting(text));
      return detectors::detect(line.detect, std::cin, std::cout, std::cerr);
    });
  });
  detectors::DetectOptions& options = line.detect;
  detect->footer("Example: wakeful detect sensors.csv --train-rows 1000 --picture sensors.svg > scores.csv");
  detect->add_option("file", options.file, "a CSV with a header; - is standard input")->required();
  detect->add_option("--algorithm", options.algorithm, "one of the catalog, or auto")->type_name("");
  detect->add_option("--set", line.detect_settings, "a parameter of the algorithm, key=value; may be repeated")
      ->allow_extra_args(false)
      ->type_name("");
  detect->add_option("--train-rows", options.train_rows, "train on this many first rows")
      ->check([](const std::string& text) { return text.substr(0, 1) == "-" ? text + " is less than 0" : ""; })
      ->type_name("N");
  detect->add_option("--time", options.time, "the column of times, if not ts, time or timestamp")->type_name("COLUMN");
  detect->add_option("--ignore", options.ignore, "a column that is left out; may be repeated")
      ->allow_extra_args(false)
      ->type_name("COLUMN");
  detect->add_option("--seed", options.seed, "of methods that draw lots")->type_name("N");
  detect->add_flag("--table", options.table, "the rows have no order");
  detect->add_option("-o,--output", options.output, "write the scores here, not to standard output")->type_name("FILE");
  detect->add_option("--picture", options.picture, "draw the series and its anomalies: .svg or .png")
      ->type_name("FILE");
}

void add_train(CommandLine& line) {
  CLI::App* train = line.add(line.root, "train", "Fit an algorithm on a CSV file and register the model", [&line] {
    return on_files([&line] { return train_model(line.server(), line.train, std::cout); });
  });
  TrainOptions& options = line.train;
  train->footer("Example: wakeful train vectors.csv --algorithm isolation_forest --register vectors --alias champion");
  train->add_option("file", options.file, "a CSV with a header; - is standard input")->required();
  train->add_option("--algorithm", options.algorithm, "one of the catalog")->required()->type_name("");
  train->add_option("--set", options.settings, "a parameter of the algorithm, key=value; may be repeated")
      ->allow_extra_args(false)
      ->type_name("");
  train->add_option("--register", options.model, "the registered model that gets a version")
      ->required()
      ->type_name("NAME");
  train->add_option("--alias", options.alias, "an alias that moves there")->type_name("");
  train->add_option("--experiment", options.experiment, "where its run is")->capture_default_str()->type_name("");
  train->add_option("--time", options.time, "the column of times, if not ts, time or timestamp")->type_name("COLUMN");
  train->add_option("--ignore", options.ignore, "a column that is left out; may be repeated")
      ->allow_extra_args(false)
      ->type_name("COLUMN");
  line.add_tracking_uri(*train);
}

void add_evaluate(CommandLine& line) {
  CLI::App* evaluate = line.add(line.root, "evaluate", "Compare scores with what was anomalous", [&line] {
    return on_files([&line] { return detectors::evaluate(line.evaluate, std::cin, std::cout, std::cerr); });
  });
  detectors::EvaluateOptions& options = line.evaluate;
  evaluate->footer("Example: wakeful evaluate scores.csv --labels labels.csv");
  evaluate->add_option("scores", options.scores, "a CSV as detect writes it; - is standard input")->required();
  CLI::Option_group* truth = evaluate->add_option_group("Truth", "one of");
  CLI::Option* labels =
      truth->add_option("--labels", options.labels, "a CSV with a column label of 0 and 1, a row per score")
          ->type_name("FILE");
  truth->add_option("--windows", options.windows, "NAB's JSON of [from, until] times")->type_name("FILE");
  truth->require_option(1);
  evaluate->add_option("--window-rows", options.window_rows, "rows that windows_of_… judges together")
      ->capture_default_str()
      ->needs(labels)
      ->type_name("N");
  evaluate->add_flag("--json", options.json, "one JSON object");
}

void add_metrics(CommandLine& line) {
  CLI::App* metrics = line.add(line.root, "metrics", "Ask a metric store: the statement and its rows", [&line] {
    return of_words(
        [&line] { return show_metric(settings_of(line.settings_file), line.metrics, std::cout, std::cerr); });
  });
  MetricsOptions& options = line.metrics;
  metrics->footer("Example: wakeful metrics transaction_amount -d dim_customer_region -t MONTH --config metrics/");
  metrics->add_option("metric", options.metric, "its name")->required();
  metrics->add_option("-d,--dimension", options.dimensions, "a column to group by; may be repeated")
      ->allow_extra_args(false)
      ->type_name("COLUMN");
  metrics->add_option("--filter", options.filters, "such as \"dim_payment_type = 'cash'\"; may be repeated")
      ->allow_extra_args(false)
      ->type_name("");
  metrics->add_option("-t,--time_grain,--time-grain", options.grain, "minute, hour, day, week, month, quarter or year")
      ->type_name("GRAIN");
  metrics->add_option("-s,--start", options.start, "first moment: a day or RFC 3339")
      ->capture_default_str()
      ->type_name("");
  metrics->add_option("-e,--end", options.end, "behind the last moment")->capture_default_str()->type_name("");
  metrics->add_option("--config", options.config, "the folder with its tables and metrics")
      ->required()
      ->type_name("DIR");
  metrics->add_flag("--verbose", options.verbose, "what the statement binds, and how many rows there are");
  add_settings_file(*metrics, line.settings_file);
}

void add_stream(CommandLine& line) {
  CLI::App* stream =
      line.add(line.root, "stream", "Run a stream detector in the foreground, without a server",
               [&line] { return run_stream(settings_of(line.settings_file), line.stream, std::cout, std::cerr); });
  StreamOptions& options = line.stream;
  stream->footer("Example: wakeful stream -f hot-machines.yaml --state state/");
  stream->add_option("-f,--file", options.file, "its file")->required()->type_name("FILE");
  stream->add_option("--state", options.state, "the folder where it keeps how far it is")
      ->capture_default_str()
      ->type_name("DIR");
  stream->add_flag("--follow", options.follow, "wait for more at the end of the input file");
  stream->add_flag("--until-end", options.until_end, "end where the topic ends");
  add_settings_file(*stream, line.settings_file);
}

}  // namespace

void add_file_commands(CommandLine& line) {
  add_detect(line);
  add_train(line);
  add_evaluate(line);
  add_metrics(line);
  add_stream(line);
}

}  // namespace wakeful::server
