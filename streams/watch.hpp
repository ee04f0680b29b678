#pragma once
// Runs a stream detector in the foreground, without a server: `wakeful stream`.
//
// Every alert is written once, whatever was killed when. Two things only cannot be taken back or read again: standard
// output, where a batch that was under way at a kill may be repeated, and standard input, where it may be lost. A last
// line of a file without its end is left for the next run. Threads: one calls; a topic's clients have their own.
#include <filesystem>
#include <functional>
#include <iosfwd>

#include "streams/definition.hpp"
#include "streams/keeper.hpp"

namespace wakeful::streams {

struct WatchOptions {
  std::filesystem::path state;  // a folder
  bool follow = false;          // a file: wait for more at its end
  bool until_end = false;       // a topic: return at the end of all its partitions
  std::function<bool()> is_stopped = [] { return false; };
};

/// Returns once the input ends or `is_stopped` says so; what it did so far, over all runs. `out` is standard output.
/// Errors: not_found, field "stream.input.file"; invalid if the input or the output is shorter than it was, or for an
/// input of a server's; as LocalKeeper; as watch_topic.
Counts watch(const StreamDefinition& definition, const WatchOptions& options, std::ostream& out);

}  // namespace wakeful::streams
