#pragma once
// The filter language that MLflow's clients and our pages speak, parsed once into a tree.
//
//   tags.online = 'True' and tags.detector = 'checkout' and metrics.rmse < 0.5 and name ILIKE '%x%'
//
// A grammar says which entities exist and which comparators each takes; what a key means in the database is the
// slice's field map (sql.hpp). Errors are `invalid`, with the message, the position and a caret line, so that a page
// can show them at the token. Pure: no I/O, no thread contract. The lexical rules and their reasons: DESIGN.md.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wakeful::search {

enum class Operator {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  like,
  ilike,
  in,
  not_in,
  is_null,
  is_not_null
};
/// "=", "!=", "LIKE", "NOT IN", "IS NULL", …
std::string_view name_of(Operator op);

struct Literal {
  std::variant<std::string, double, std::vector<std::string>> value;
  /// Set for whole numbers that fit, whatever the key's kind; `value` then holds the same number as a double.
  bool is_integer = false;
  std::int64_t integer = 0;
};

struct Comparison {
  std::string entity;  // canonical: "attribute", "metric", "param", "tag", "dataset", …
  std::string key;     // unquoted
  Operator op = Operator::equal;
  Literal literal;           // an empty text for is_null and is_not_null
  std::size_t position = 0;  // byte offset of the comparison in the text
};

/// All comparisons hold (MLflow's language knows no OR).
struct Filter {
  std::vector<Comparison> all;
  bool empty() const { return all.empty(); }
};

/// What kind of literal a key takes.
enum class Kind {
  text,     // quoted
  number,   // not quoted; whole numbers are marked in the Literal
  integer,  // as number, and also a quoted number ("version_number = '2'"); a fraction is allowed and equals nothing
};

struct Entity {
  std::string_view name;                        // canonical
  std::span<const std::string_view> aliases{};  // every word accepted before the dot: "metrics", "metric"; case counts
  Kind kind = Kind::text;
  std::span<const Operator> operators{};
  /// Attributes: the keys that exist, with their kinds; empty: any key.
  struct Key {
    std::string_view name;     // canonical
    std::string_view alias{};  // another accepted spelling, or empty; further spellings are further rows
    Kind kind = Kind::text;
    std::span<const Operator> operators{};  // empty: the entity's
  };
  std::span<const Key> keys{};
};

struct Grammar {
  std::span<const Entity> entities;
  /// The entity of a key without a prefix ("name = 'x'"); empty: a prefix is needed.
  std::string_view default_entity;
};

/// Empty or blank text: an empty filter. Limits: 64 KiB, 1,000 comparisons, 16 KiB for the pattern of a LIKE.
/// Errors: invalid naming `field`.
Filter parse_filter(std::string_view text, const Grammar& grammar, std::string_view field = "filter");

struct Order {
  std::string entity;
  std::string key;
  bool ascending = true;
};
/// One clause of an order_by list: "metrics.rmse DESC". Errors: invalid naming order_by.
Order parse_order(std::string_view clause, const Grammar& grammar);

}  // namespace wakeful::search
