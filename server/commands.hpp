#pragma once
// The command line. Results go to standard output, everything else to standard error.
//
// Exit codes: 0 done, 1 failed, 2 wrong usage, 4 not found, 5 conflict, 6 server unreachable, 130 interrupted.

namespace wakeful::server {

/// Runs what the words say and returns the exit code. Never throws.
int run_command_line(int argc, char** argv);

}  // namespace wakeful::server
