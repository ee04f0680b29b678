#pragma once
// The filter language that MLflow's clients and our pages speak, parsed once into a tree.
//
//   tags.online = 'True' and tags.detector = 'checkout' and metrics.rmse < 0.5 and name ILIKE '%x%'
//
// A grammar says which entities exist and which comparators each takes; what a key means in the database is the
// slice's field map (sql.hpp). Errors are `invalid`, with the message, the position and a caret line, so that a page
// can show them at the token. Pure: no I/O, no thread contract.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wakeful::search {

enum class Operator { equal, not_equal, less, less_equal, greater, greater_equal, like, ilike, in, not_in, is_null, is_not_null };
std::string_view name_of(Operator op);

struct Literal {
  std::variant<std::string, double, std::vector<std::string>> value;
  bool is_integer = false;
  std::int64_t integer = 0;
};

struct Comparison {
  std::string entity;  // canonical: "attribute", "metric", "param", "tag", "dataset", …
  std::string key;     // unquoted
  Operator op = Operator::equal;
  Literal literal;
  std::size_t position = 0;  // byte offset of the comparison in the text
};

/// All comparisons hold (MLflow's language knows no OR).
struct Filter {
  std::vector<Comparison> all;
  bool empty() const { return all.empty(); }
};

/// What kind of literal a key takes.
enum class Kind { text, number, integer };

struct Entity {
  std::string_view name;                        // canonical
  std::span<const std::string_view> aliases;    // "metrics", "metric"; lower case
  Kind kind = Kind::text;
  std::span<const Operator> operators;
  /// Attributes: the keys that exist, with their kinds; empty: any key.
  struct Key {
    std::string_view name;       // canonical
    std::string_view alias;      // another accepted spelling, or empty
    Kind kind = Kind::text;
    std::span<const Operator> operators;  // empty: the entity's
  };
  std::span<const Key> keys;
};

struct Grammar {
  std::span<const Entity> entities;
  /// The entity of a key without a prefix ("name = 'x'"); empty: a prefix is needed.
  std::string_view default_entity;
};

/// Empty text: an empty filter. Limits: 64 KiB, 1,000 comparisons.
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
