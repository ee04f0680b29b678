#pragma once
// `wakeful detect` and `wakeful evaluate` as functions: a file in, a file out, no server.
//
// What they print is public (docs/reference): detect writes one CSV row per input row, evaluate a table or one JSON
// object. Both tell what they did on `err`. The same input and seed give the same bytes. The command line itself, and
// what an error's code means as an exit code, are the caller's. Threads: each call by itself.
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wakeful::detectors {

struct DetectOptions {
  std::string file = {};  // "-": standard input
  std::string algorithm = "auto";
  std::vector<std::pair<std::string, std::string>> settings = {};  // --set key=value
  std::optional<std::size_t> train_rows = {};
  std::string time = {};  // empty: found by its name
  std::vector<std::string> ignore = {};
  std::optional<std::int64_t> seed = {};
  bool table = false;
  std::string output = {};   // empty: `out`
  std::string picture = {};  // empty: none; .svg or .png
};

/// Trains on the first rows, scores all rows, writes them. Returns 0, the exit code; all else is thrown.
/// Errors: invalid, whose field is the option at fault ("algorithm", "train-rows", a parameter's name, …) or "file"
/// with line and column; not_found, field "file".
int detect(const DetectOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

/// "key=value" of --set. Errors: invalid, field "set".
std::pair<std::string, std::string> parse_setting(const std::string& text);

struct EvaluateOptions {
  std::string scores = {};        // a CSV with a column anomaly_score, as detect writes it; "-": standard input
  std::string labels = {};        // a CSV with a column label of 0 and 1, one row per score
  std::string windows = {};       // JSON: [[from, until], …], or an object of such lists by file name
  std::int64_t window_rows = 15;  // that the windowed measure judges together; labels only
  bool json = false;
};

/// How good the scores are: exactly one of labels and windows. Returns 0; all else is thrown.
/// Errors: invalid, field "labels", "windows", "scores" or "window_rows"; not_found.
int evaluate(const EvaluateOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace wakeful::detectors
