#include "platform/db/script.hpp"

#include <cctype>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::db {
namespace {

std::size_t after(std::string_view script, std::size_t from, std::string_view end) {
  const std::size_t at = script.find(end, from);
  if (at == std::string_view::npos) throw core::invalid("a quote or comment in a migration does not end");
  return at + end.size();
}

bool is_tag_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// "$$" or "$tag$" at `at`, or empty.
std::string_view dollar_tag(std::string_view script, std::size_t at) {
  std::size_t end = at + 1;
  while (end < script.size() && is_tag_character(script[end])) ++end;
  if (end >= script.size() || script[end] != '$') return {};
  if (end > at + 1 && std::isdigit(static_cast<unsigned char>(script[at + 1])) != 0) return {};
  return script.substr(at, end + 1 - at);
}

struct Piece {
  std::size_t end;
  bool counts;  // is part of a statement, not a comment
};

Piece next_piece(std::string_view script, std::size_t at) {
  const std::string_view rest = script.substr(at);
  if (rest.starts_with("--")) {
    const std::size_t line = script.find('\n', at);
    return {line == std::string_view::npos ? script.size() : line + 1, false};
  }
  if (rest.starts_with("/*")) return {after(script, at + 2, "*/"), false};
  // A doubled quote inside ends one piece and begins the next: the split is the same.
  if (rest[0] == '\'' || rest[0] == '"') return {after(script, at + 1, rest.substr(0, 1)), true};
  if (rest[0] == '$') {
    const std::string_view tag = dollar_tag(script, at);
    if (!tag.empty()) return {after(script, at + tag.size(), tag), true};
  }
  return {at + 1, std::isspace(static_cast<unsigned char>(rest[0])) == 0};
}

}  // namespace

std::vector<std::string_view> split_statements(std::string_view script) {
  std::vector<std::string_view> statements;
  std::size_t begin = 0;
  bool counts = false;
  std::size_t at = 0;
  const auto flush = [&](std::size_t end) {
    if (counts) statements.push_back(core::trim(script.substr(begin, end - begin)));
    counts = false;
  };
  while (at < script.size()) {
    if (script[at] == ';') {
      flush(at);
      begin = ++at;
      continue;
    }
    const Piece piece = next_piece(script, at);
    counts = counts || piece.counts;
    at = piece.end;
  }
  flush(script.size());
  return statements;
}

}  // namespace wakeful::db
