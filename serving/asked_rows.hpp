#pragma once
// What a scoring request asks about, in every form that MLflow's scoring protocol has, as rows of numbers.
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
// value. Pure; no thread contract.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detectors/frame.hpp"

namespace wakeful::serving {

/// Rows times columns that a request may ask about: where names or values are repeated by few bytes, memory is not.
inline constexpr std::size_t kMostCells = 16'000'000;

struct AskedRows {
  std::vector<std::string> names;  // empty: in the model's order
  std::size_t width = 0;
  std::vector<double> values;      // row by row
  std::vector<std::string> times;  // of each row, as JSON; empty: none were given

  std::size_t rows() const { return width == 0 ? 0 : values.size() / width; }
};

/// Errors: invalid, naming the member and where in it the mistake lies.
AskedRows read_asked_json(std::string_view body);
AskedRows read_asked_csv(std::string_view body);
/// Of the file's columns only those that `channels` names, which must hold numbers (booleans are 0 and 1), and the
/// time: the first column that is called so, else the frame's index; as text in ISO 8601 where it holds times.
AskedRows read_asked_parquet(std::string_view body, std::span<const std::string> channels);

/// ts, time or timestamp, in any case.
bool is_time_name(std::string_view name);

/// The rows as `channels` has them: columns by name, or all of them in order.
/// Errors: invalid, naming the channel that is not there, or the number of values that a row should have.
detectors::Frame frame_for(const AskedRows& asked, const std::vector<std::string>& channels);

}  // namespace wakeful::serving
