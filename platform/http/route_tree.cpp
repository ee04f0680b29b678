#include "platform/http/route_tree.hpp"

#include <algorithm>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::http {

Pattern Pattern::parse(std::string_view text) {
  Pattern pattern;
  if (text.empty() || text.front() != '/')
    throw core::internal("a route's pattern starts with '/': " + std::string(text));
  if (text == "/") return pattern;
  for (std::string_view part : core::split(text.substr(1), '/')) {
    if (!pattern.parts.empty() && pattern.parts.back().kind == Part::Kind::rest)
      throw core::internal("\"{name...}\" comes last: " + std::string(text));
    if (part.size() < 2 || part.front() != '{' || part.back() != '}') {
      if (part.empty()) throw core::internal("an empty segment in the pattern " + std::string(text));
      pattern.parts.push_back({Part::Kind::text, std::string(part)});
      continue;
    }
    part = part.substr(1, part.size() - 2);
    const bool rest = part.ends_with("...");
    if (rest) part.remove_suffix(3);
    pattern.parts.push_back({rest ? Part::Kind::rest : Part::Kind::segment, std::string(part)});
  }
  return pattern;
}

struct RouteTree::Walk {
  const std::vector<Segment>& path;
  std::string_view method;
  Found found;
};

void RouteTree::add(const Pattern& pattern, std::string_view method, std::size_t route) {
  Node* node = &root_;
  std::vector<Endpoint>* endpoints = nullptr;
  for (const Pattern::Part& part : pattern.parts) {
    if (part.kind == Pattern::Part::Kind::rest) {
      endpoints = &node->rest;
    } else if (part.kind == Pattern::Part::Kind::segment) {
      if (!node->segment) node->segment = std::make_unique<Node>();
      node = node->segment.get();
    } else {
      auto& texts = node->texts;
      auto at = std::find_if(texts.begin(), texts.end(), [&](const auto& child) { return child.first == part.name; });
      if (at == texts.end()) at = texts.emplace(texts.end(), part.name, std::make_unique<Node>());
      node = at->second.get();
    }
  }
  if (endpoints == nullptr) endpoints = &node->here;
  for (const Endpoint& endpoint : *endpoints)
    if (endpoint.method == method) throw core::internal("two routes answer the same requests");
  endpoints->push_back({std::string(method), route});
}

RouteTree::Found RouteTree::find(const std::vector<Segment>& path, std::string_view method) const {
  Walk walk{path, method, {}};
  match(root_, 0, walk);
  return std::move(walk.found);
}

bool RouteTree::pick(const std::vector<Endpoint>& endpoints, Walk& walk) {
  const Endpoint* chosen = nullptr;
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.method == walk.method) chosen = &endpoint;
    if (endpoint.method == "GET" && walk.method == "HEAD" && chosen == nullptr) chosen = &endpoint;
  }
  if (chosen == nullptr) {
    for (const Endpoint& endpoint : endpoints) walk.found.allowed.push_back(endpoint.method);
    return false;
  }
  walk.found.route = chosen->route;
  return true;
}

bool RouteTree::match(const Node& node, std::size_t depth, Walk& walk) {
  if (depth == walk.path.size()) return pick(node.here, walk);
  const std::string_view text = walk.path[depth].text();
  for (const auto& [name, child] : node.texts)
    if (name == text && match(*child, depth + 1, walk)) return true;
  if (text.empty()) return false;  // a slash at the end, or two in a row, is no segment
  walk.found.captured.push_back(depth);
  if (node.segment && match(*node.segment, depth + 1, walk)) return true;
  if (!node.rest.empty() && pick(node.rest, walk)) return true;
  walk.found.captured.pop_back();
  return false;
}

}  // namespace wakeful::http
