#pragma once
// The letters of the filter language: a cursor over the text that reads identifiers, quoted texts and numbers the way
// MLflow's tokeniser does, and that knows where it stands when something is wrong. Used by parse.cpp only.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "platform/search/filter.hpp"

namespace wakeful::search {

/// Before the first dot and after it, quotes taken off.
struct Identifier {
  std::optional<std::string> entity;
  std::string key;
};

class Scanner {
 public:
  /// `text` is borrowed. `field` is what errors name.
  Scanner(std::string_view text, std::string_view field) : text_(text), field_(field) {}

  void skip_space();
  bool at_end() const { return at_ >= text_.size(); }
  std::size_t position() const { return at_; }
  void move_to(std::size_t position) { at_ = position; }
  /// The byte `ahead` of the cursor, NUL beyond the end (the text itself holds none).
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool take(char expected);
  /// Takes `word` in any case if it stands here as a whole word.
  bool take_word(std::string_view word);
  /// The word, quoted text, number or symbol here, for messages; at most 60 bytes.
  std::string_view glance() const;

  /// A key with or without its entity. Errors: invalid for a constant or a clause that starts otherwise.
  Identifier read_identifier();
  /// Between quotes, as written: nothing is unescaped. Errors: invalid if the quote is never closed.
  std::string_view read_quoted();
  bool at_quote() const { return peek() == '\'' || peek() == '"'; }
  /// Nothing, and the cursor unmoved, where no number stands.
  std::optional<Literal> read_number();

  [[noreturn]] void fail(std::size_t position, std::string message) const;

 private:
  bool at_word(std::size_t ahead = 0) const;
  std::string_view read_word();
  std::string read_key();

  std::string_view text_;
  std::string_view field_;
  std::size_t at_ = 0;
};

/// The number that the whole text spells; nothing for anything else.
std::optional<Literal> to_number(std::string_view text);

}  // namespace wakeful::search
