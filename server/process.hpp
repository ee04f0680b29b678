#pragma once
// What every long-running command does with its process: its log, and the signals that end it.
#include <csignal>

#include "server/settings.hpp"

namespace wakeful::server {

void configure_log(const Settings& settings);

/// SIGINT and SIGTERM. To be called before any thread starts, so that every thread inherits it and the main one waits
/// for the signal.
sigset_t block_end_signals();
int wait_for_signal(const sigset_t& signals);

}  // namespace wakeful::server
