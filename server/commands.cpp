#include "server/commands.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "detectors/detect.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "server/demo.hpp"
#include "server/gc_command.hpp"
#include "server/metrics_command.hpp"
#include "server/probes.hpp"
#include "server/serve.hpp"
#include "server/settings.hpp"
#include "server/settings_file.hpp"
#include "server/watch_commands.hpp"

namespace wakeful::server {
namespace {

std::optional<std::string> variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

/// A mistake in the words, not in what they name.
class WrongUsage : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What `read` makes of the words. Errors: WrongUsage for what is invalid.
template <class F>
auto of_words(F&& read) {
  try {
    return read();
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) throw;
    throw WrongUsage(e.what());
  }
}

int exit_code_of(core::ErrorCode code) {
  switch (code) {
    case core::ErrorCode::not_found:
      return 4;
    case core::ErrorCode::conflict:
      return 5;
    case core::ErrorCode::unavailable:
      return 6;
    case core::ErrorCode::denied:
      return 7;
    default:
      return 1;
  }
}

/// The settings file that `path` or the environment names, and over it what the environment says.
Settings settings_of(std::optional<std::string> path) {
  if (!path) path = variable("WAKEFUL_SETTINGS");
  return from_environment(variable, path && !path->empty() ? from_file(*path) : Settings{});
}

void add_settings_file(CLI::App& command, std::optional<std::string>& path) {
  command.add_option("--settings", path, "a file with settings and connections [WAKEFUL_SETTINGS]")->type_name("FILE");
}

/// Every row of the settings table as a flag; what is given on the line wins over the environment, and that over the
/// settings file.
class SettingFlags {
 public:
  explicit SettingFlags(CLI::App& command) : values_(setting_rows().size()) {
    add_settings_file(command, file_);
    const auto rows = setting_rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const SettingRow& row = rows[i];
      const std::string flag = "--" + std::string(row.flag);
      const std::string help = fmt::format("{} [{}]", row.help, row.environment);
      if (row.is_switch) {
        const auto take = [this, i](std::int64_t on) { values_[i] = on > 0 ? "true" : "false"; };
        command.add_flag_function(flag + ",!--no-" + std::string(row.flag), take, help);
      } else {
        const std::string short_flag = row.flag == "port" ? "-p," : row.flag == "host" ? "-h," : "";
        command.add_option(short_flag + flag, values_[i], help)->type_name("");
      }
    }
  }
  Settings settings() const {
    return of_words([this] {
      Settings settings = settings_of(file_);
      for (std::size_t i = 0; i < values_.size(); ++i)
        if (values_[i]) setting_rows()[i].set(settings, *values_[i]);
      check(settings);
      return settings;
    });
  }

 private:
  std::optional<std::string> file_;
  std::vector<std::optional<std::string>> values_;
};

/// What the words asked for: filled while they are parsed, run afterwards.
struct CommandLine {
  CLI::App root{"Tracks experiments, keeps models and stands watch over time series."};
  std::function<int()> action;
  std::optional<SettingFlags> server_flags;
  std::optional<SettingFlags> doctor_flags;
  std::optional<SettingFlags> gc_flags;
  std::string store = of_words([] { return from_environment(variable).backend_store_uri; });
  std::string tracking_uri = variable("MLFLOW_TRACKING_URI").value_or("http://127.0.0.1:5000");
  bool json = false;
  bool dry_run = false;
  std::string path;
  std::optional<std::string> settings_file;
  std::optional<std::string> lease;
  std::string filter;
  std::string detector;
  RunOptions run;
  DemoOptions demo;
  GcOptions gc;
  MetricsOptions metrics;
  detectors::DetectOptions detect;
  std::vector<std::string> detect_settings;
  detectors::EvaluateOptions evaluate;

  Console console() const { return {.out = std::cout, .err = std::cerr, .json = json}; }
  client::Server server() const {
    return of_words([this] { return connect_server(tracking_uri); });
  }

  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help, std::function<int()> act) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->callback([this, act = std::move(act)] { action = act; });
    return command;
  }
  /// A command that asks a server.
  CLI::App* add_remote(CLI::App& parent, const std::string& name, const std::string& help, std::function<int()> act) {
    CLI::App* command = add(parent, name, help, std::move(act));
    command->add_option("--tracking-uri", tracking_uri, "the server [MLFLOW_TRACKING_URI]")->type_name("");
    command->add_flag("--json", json, "one JSON object a line, as the server said it");
    return command;
  }
  CLI::App* add_list(const std::string& noun, const std::string& help, std::function<int()> act) {
    CLI::App* group = root.add_subcommand(noun, help)->require_subcommand(1);
    return add_remote(*group, "list", help, std::move(act));
  }
};

/// What works on a store: a URI that names none is wrong usage.
int on_store(const std::function<int()>& act) {
  try {
    return act();
  } catch (const core::Error& e) {
    const bool words = e.field() == "backend-store-uri" || e.field() == "artifacts_destination";
    if (e.code() != core::ErrorCode::invalid || !words) throw;
    throw WrongUsage(e.what());
  }
}

int work_for(const CommandLine& line) {
  const Settings settings = of_words([&line] {
    Settings given = settings_of(line.settings_file);
    if (line.lease) given.runner_lease = *line.lease;
    check(given);
    return given;
  });
  line.server();  // an address that is none is told before anything starts
  return work(line.tracking_uri, settings, std::cout);
}

void add_server(CommandLine& line) {
  CLI::App* server = line.add(line.root, "server", "Answer the API and the console", [&line] {
    return on_store([&line] { return serve(line.server_flags->settings(), std::cout); });
  });
  server->alias("ui")->set_help_flag("--help", "Show this and end");  // -h is --host, as MLflow has it
  server->footer("Example: wakeful server --port 5000 --backend-store-uri sqlite:///wakeful.db");
  line.server_flags.emplace(*server);
  CLI::App* runner = line.add(line.root, "runner", "Train and evaluate for a server somewhere else",
                              [&line] { return work_for(line); });
  add_settings_file(*runner, line.settings_file);
  runner->add_option("--tracking-uri", line.tracking_uri, "the server [MLFLOW_TRACKING_URI]")->type_name("");
  runner->add_option("--lease", line.lease, "how long a job stays here without a sign of life")->type_name("");
  CLI::App* doctor = line.add(line.root, "doctor", "Show settings and whether the stores can be used", [&line] {
    return on_store([&line] { return examine(line.doctor_flags->settings(), std::cout); });
  });
  doctor->set_help_flag("--help", "Show this and end");
  line.doctor_flags.emplace(*doctor);
}

void add_demo(CommandLine& line) {
  CLI::App* command = line.add(line.root, "demo", "Serve the console with live, made-up data",
                               [&line] { return demo(line.demo, std::cout); });
  command->add_option("--folder", line.demo.folder, "where its store goes")->required()->type_name("");
  command->add_option("-p,--port", line.demo.port, "port to listen on; 0 picks a free one")->type_name("");
}

void add_store(CommandLine& line) {
  CLI::App* db = line.root.add_subcommand("db", "Look after the store")->require_subcommand(1);
  line.add(*db, "upgrade", "Bring the schema up to date",
           [&line] { return on_store([&line] { return upgrade_store(line.store, std::cout); }); });
  line.add(*db, "status", "Show which migrations are applied",
           [&line] { return on_store([&line] { return show_store(line.store, std::cout); }); });
  CLI::App* backup = line.add(*db, "backup", "Write a consistent copy into a new file", [&line] {
    return on_store([&line] { return back_up_store(line.store, line.path, std::cout); });
  });
  backup->add_option("file", line.path, "the new file")->required();
  for (CLI::App* command : db->get_subcommands({}))
    command->add_option("--backend-store-uri", line.store, "the store [WAKEFUL_BACKEND_STORE_URI]")->type_name("");
}

void add_gc(CommandLine& line) {
  CLI::App* gc = line.add(line.root, "gc", "Clear away for good what was deleted: rows and files", [&line] {
    return on_store([&line] {
      of_words([&line] { return core::parse_duration(line.gc.older_than); });
      return collect_garbage(line.gc_flags->settings(), line.gc, std::cout);
    });
  });
  gc->set_help_flag("--help", "Show this and end");
  gc->footer("Example: wakeful gc --older-than 7d --dry-run");
  gc->add_option("--older-than", line.gc.older_than, "deleted at least so long ago")->type_name("");
  gc->add_flag("--dry-run", line.gc.dry_run, "count, change nothing");
  line.gc_flags.emplace(*gc);
}

void add_watch(CommandLine& line) {
  CLI::App* apply = line.add_remote(line.root, "apply", "Apply detector files and print what changed", [&line] {
    return apply_files(line.server(), line.path, line.dry_run, line.console());
  });
  apply->add_option("-f,--file", line.path, "a file, or a folder of *.yaml, *.yml and *.json")->required();
  apply->add_flag("--dry-run", line.dry_run, "check and print, change nothing");

  CLI::App* run = line.add_remote(line.root, "run", "Train or evaluate a detector now",
                                  [&line] { return run_detector(line.server(), line.run, line.console()); });
  run->add_option("detector", line.run.detector, "its name")->required();
  run->add_option("--kind", line.run.kind, "train or evaluate")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"train", "evaluate"}));
  run->add_option("--until", line.run.until, "as if now were this time: 2026-03-01T12:00:00Z")
      ->type_name("")
      ->check([](const std::string& text) -> std::string {
        try {
          core::parse_rfc3339(text);
          return "";
        } catch (const core::Error& e) {
          return e.what();
        }
      });
  run->add_flag("--wait", line.run.wait, "return when the job has ended");

  line.add_list("detectors", "Detectors, their state and last evaluation",
                [&line] { return list_detectors(line.server(), line.console()); });
  line.add_list("models", "Registered models and their tags",
                [&line] { return list_models(line.server(), line.filter, line.console()); })
      ->add_option("--filter", line.filter, "such as \"tags.online = 'True'\"")
      ->type_name("");
  line.add_list("anomalies", "Anomalies, newest first",
                [&line] { return list_anomalies(line.server(), line.detector, line.console()); })
      ->add_option("--detector", line.detector, "of this detector only")
      ->type_name("");
  line.add_list("jobs", "Jobs, newest first", [&line] { return list_jobs(line.server(), line.console()); });
}

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

void add_evaluate(CommandLine& line) {
  CLI::App* evaluate = line.add(line.root, "evaluate", "Compare scores with what was anomalous", [&line] {
    return on_files([&line] { return detectors::evaluate(line.evaluate, std::cin, std::cout, std::cerr); });
  });
  detectors::EvaluateOptions& options = line.evaluate;
  evaluate->footer("Example: wakeful evaluate scores.csv --labels labels.csv");
  evaluate->add_option("scores", options.scores, "a CSV as detect writes it; - is standard input")->required();
  CLI::Option_group* truth = evaluate->add_option_group("Truth", "one of");
  truth->add_option("--labels", options.labels, "a CSV with a column label of 0 and 1, a row per score")
      ->type_name("FILE");
  truth->add_option("--windows", options.windows, "NAB's JSON of [from, until] times")->type_name("FILE");
  truth->require_option(1);
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

int run(int argc, char** argv) {
  CommandLine line;
  line.root.require_subcommand(1);
  add_server(line);
  add_watch(line);
  add_demo(line);
  add_detect(line);
  add_evaluate(line);
  add_store(line);
  add_gc(line);
  add_metrics(line);
  line.add(line.root, "version", "Show the version", [] {
    std::cout << fmt::format("wakeful {}\n", version());
    return 0;
  });
  try {
    line.root.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return line.root.exit(e) == 0 ? 0 : 2;  // the library has codes of its own; the shell's is 2
  }
  return line.action ? line.action() : 2;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const WrongUsage& e) {
    std::cerr << "wakeful: " << e.what() << '\n';
    return 2;
  } catch (const core::Error& e) {
    std::cerr << "wakeful: " << e.what() << '\n';
    return exit_code_of(e.code());
  } catch (const std::exception& e) {
    std::cerr << "wakeful: " << e.what() << '\n';
    return 1;
  }
}

}  // namespace wakeful::server
