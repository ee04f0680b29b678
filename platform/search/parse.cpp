#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/search/filter.hpp"
#include "platform/search/scan.hpp"

namespace wakeful::search {
namespace {

constexpr std::size_t kMaxBytes = 64U << 10U;
constexpr std::size_t kMaxComparisons = 1'000;
// SQLite takes patterns of 50,000 bytes, and each may double when it is escaped (sql.cpp).
constexpr std::size_t kMaxPattern = 16U << 10U;

constexpr std::array<std::pair<Operator, std::string_view>, 12> kOperators{{
    {Operator::equal, "="},
    {Operator::not_equal, "!="},
    {Operator::less, "<"},
    {Operator::less_equal, "<="},
    {Operator::greater, ">"},
    {Operator::greater_equal, ">="},
    {Operator::like, "LIKE"},
    {Operator::ilike, "ILIKE"},
    {Operator::in, "IN"},
    {Operator::not_in, "NOT IN"},
    {Operator::is_null, "IS NULL"},
    {Operator::is_not_null, "IS NOT NULL"},
}};

bool contains(std::span<const Operator> operators, Operator op) {
  return std::find(operators.begin(), operators.end(), op) != operators.end();
}

/// "'a', 'b'".
std::string quoted_list(const std::vector<std::string_view>& words) {
  std::vector<std::string> quoted;
  quoted.reserve(words.size());
  for (const auto word : words) quoted.push_back(fmt::format("'{}'", word));
  return fmt::format("{}", fmt::join(quoted, ", "));
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  const auto near = core::did_you_mean(word, known);
  return near ? fmt::format(". Did you mean '{}'?", *near) : std::string();
}

/// What an identifier means in a grammar.
struct Meaning {
  const Entity* entity = nullptr;
  std::string key;
  Kind kind = Kind::text;
  std::span<const Operator> operators;
};

Meaning resolve(const Scanner& scanner, std::size_t position, Identifier read, const Grammar& grammar) {
  Meaning meaning;
  for (const Entity& entity : grammar.entities) {
    const bool named =
        read.entity && std::find(entity.aliases.begin(), entity.aliases.end(), *read.entity) != entity.aliases.end();
    if (named || (!read.entity && entity.name == grammar.default_entity)) meaning.entity = &entity;
  }
  if (meaning.entity == nullptr) {
    std::vector<std::string_view> names;
    std::vector<std::string_view> words;
    for (const Entity& entity : grammar.entities) {
      names.push_back(entity.name);
      words.insert(words.end(), entity.aliases.begin(), entity.aliases.end());
    }
    const std::string word = read.entity.value_or(read.key);
    scanner.fail(position, fmt::format("Invalid entity type '{}'. Valid values are [{}]{}", word, quoted_list(names),
                                       suggestion(word, words)));
  }
  meaning.key = std::move(read.key);
  meaning.kind = meaning.entity->kind;
  meaning.operators = meaning.entity->operators;
  if (meaning.entity->keys.empty()) return meaning;
  std::vector<std::string_view> known;
  for (const Entity::Key& key : meaning.entity->keys) {
    if (std::find(known.begin(), known.end(), key.name) == known.end()) known.push_back(key.name);
    if (meaning.key != key.name && (key.alias.empty() || meaning.key != key.alias)) continue;
    meaning.key = key.name;
    meaning.kind = key.kind;
    if (!key.operators.empty()) meaning.operators = key.operators;
    return meaning;
  }
  scanner.fail(position, fmt::format("Invalid {} key '{}' specified. Valid keys are [{}]{}", meaning.entity->name,
                                     meaning.key, quoted_list(known), suggestion(meaning.key, known)));
}

class Parser {
 public:
  Parser(std::string_view text, const Grammar& grammar, std::string_view field)
      : scanner_(text, field), grammar_(grammar) {}

  Filter filter() {
    Filter filter;
    while (skip_and()) {
      if (filter.all.size() == kMaxComparisons) {
        scanner_.fail(scanner_.position(), fmt::format("The filter has more than {} comparisons", kMaxComparisons));
      }
      filter.all.push_back(comparison());
    }
    return filter;
  }

 private:
  /// Moves to the next comparison; false at the end. MLflow lets AND be missing, doubled, leading and trailing.
  bool skip_and() {
    do {
      scanner_.skip_space();
    } while (scanner_.take_word("and"));
    if (scanner_.peek() == ';' && !scanner_.at_end()) refuse_semicolon();
    for (const auto word : {"or", "not"}) {
      const std::size_t start = scanner_.position();
      if (scanner_.take_word(word)) {
        scanner_.fail(
            start, fmt::format("Invalid clause(s) in filter string: '{}'. Comparisons are joined by AND only", word));
      }
    }
    return !scanner_.at_end();
  }

  [[noreturn]] void refuse_semicolon() {
    const std::size_t start = scanner_.position();
    scanner_.take(';');
    scanner_.skip_space();
    if (scanner_.at_end()) scanner_.fail(start, "Invalid clause(s) in filter string: ';'");
    scanner_.fail(start, "Search filter contained multiple expressions");
  }

  Comparison comparison() {
    const std::size_t start = scanner_.position();
    Identifier read = scanner_.read_identifier();
    const std::string clause = read.entity ? *read.entity + "." + read.key : read.key;
    scanner_.skip_space();
    const std::size_t op_at = scanner_.position();
    const Operator op = read_operator(start, clause);
    const Meaning meaning = resolve(scanner_, start, std::move(read), grammar_);
    if (!contains(meaning.operators, op)) refuse_operator(op_at, op, meaning);
    scanner_.skip_space();
    return {.entity = std::string(meaning.entity->name),
            .key = meaning.key,
            .op = op,
            .literal = literal(op, meaning),
            .position = start};
  }

  Operator read_operator(std::size_t start, const std::string& clause) {
    if (const auto symbol = read_symbol()) return *symbol;
    if (scanner_.take_word("like")) return Operator::like;
    if (scanner_.take_word("ilike")) return Operator::ilike;
    if (scanner_.take_word("in")) return Operator::in;
    const std::size_t at = scanner_.position();
    if (scanner_.take_word("is")) {
      scanner_.skip_space();
      const bool negated = scanner_.take_word("not");
      scanner_.skip_space();
      if (scanner_.take_word("null")) return negated ? Operator::is_not_null : Operator::is_null;
      scanner_.fail(at, "Invalid clause(s) in filter string: IS takes NULL or NOT NULL");
    }
    if (scanner_.take_word("not")) {
      scanner_.skip_space();
      if (scanner_.take_word("in")) return Operator::not_in;
      scanner_.fail(at, "Invalid clause(s) in filter string: NOT stands before IN only");
    }
    if (scanner_.at_end() || scanner_.take_word("and")) {
      scanner_.fail(start, fmt::format("Invalid clause(s) in filter string: '{}'", clause));
    }
    scanner_.fail(at, fmt::format("Invalid clause(s) in filter string: '{}'", scanner_.glance()));
  }

  std::optional<Operator> read_symbol() {
    const std::size_t at = scanner_.position();
    std::string symbol;
    while (std::string_view("=!<>").find(scanner_.peek()) != std::string_view::npos && !scanner_.at_end()) {
      symbol += scanner_.peek();
      scanner_.take(scanner_.peek());
    }
    if (symbol.empty()) return std::nullopt;
    std::vector<std::string_view> names;
    for (const auto& [op, name] : kOperators) {
      if (name == symbol) return op;
      if (op < Operator::like) names.push_back(name);
    }
    scanner_.fail(at, fmt::format("Invalid comparator '{}' not one of {}", symbol.substr(0, 20), quoted_list(names)));
  }

  [[noreturn]] void refuse_operator(std::size_t at, Operator op, const Meaning& meaning) {
    if (op == Operator::is_null || op == Operator::is_not_null) refuse_null_test(at, meaning);
    if ((op == Operator::in || op == Operator::not_in) && !meaning.entity->keys.empty()) refuse_list(at, meaning);
    std::vector<std::string_view> names;
    for (const Operator allowed : meaning.operators) names.push_back(name_of(allowed));
    scanner_.fail(at, fmt::format("Invalid comparator for {}: {}. '{}' takes {}", meaning.entity->name, name_of(op),
                                  meaning.key, quoted_list(names)));
  }

  [[noreturn]] void refuse_null_test(std::size_t at, const Meaning& meaning) {
    std::vector<std::string> able;
    for (const Entity& entity : grammar_.entities) {
      if (contains(entity.operators, Operator::is_null)) able.push_back(std::string(entity.name) + "s");
    }
    if (able.empty()) scanner_.fail(at, "IS NULL / IS NOT NULL is not supported here");
    scanner_.fail(at, fmt::format("IS NULL / IS NOT NULL is only supported for {}, not for '{}' '{}'",
                                  fmt::join(able, " and "), meaning.entity->name, meaning.key));
  }

  [[noreturn]] void refuse_list(std::size_t at, const Meaning& meaning) {
    std::vector<std::string_view> able;
    for (const Entity::Key& key : meaning.entity->keys) {
      if (contains(key.operators, Operator::in)) able.push_back(key.name);
    }
    if (able.empty()) scanner_.fail(at, fmt::format("Invalid comparator for {}: IN", meaning.entity->name));
    scanner_.fail(at, fmt::format("Only [{}] attributes support comparison with a list of quoted string values.",
                                  quoted_list(able)));
  }

  Literal literal(Operator op, const Meaning& meaning) {
    if (op == Operator::is_null || op == Operator::is_not_null) return {};
    if (op == Operator::in || op == Operator::not_in) return list();
    if (scanner_.at_end()) scanner_.fail(scanner_.position(), "Invalid clause(s) in filter string: a value is missing");
    if (op == Operator::like || op == Operator::ilike) return pattern(meaning);
    return meaning.kind == Kind::text ? quoted_text(meaning) : number(meaning);
  }

  Literal pattern(const Meaning& meaning) {
    const std::size_t start = scanner_.position();
    Literal literal = quoted_text(meaning);
    if (std::get<std::string>(literal.value).size() > kMaxPattern)
      scanner_.fail(start, fmt::format("The pattern is longer than {} bytes", kMaxPattern));
    return literal;
  }

  Literal quoted_text(const Meaning& meaning) {
    const std::size_t start = scanner_.position();
    if (scanner_.at_quote()) return {.value = std::string(scanner_.read_quoted())};
    const std::string_view found = scanner_.glance();
    if (found == "(") scanner_.fail(start, "Invalid clause(s) in filter string: '('. A list stands behind IN only");
    if (scanner_.read_number()) {
      scanner_.fail(start, fmt::format("Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
                                       meaning.entity->name, found));
    }
    scanner_.fail(start, fmt::format("Parameter value is either not quoted or unidentified quote types used for string "
                                     "value {}. Use either single or double quotes.",
                                     found));
  }

  Literal number(const Meaning& meaning) {
    const std::size_t start = scanner_.position();
    if (const auto read = scanner_.read_number()) return *read;
    const std::string_view found = scanner_.glance();
    if (meaning.kind == Kind::integer && scanner_.at_quote()) {
      if (const auto read = to_number(scanner_.read_quoted())) return *read;
    }
    const auto what = meaning.entity->keys.empty() ? std::string(meaning.entity->name)
                                                   : fmt::format("numeric {}: {}", meaning.entity->name, meaning.key);
    scanner_.fail(start, fmt::format("Expected numeric value type for {}. Found {}", what, found));
  }

  Literal list() {
    const std::size_t start = scanner_.position();
    if (!scanner_.take('(')) {
      scanner_.fail(start,
                    fmt::format("Expected a list of quoted string values in parentheses. Found {}", scanner_.glance()));
    }
    std::vector<std::string> values;
    for (scanner_.skip_space(); !scanner_.take(')'); scanner_.skip_space()) {
      const std::size_t at = scanner_.position();
      if (scanner_.at_end()) scanner_.fail(start, "Invalid clause(s) in filter string: '(' is never closed");
      if (!scanner_.at_quote()) {
        scanner_.fail(at, fmt::format("While parsing a list in the query, expected string value, punctuation, or "
                                      "whitespace, but got different type in list: {}",
                                      scanner_.glance()));
      }
      values.emplace_back(scanner_.read_quoted());
      scanner_.skip_space();
      if (!scanner_.take(',') && scanner_.peek() != ')' && !scanner_.at_end()) {
        scanner_.fail(scanner_.position(), "Invalid clause(s) in filter string: ',' or ')' is missing in the list");
      }
    }
    if (values.empty()) {
      scanner_.fail(
          start, "While parsing a list in the query, expected a non-empty list of string values, but got empty list");
    }
    return {.value = std::move(values)};
  }

  Scanner scanner_;
  const Grammar& grammar_;
};

void check_text(std::string_view text, std::string_view field) {
  if (text.size() > kMaxBytes) {
    throw core::invalid(fmt::format("{} is longer than {} bytes", field, kMaxBytes), std::string(field));
  }
  if (text.find('\0') != std::string_view::npos || !core::is_utf8(text)) {
    throw core::invalid(fmt::format("{} is not UTF-8 text without NUL characters", field), std::string(field));
  }
}

}  // namespace

std::string_view name_of(Operator op) { return kOperators[static_cast<std::size_t>(op)].second; }

Filter parse_filter(std::string_view text, const Grammar& grammar, std::string_view field) {
  check_text(text, field);
  return Parser(text, grammar, field).filter();
}

Order parse_order(std::string_view clause, const Grammar& grammar) {
  constexpr std::string_view kField = "order_by";
  check_text(clause, kField);
  Scanner scanner(clause, kField);
  const auto refuse = [&] {
    scanner.fail(scanner.position(),
                 fmt::format("Invalid order_by clause '{}'. Could not be parsed.", clause.substr(0, 200)));
  };
  scanner.skip_space();
  const std::size_t start = scanner.position();
  const char first = scanner.peek();
  if (scanner.at_end() || first == '\'' || first == '-' || first == '(') refuse();
  Identifier read = scanner.read_identifier();
  scanner.skip_space();
  const bool descending = scanner.take_word("desc");
  if (!descending) scanner.take_word("asc");
  scanner.skip_space();
  if (!scanner.at_end()) refuse();
  Meaning meaning = resolve(scanner, start, std::move(read), grammar);
  return {.entity = std::string(meaning.entity->name), .key = std::move(meaning.key), .ascending = !descending};
}

}  // namespace wakeful::search
