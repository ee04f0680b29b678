#include "runner/csv_reader.hpp"

#include <fmt/format.h>

#include "platform/core/error.hpp"

namespace wakeful::runner {
namespace {

constexpr std::size_t kMaxField = 1U << 20U;
constexpr int kEnd = std::char_traits<char>::eof();

}  // namespace

int CsvReader::get() {
  const int c = in_.get();
  if (c == '\n') ++line_;
  return c;
}

void CsvReader::read_quoted(std::string& field) {
  for (int c = get(); c != kEnd; c = get()) {
    if (c == '"') {
      if (in_.peek() != '"') return;
      get();
    }
    if (field.size() >= kMaxField) throw core::invalid(fmt::format("line {}: a field beyond 1 MiB", record_line_));
    field += static_cast<char>(c);
  }
  throw core::invalid(fmt::format("line {}: a quote is not closed", record_line_));
}

bool CsvReader::next(std::vector<std::string>& fields) {
  fields.clear();
  if (!began_) {
    began_ = true;
    if (in_.peek() == 0xEF) in_.ignore(3);
  }
  while (in_.peek() == '\n' || in_.peek() == '\r') get();
  if (in_.peek() == kEnd) return false;
  record_line_ = line_;
  fields.emplace_back();
  bool quoted = false;
  for (int c = get(); c != kEnd && c != '\n'; c = get()) {
    std::string& field = fields.back();
    if (c == ',') {
      fields.emplace_back();
      quoted = false;
    } else if (c == '"' && field.empty() && !quoted) {
      read_quoted(field);
      quoted = true;
    } else if (c == '\r' && (in_.peek() == '\n' || in_.peek() == kEnd)) {
      continue;
    } else {
      if (quoted) throw core::invalid(fmt::format("line {}: text behind a quoted field", record_line_));
      if (field.size() >= kMaxField) throw core::invalid(fmt::format("line {}: a field beyond 1 MiB", record_line_));
      field += static_cast<char>(c);
    }
  }
  return true;
}

}  // namespace wakeful::runner
