#include "server/stream_command.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <ostream>

#include <fmt/core.h>

#include "monitor/wire/yaml.hpp"
#include "platform/core/error.hpp"
#include "server/process.hpp"
#include "streams/watch.hpp"

namespace wakeful::server {
namespace {

volatile std::sig_atomic_t is_asked_to_end = 0;

void end_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { is_asked_to_end = 1; };  // without SA_RESTART: a read under way returns
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

streams::StreamDefinition read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw core::not_found(fmt::format("file '{}' does not exist", path), "file");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto documents = monitor::parse_yaml(text);
  if (documents.size() != 1)
    throw core::invalid(fmt::format("'{}' holds {} documents, not one stream detector", path, documents.size()),
                        "file");
  return streams::read_stream(core::ObjectReader(documents.front().root()));
}

}  // namespace

int run_stream(const Settings& settings, const StreamOptions& options, std::ostream& out, std::ostream& err) {
  end_on_signals();
  configure_log(settings);
  const streams::StreamDefinition definition = read_file(options.file);
  const streams::Counts done = streams::watch(definition,
                                              {.state = options.state,
                                               .follow = options.follow,
                                               .until_end = options.until_end,
                                               .is_stopped = [] { return is_asked_to_end != 0; }},
                                              out);
  const std::string lost = done.lost > 0 ? fmt::format(", {} lost", done.lost) : "";
  err << fmt::format("{}: {} events, {} without a value, {} refused, {} late{}; {} alerts\n", definition.name,
                     done.events, done.skipped, done.refused, done.late, lost, done.alerts);
  return 0;
}

}  // namespace wakeful::server
