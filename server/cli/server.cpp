#include <iostream>

#include "server/cli/command_line.hpp"
#include "server/probes.hpp"
#include "server/serve.hpp"

namespace wakeful::server {
namespace {

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
  line.add_tracking_uri(*runner);
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

}  // namespace

void add_server_commands(CommandLine& line) {
  add_server(line);
  add_demo(line);
}

}  // namespace wakeful::server
