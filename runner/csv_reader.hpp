#pragma once
// CSV as RFC 4180 has it: fields in double quotes may hold commas, quotes (doubled) and line ends; lines end in LF or
// CRLF; a byte-order mark before the header is skipped. One record at a time, from any stream of bytes.
#include <istream>
#include <string>
#include <vector>

namespace wakeful::runner {

class CsvReader {
 public:
  /// Borrows the stream.
  explicit CsvReader(std::istream& in) : in_(in) {}

  /// The next record's fields; false at the end. Empty lines are skipped.
  /// Errors: invalid, with the line: a quote that is not closed or is followed by text, a field beyond 1 MiB.
  bool next(std::vector<std::string>& fields);
  /// Where the last record began, counted from 1.
  std::int64_t line() const { return record_line_; }

 private:
  int get();
  void read_quoted(std::string& field);

  std::istream& in_;
  std::int64_t line_ = 1;
  std::int64_t record_line_ = 0;
  bool began_ = false;
};

}  // namespace wakeful::runner
