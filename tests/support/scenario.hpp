#pragma once
// API scenarios as text: requests and what their answers must and must not hold, played against a Router with the real
// slice on a real store, without sockets. One file per subject; a route without a scenario fails its slice's suite.
//
//   === a run is renamed by its tag                      a scenario, on a fresh store
//   POST /api/2.0/mlflow/runs/create {"experiment_id":"0","run_name":"a"}
//   200                                                  the status; then what is expected of the answer:
//   /run/info/run_name = "a"                             a JSON pointer and the JSON that is there
//   /run/info/run_id -> R                                … its text kept as $R for the lines below
//   /run/info/end_time absent
//   /run/data/tags has {"key":"a","value":"b"}           an array that holds this item, in any place
//   /message ~ already exists                            a text that contains this
//   /runs size 3                                         an array or object of so many members
//   contains: text        lacks: text                    the body as it is
//   header Content-Type = application/json               of the answer
//
// A request's line may be followed by indented lines: `  Name: value` are headers, all others belong to the body.
// A body gets `Content-Type: application/json` unless a Content-Type is given (`Content-Type: -` sends none).
// `$REPEAT(x,250)` stands for 250 x. A line that begins with `#` is a comment.
// After every answer of 400 or more the store must be as it was before.
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "platform/http/router.hpp"

namespace wakeful::testing {

/// One request and its expectations.
struct Exchange {
  int line = 0;
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool has_body = false;
  int status = 0;
  struct Expectation {
    int line = 0;
    std::string text;
  };
  std::vector<Expectation> expectations;
};

struct Scenario {
  std::string file;
  std::string title;
  std::vector<Exchange> exchanges;
};
/// So that a failing test is listed by its title.
void PrintTo(const Scenario& scenario, std::ostream* out);

/// The scenarios of every .scenario file in `folder`, given from the project's root ("tests/api/tracker").
/// Errors: std::runtime_error with file and line for text that is no scenario.
std::vector<Scenario> load_scenarios(const std::string& folder);

/// The system under test, made fresh for each scenario.
struct Stage {
  http::Router* router = nullptr;
  /// Everything that the store holds, as text; it is compared around refused requests.
  std::function<std::string()> fingerprint{};
  /// Texts known from the start, as $NAME.
  std::vector<std::pair<std::string, std::string>> variables{};
};

/// Plays a scenario; what does not hold is a gtest failure at its line.
void play(const Scenario& scenario, const Stage& stage);

/// "METHOD pattern" of the routes that no exchange of `scenarios` asks for.
std::vector<std::string> routes_without_scenario(std::span<const http::Route> routes,
                                                 const std::vector<Scenario>& scenarios);

/// For INSTANTIATE_TEST_SUITE_P: the title as a test's name.
std::string name_of(const Scenario& scenario);

}  // namespace wakeful::testing
