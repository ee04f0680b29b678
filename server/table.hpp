#pragma once
// Rows of text in aligned columns, for people.
#include <ostream>
#include <string>
#include <vector>

namespace wakeful::server {

class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// Columns two spaces apart, the last one as it is.
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace wakeful::server
