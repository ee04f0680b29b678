#pragma once
// What a scoring request asks about, in every form that MLflow's scoring protocol has, as rows of numbers; for a model
// that was trained with features, of the raw columns that it takes: numbers, texts and a time.
//
//   {"dataframe_split": {"columns": […], "index": […], "data": [[…], …]}}      names, rows
//   {"dataframe_records": [{name: number, …}, …]}                              names, rows
//   {"instances": [[…], …]} or {"inputs": [[…], …]}                            rows in the model's own order
//   {"instances": [{name: number, …}, …]}, {"inputs": {name: […], …}}          names
//   text/csv with a header                                                     names, rows
//   application/vnd.apache.parquet, as pandas writes it                        names, rows
//
// `params` may stand beside them and says nothing to these models. A column ts, time or timestamp is the rows' time,
// and no channel; so is the index of a frame where there is no such column. Null, and an empty CSV cell, is a missing
// value. A model that looks at the time needs one: a column that is called as in its training's source or as above, or
// an index of times or texts, never the mere numbers of an index. Pure; no thread contract.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detectors/features.hpp"
#include "detectors/frame.hpp"

namespace wakeful::serving {

/// Rows times columns that a request may ask about: where names or values are repeated by few bytes, memory is not.
inline constexpr std::size_t kMostCells = 16'000'000;

/// Of those: a text of a few bytes, with what holds it.
inline constexpr std::size_t kCellsOfAText = 4;

/// The columns that a model takes.
struct Wanted {
  std::vector<std::string> channels{};      // each that some detector has, once
  std::vector<detectors::RawColumn> raw{};  // if it was trained with features: instead of them
};

struct AskedRows {
  std::vector<std::string> names;  // empty: in the model's order
  std::size_t width = 0;
  std::vector<double> values;      // row by row
  std::vector<std::string> times;  // of each row, as JSON; empty: none were given
  bool times_are_index = false;    // and not of a column that is called so
  std::vector<std::string> texts;  // of the wanted raw columns, row by row; "" where it is missing
  std::size_t count = 0;

  std::size_t rows() const { return count; }
};

/// All columns, or those that `wanted` has as raw ones; a text may be a whole number.
/// Errors: invalid, naming the member and where in it the mistake lies.
AskedRows read_asked_json(std::string_view body, const Wanted& wanted = {});
AskedRows read_asked_csv(std::string_view body, const Wanted& wanted = {});
/// Of the file's columns only those that are wanted: of numbers (booleans are 0 and 1) or texts, and the time: the
/// first column that is called so, else the frame's index; as text in ISO 8601 where it holds times.
AskedRows read_asked_parquet(std::string_view body, const Wanted& wanted);

/// ts, time or timestamp, in any case.
bool is_time_name(std::string_view name);

/// The rows of a model that takes raw columns, which `asked` was read with, as its detectors judge them: one for each.
/// Errors: invalid, naming the column: a category that the training did not show, what is no time, or no time at all.
detectors::Frame encode_asked(const AskedRows& asked, const detectors::FeatureTable& features);

/// The rows as `channels` has them: columns by name, or all of them in order.
/// Errors: invalid, naming the channel that is not there, or the number of values that a row should have.
detectors::Frame frame_for(const AskedRows& asked, const std::vector<std::string>& channels);

}  // namespace wakeful::serving
