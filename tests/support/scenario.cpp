#include "support/scenario.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "platform/core/text.hpp"

namespace wakeful::testing {
namespace {

using nlohmann::json;

bool is_method(std::string_view word) {
  return word == "GET" || word == "POST" || word == "PUT" || word == "PATCH" || word == "DELETE" || word == "HEAD" ||
         word == "OPTIONS";
}

std::string_view first_word(std::string_view line) { return line.substr(0, line.find(' ')); }

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path) {}

  std::vector<Scenario> read() {
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) {
      ++number_;
      const bool indented = line.starts_with("  ");
      const std::string_view text = core::trim(line);
      if (text.empty() || text.front() == '#') continue;
      if (text.starts_with("=== ")) {
        all_.push_back({path_.filename().string(), std::string(text.substr(4)), {}});
      } else if (all_.empty()) {
        fail("a line before the first scenario");
      } else if (is_method(first_word(text)) && !indented) {
        begin_exchange(text);
      } else if (all_.back().exchanges.empty()) {
        fail("a line before the first request");
      } else if (indented) {
        continue_request(text);
      } else {
        expect(text);
      }
    }
    return std::move(all_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw std::runtime_error(fmt::format("{}:{}: {}", path_.string(), number_, what));
  }

  Exchange& exchange() { return all_.back().exchanges.back(); }

  void begin_exchange(std::string_view text) {
    Exchange made;
    made.line = number_;
    made.method = first_word(text);
    std::string_view rest = core::trim(text.substr(made.method.size()));
    made.target = first_word(rest);
    rest = core::trim(rest.substr(made.target.size()));
    made.body = rest;
    made.has_body = !rest.empty();
    all_.back().exchanges.push_back(std::move(made));
  }

  void continue_request(std::string_view text) {
    const auto colon = text.find(": ");
    const bool is_header = colon != std::string_view::npos &&
                           std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
                             return c == '-' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                           });
    if (is_header) {
      exchange().headers.emplace_back(text.substr(0, colon), text.substr(colon + 2));
    } else {
      exchange().body += text;
      exchange().has_body = true;
    }
  }

  void expect(std::string_view text) {
    Exchange& made = exchange();
    if (made.status != 0) {
      made.expectations.push_back({number_, std::string(text)});
      return;
    }
    const auto status = core::to_integer(text);
    if (!status) fail("a status is expected");
    made.status = static_cast<int>(*status);
  }

  std::filesystem::path path_;
  int number_ = 0;
  std::vector<Scenario> all_;
};

using Variables = std::map<std::string, std::string, std::greater<>>;

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// $NAME and $REPEAT(text,count).
std::string fill_in(std::string text, const Variables& variables) {
  constexpr std::string_view kRepeat = "$REPEAT(";
  for (std::size_t at = text.find(kRepeat); at != std::string::npos; at = text.find(kRepeat)) {
    const std::size_t end = text.find(')', at);
    const std::string inside = text.substr(at + kRepeat.size(), end - at - kRepeat.size());
    const std::size_t comma = inside.rfind(',');
    std::string repeated;
    for (int i = std::stoi(inside.substr(comma + 1)); i > 0; --i) repeated += inside.substr(0, comma);
    text.replace(at, end + 1 - at, repeated);
  }
  // Longer names first, by the map's order: $RUN2 is not $RUN and a 2.
  for (const auto& [name, value] : variables) replace_all(text, "$" + name, value);
  return text;
}

http::Request to_request(const Exchange& exchange, const Variables& variables) {
  http::Request request;
  request.method = exchange.method;
  request.target = fill_in(exchange.target, variables);
  bool has_type = false;
  for (const auto& [name, value] : exchange.headers) {
    has_type = has_type || name == "Content-Type";
    if (value != "-") request.headers.add(name, fill_in(value, variables));
  }
  if (!exchange.has_body) return request;
  if (!has_type) request.headers.add("Content-Type", "application/json");
  std::string body = fill_in(exchange.body, variables);
  request.content_length = body.size();
  request.body = std::make_unique<http::TextBody>(std::move(body));
  return request;
}

/// One line of expectation against an answer.
class Check {
 public:
  Check(http::Response& response, Variables& variables)
      : response_(response), body_(response.read_all()), variables_(variables) {
    parsed_ = json::parse(body_, nullptr, false);
  }

  const std::string& body() const { return body_; }

  void operator()(const std::string& written) {
    const std::string line = fill_in(written, variables_);
    if (line.starts_with("contains: ")) {
      EXPECT_NE(body_.find(line.substr(10)), std::string::npos) << body_;
    } else if (line.starts_with("lacks: ")) {
      EXPECT_EQ(body_.find(line.substr(7)), std::string::npos) << body_;
    } else if (line.starts_with("header ")) {
      header(line.substr(7));
    } else if (line.starts_with("/") || line.starts_with("= ")) {
      pointer(line);
    } else {
      ADD_FAILURE() << "no expectation: " << line;
    }
  }

 private:
  void header(const std::string& line) {
    const auto equals = line.find(" = ");
    const auto found = response_.headers.find(line.substr(0, equals));
    EXPECT_EQ(found.value_or("(none)"), line.substr(equals + 3));
  }

  void pointer(const std::string& line) {
    ASSERT_FALSE(parsed_.is_discarded()) << "the answer is no JSON: " << body_;
    const std::string path = line.starts_with("=") ? "" : line.substr(0, line.find(' '));
    const std::string rest = line.starts_with("=") ? line : line.substr(path.size() + 1);
    const std::string verb = rest.substr(0, rest.find(' '));
    const std::string wanted = rest.size() > verb.size() ? rest.substr(verb.size() + 1) : "";
    const json::json_pointer at(path);
    const bool there = parsed_.contains(at);
    if (verb == "absent") {
      EXPECT_FALSE(there) << body_;
      return;
    }
    ASSERT_TRUE(there) << "nothing at " << path << " in " << body_;
    compare(parsed_.at(at), verb, wanted);
  }

  void compare(const json& found, const std::string& verb, const std::string& wanted) {
    if (verb == "=") {
      EXPECT_EQ(found, json::parse(wanted)) << body_;
    } else if (verb == "~") {
      EXPECT_NE(text_of(found).find(wanted), std::string::npos) << found;
    } else if (verb == "->") {
      variables_[wanted] = text_of(found);
    } else if (verb == "has") {
      EXPECT_NE(std::find(found.begin(), found.end(), json::parse(wanted)), found.end()) << found;
    } else if (verb == "size") {
      EXPECT_EQ(std::to_string(found.size()), wanted) << found;
    } else {
      ADD_FAILURE() << "unknown verb '" << verb << "'";
    }
  }

  static std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

  http::Response& response_;
  std::string body_;
  json parsed_;
  Variables& variables_;
};

/// Whether the path of `target` is one that `pattern` answers.
bool matches(std::string_view pattern, std::string_view target) {
  const auto wanted = core::split(pattern, '/');
  const auto given = core::split(target.substr(0, target.find('?')), '/');
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with("{") && wanted[i].ends_with("...}")) return given.size() > i;
    if (i >= given.size()) return false;
    if (!wanted[i].starts_with("{") && wanted[i] != given[i]) return false;
  }
  return wanted.size() == given.size();
}

}  // namespace

void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.file << ": " << scenario.title; }

std::vector<Scenario> load_scenarios(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(WAKEFUL_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == ".scenario") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Scenario> all;
  for (const auto& path : paths) {
    auto scenarios = Reader(path).read();
    std::move(scenarios.begin(), scenarios.end(), std::back_inserter(all));
  }
  return all;
}

void play(const Scenario& scenario, const Stage& stage) {
  Variables variables(stage.variables.begin(), stage.variables.end());
  for (const Exchange& exchange : scenario.exchanges) {
    const std::string where =
        fmt::format("{}:{}: {} {}", scenario.file, exchange.line, exchange.method, exchange.target);
    SCOPED_TRACE(where);
    const std::string before = exchange.status >= 400 && stage.fingerprint ? stage.fingerprint() : std::string();
    http::Response response = stage.router->handle(to_request(exchange, variables));
    Check check(response, variables);
    ASSERT_EQ(response.status, exchange.status) << check.body();
    for (const auto& expectation : exchange.expectations) {
      SCOPED_TRACE(fmt::format("line {}: {}", expectation.line, expectation.text));
      check(expectation.text);
    }
    if (exchange.status >= 400 && stage.fingerprint) {
      EXPECT_EQ(stage.fingerprint(), before) << "a refused request changed the store";
    }
  }
}

std::vector<std::string> routes_without_scenario(std::span<const http::Route> routes,
                                                 const std::vector<Scenario>& scenarios) {
  std::vector<std::string> missing;
  for (const http::Route& route : routes) {
    const bool asked = std::any_of(scenarios.begin(), scenarios.end(), [&](const Scenario& scenario) {
      return std::any_of(scenario.exchanges.begin(), scenario.exchanges.end(), [&](const Exchange& exchange) {
        return exchange.method == route.method && matches(route.pattern, exchange.target);
      });
    });
    if (!asked) missing.push_back(route.method + " " + route.pattern);
  }
  return missing;
}

std::string name_of(const Scenario& scenario) {
  std::string name;
  bool upper = true;
  for (const char c : scenario.title) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = !plain;
  }
  return name;
}

}  // namespace wakeful::testing
