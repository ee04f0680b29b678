#pragma once
// What a scoring request asks about, in every form that MLflow's scoring protocol has, as rows of numbers.
//
//   {"dataframe_split": {"columns": […], "index": […], "data": [[…], …]}}      names, rows
//   {"dataframe_records": [{name: number, …}, …]}                              names, rows
//   {"instances": [[…], …]} or {"inputs": [[…], …]}                            rows in the model's own order
//   {"instances": [{name: number, …}, …]}, {"inputs": {name: […], …}}          names
//   text/csv with a header                                                     names, rows
//
// `params` may stand beside them and says nothing to these models. A column ts, time or timestamp is the rows' time,
// and no channel. Null, and an empty CSV cell, is a missing value. Pure; no thread contract.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "detectors/frame.hpp"

namespace wakeful::serving {

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

/// The rows as `channels` has them: columns by name, or all of them in order.
/// Errors: invalid, naming the channel that is not there, or the number of values that a row should have.
detectors::Frame frame_for(const AskedRows& asked, const std::vector<std::string>& channels);

}  // namespace wakeful::serving
