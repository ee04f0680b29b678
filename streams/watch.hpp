#pragma once
// Reads a stream of lines, alerts, and keeps what it must not lose: the loop of a stream detector without a server.
//
// From a file to a file every alert is written once, whatever was killed when: a batch's alerts are durable in the
// output before the state that counts them moves on, and what the output has beyond the state's count is cut off at the
// start. Standard input cannot be read again, and what was printed cannot be taken back: there a batch that was under
// way at a kill is lost or repeated. A last line without its end is left for the next run, but for standard input's.
// Threads: one.
#include <filesystem>
#include <functional>
#include <iosfwd>

#include "streams/definition.hpp"
#include "streams/state.hpp"

namespace wakeful::streams {

struct WatchOptions {
  std::filesystem::path state;  // a folder
  bool follow = false;          // wait for more at the end of the file
  std::function<bool()> is_stopped = [] { return false; };
};

/// Returns once the input ends or `is_stopped` says so; what it did so far, over all runs. `out` is standard output.
/// Errors: not_found, field "stream.input.file"; invalid if the input or the output is shorter than it was; as State.
Progress watch(const StreamDefinition& definition, const WatchOptions& options, std::ostream& out);

}  // namespace wakeful::streams
