#include <iostream>

#include "client/models.hpp"
#include "platform/core/clock.hpp"
#include "server/cli/command_line.hpp"

namespace wakeful::server {
namespace {

void add_jobs(CommandLine& line) {
  CLI::App* apply = line.add_remote(line.root, "apply", "Apply detector files and print what changed", [&line] {
    return apply_files(line.server(), line.path, line.dry_run, line.console());
  });
  apply->add_option("-f,--file", line.path, "a file, or a folder of *.yaml, *.yml and *.json")->required();
  apply->add_flag("--dry-run", line.dry_run, "check and print, change nothing");

  CLI::App* run = line.add_remote(line.root, "run", "Train or evaluate a detector now, or predict an interval",
                                  [&line] { return run_detector(line.server(), line.run, line.console()); });
  run->add_option("detector", line.run.detector, "its name")->required();
  run->add_option("--kind", line.run.kind, "train, evaluate or predict")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"train", "evaluate", "predict"}));
  const auto is_time = [](const std::string& text) -> std::string {
    try {
      core::parse_rfc3339(text);
      return "";
    } catch (const core::Error& e) {
      return e.what();
    }
  };
  run->add_option("--from", line.run.from, "predict: the beginning of the interval")->type_name("")->check(is_time);
  run->add_option("--until", line.run.until,
                  "as if now were this time: 2026-03-01T12:00:00Z; predict: the end of the interval, itself outside")
      ->type_name("")
      ->check(is_time);
  run->add_flag("--wait", line.run.wait, "return when the job has ended");
}

CLI::App* add_list(CommandLine& line, const std::string& noun, const std::string& help, std::function<int()> act) {
  CLI::App* group = line.root.add_subcommand(noun, help)->require_subcommand(1);
  return line.add_remote(*group, "list", help, std::move(act));
}

void add_serve(CommandLine& line, CLI::App& models) {
  CLI::App* serve = line.add(models, "serve", "Answer scoring requests with a registered model", [&line] {
    ModelServerOptions& options = line.model_server;
    of_words([&options] {
      core::parse_duration(options.reload);
      client::parse_model_uri(options.model_uri);
    });
    line.server();  // an address that is none is told before anything starts
    return serve_model(line.tracking_uri, settings_of(line.settings_file), options, std::cout);
  });
  ModelServerOptions& options = line.model_server;
  serve->set_help_flag("--help", "Show this and end");  // -h is --host, as MLflow has it
  serve->footer("Example: wakeful models serve -m models:/latency@champion --port 8000");
  serve->add_option("-m,--model-uri", options.model_uri, "models:/NAME, models:/NAME/VERSION or models:/NAME@ALIAS")
      ->required()
      ->type_name("URI");
  line.add_tracking_uri(*serve);
  serve->add_option("-h,--host", options.host, "address to listen on")->capture_default_str()->type_name("");
  serve->add_option("-p,--port", options.port, "port to listen on; 0 picks a free one")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str()
      ->type_name("");
  serve->add_option("--reload", options.reload, "how often to look for another version; 0s: never")
      ->capture_default_str()
      ->type_name("");
  serve->add_option("--basic-auth-file", options.basic_auth_file, "lines user:password; without it everybody may ask")
      ->type_name("FILE");
  add_settings_file(*serve, line.settings_file);
}

void add_lists(CommandLine& line) {
  add_list(line, "detectors", "Detectors, their state and last evaluation",
           [&line] { return list_detectors(line.server(), line.console()); });
  CLI::App* models = add_list(line, "models", "Registered models and their tags",
                              [&line] { return list_models(line.server(), line.filter, line.console()); });
  models->add_option("--filter", line.filter, "such as \"tags.online = 'True'\"")->type_name("");
  add_serve(line, *models->get_parent());
  add_list(line, "anomalies", "Anomalies, newest first",
           [&line] { return list_anomalies(line.server(), line.detector, line.console()); })
      ->add_option("--detector", line.detector, "of this detector only")
      ->type_name("");
  add_list(line, "jobs", "Jobs, newest first", [&line] { return list_jobs(line.server(), line.console()); });
}

}  // namespace

void add_watch_commands(CommandLine& line) {
  add_jobs(line);
  add_lists(line);
}

}  // namespace wakeful::server
