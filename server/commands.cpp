#include "server/commands.hpp"

#include <iostream>

#include <fmt/core.h>

#include "server/cli/command_line.hpp"
#include "server/probes.hpp"

namespace wakeful::server {
namespace {

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

int run(int argc, char** argv) {
  CommandLine line;
  line.root.require_subcommand(1);
  add_server_commands(line);
  add_watch_commands(line);
  add_file_commands(line);
  add_store_commands(line);
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
