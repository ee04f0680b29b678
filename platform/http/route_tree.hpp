#pragma once
// Finds the route of a path: a tree with one level per segment. Text goes before "{name}", that before "{name...}".
//
// It stores places in the Router's table, no routes. Threads: find() any number at once, add() before the first.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/http/target.hpp"

namespace wakeful::http {

/// A pattern, taken apart: "/a/{b}/{c...}".
struct Pattern {
  struct Part {
    enum class Kind { text, segment, rest } kind;
    std::string name;  // the text, or the parameter's name
  };
  std::vector<Part> parts;

  /// Errors: internal for a pattern that no path can match or whose "{name...}" is not last.
  static Pattern parse(std::string_view text);
};

class RouteTree {
 public:
  /// Errors: internal if a route of that method and shape is there already.
  void add(const Pattern& pattern, std::string_view method, std::size_t route);

  struct Found {
    std::optional<std::size_t> route;
    /// Places of the path's segments that were captured, in the pattern's order; the last one begins the rest.
    std::vector<std::size_t> captured;
    /// The methods of all routes whose pattern fits, when none has the method asked for.
    std::vector<std::string_view> allowed;
  };
  /// HEAD takes the GET route where it has none of its own.
  Found find(const std::vector<Segment>& path, std::string_view method) const;

 private:
  struct Endpoint {
    std::string method;
    std::size_t route;
  };
  struct Node {
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> texts;
    std::unique_ptr<Node> segment;
    std::vector<Endpoint> here;
    std::vector<Endpoint> rest;
  };
  struct Walk;
  static bool pick(const std::vector<Endpoint>& endpoints, Walk& walk);
  static bool match(const Node& node, std::size_t depth, Walk& walk);

  Node root_;
};

}  // namespace wakeful::http
