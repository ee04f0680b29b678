#include "server/process.hpp"

#include <string>

#include "platform/core/log.hpp"

namespace wakeful::server {
namespace {

core::log::Level level_of(const std::string& word) {
  if (word == "debug") return core::log::Level::debug;
  if (word == "warn") return core::log::Level::warn;
  return word == "error" ? core::log::Level::error : core::log::Level::info;
}

core::log::Format format_of(const std::string& word) {
  if (word == "text") return core::log::Format::text;
  return word == "json" ? core::log::Format::json : core::log::Format::automatic;
}

}  // namespace

void configure_log(const Settings& settings) {
  core::log::configure(level_of(settings.log_level), format_of(settings.log_format));
}

sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int wait_for_signal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  return signal;
}

}  // namespace wakeful::server
