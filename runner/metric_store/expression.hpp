#pragma once
// A metric's definition: an expression of aggregates, checked and written anew as SQL, so that nothing of a config file
// reaches a database as it stands.
//
//   sum     := product (("+" | "-") product)*          product := factor (("*" | "/") factor)*
//   factor  := number | "(" sum ")" | "-" factor | NAME "(" ["DISTINCT"] argument ")"
//   NAME    := COUNT | SUM | AVG | MIN | MAX           argument := a sum over columns and numbers; COUNT also takes "*"
//
// A division by 0 is no value, and whole numbers divide as real ones. Pure.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful::runner {

struct MetricExpression {
  /// The columns that it names, each once.
  std::vector<std::string> columns{};
  /// SQL for both databases; `write` says how a column is written.
  std::function<std::string(const std::function<std::string(const std::string& column)>& write)> sql{};
};

/// Errors: invalid naming `field`, with the position of what is wrong: an unknown function with the nearest known one,
/// a column outside an aggregate, an aggregate within one.
MetricExpression parse_metric_expression(std::string_view text, const std::string& field);

}  // namespace wakeful::runner
