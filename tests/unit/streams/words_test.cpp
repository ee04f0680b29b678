// Every word of a definition's file, by what it does to events: the text is read, the events are watched, the alerts
// are compared with those worked out by hand. So neither the words nor what they stand for can be exchanged unseen.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "platform/core/id.hpp"
#include "streams/watch.hpp"

namespace wakeful::streams {
namespace {

namespace fs = std::filesystem;

class StreamWords : public ::testing::Test {
 protected:
  StreamWords() { fs::create_directories(folder_); }

 public:
  ~StreamWords() override { fs::remove_all(folder_); }

 protected:
  void give(std::int64_t ts, double value) {
    std::ofstream(folder_ / "in", std::ios::app)
        << fmt::format("{{\"key\": \"a\", \"ts\": {0}, \"value\": {{\"t\": {1}, \"at\": {0}}}}}\n", ts, value);
  }

  /// The alerts' lines of a definition with these parts; each call reads all the events.
  std::vector<std::string> alerts(const std::string& window, const std::string& alert, const std::string& more = "") {
    const std::string name = core::new_hex_id();
    const std::string text = fmt::format(
        R"({{"name": "words", "schedule": "stream", "stream": {{"input": {{"file": "{0}/in"}}, "value": "t", {3}
           "window": {{{1}}}, "alert": {{{2}}}, "output": {{"file": "{0}/{4}", "value": "json"}}}}}})",
        folder_.string(), window, alert, more, name);
    const auto document = core::parse_json(text);
    std::ostringstream out;
    watch(read_stream(core::ObjectReader(document.root())), {.state = folder_ / (name + "-state")}, out);
    std::vector<std::string> lines;
    std::ifstream file(folder_ / name);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  /// The windows' starts of those lines.
  static std::vector<std::int64_t> starts(const std::vector<std::string>& lines) {
    std::vector<std::int64_t> out;
    for (const std::string& line : lines) {
      const auto document = core::parse_json(line);
      out.push_back(core::ObjectReader(document.root()).integer("ts"));
    }
    return out;
  }

  fs::path folder_ = fs::temp_directory_path() / core::new_hex_id();
};

using Starts = std::vector<std::int64_t>;

TEST_F(StreamWords, EachAggregateIsItsOwnNumber) {
  for (const auto& [ts, value] : {std::pair{10'000, 4.0}, {10'100, 1.0}, {10'200, 7.5}, {10'300, 2.0}, {20'000, 0.0}})
    give(ts, value);
  for (const auto& [word, number] :
       {std::pair{"mean", "3.625"}, {"sum", "14.5"}, {"count", "4.0"}, {"min", "1.0"}, {"max", "7.5"}}) {
    const std::string window =
        fmt::format(R"("kind": "tumbling", "size": "1s", "emit": "final", "aggregate": "{}")", word);
    const auto found = alerts(window, R"("when": ">= 0")");
    ASSERT_EQ(found.size(), 1U) << word;
    EXPECT_EQ(found.front(), fmt::format(R"({{"key":"a","ts":10000,"value":{{"detector":"words","state":"firing",)"
                                         R"("start":10000,"end":11000,"count":4,"{}":{}}}}})",
                                         word, number));
    // The rule judges the very number that is shown.
    EXPECT_EQ(alerts(window, fmt::format(R"("when": "== {}")", number)).size(), 1U) << word;
    EXPECT_EQ(alerts(window, fmt::format(R"("when": "> {}")", number)).size(), 0U) << word;
  }
}

TEST_F(StreamWords, EachKindHasItsOwnWindows) {
  for (const std::int64_t ts : {10'400, 11'600}) give(ts, 5);
  EXPECT_EQ(starts(alerts(R"("kind": "tumbling", "size": "2s")", R"("when": "> 0")")), (Starts{10'000, 10'000}));
  EXPECT_EQ(starts(alerts(R"("kind": "hopping", "size": "2s", "step": "1s")", R"("when": "> 0")")),
            (Starts{9'000, 10'000, 10'000, 11'000}));
  EXPECT_EQ(starts(alerts(R"("kind": "sliding", "size": "2s")", R"("when": "> 0")")), (Starts{8'400, 9'600}));
  // A sliding window has both its ends.
  give(12'400, 5);
  EXPECT_EQ(alerts(R"("kind": "sliding", "size": "2s", "min_count": 3)", R"("when": "> 0")").size(), 1U);
  EXPECT_EQ(alerts(R"("kind": "sliding", "size": "1999ms", "min_count": 3)", R"("when": "> 0")").size(), 0U);
}

TEST_F(StreamWords, EachEmissionGivesItsOwnWindows) {
  for (const std::int64_t ts : {10'400, 11'600, 14'000}) give(ts, 5);
  const auto emitted = [&](const char* word) {
    return starts(alerts(fmt::format(R"("kind": "hopping", "size": "2s", "step": "1s", "emit": "{}")", word),
                         R"("when": "> 0")"));
  };
  EXPECT_EQ(emitted("updates"), (Starts{9'000, 10'000, 10'000, 11'000, 13'000, 14'000}));
  EXPECT_EQ(emitted("oldest"), (Starts{9'000, 10'000, 13'000}));
  EXPECT_EQ(emitted("final"), (Starts{9'000, 10'000, 11'000}));
}

TEST_F(StreamWords, EachUnitOfTimeIsItsOwn) {
  give(7'000'000'000, 5);
  for (const auto& [unit, start] : {std::pair{"s", std::int64_t{7'000'000'000'000}},
                                    {"ms", std::int64_t{7'000'000'000}},
                                    {"us", std::int64_t{7'000'000}},
                                    {"ns", std::int64_t{7'000}}}) {
    const std::string more =
        fmt::format(R"("timestamp": {{"field": "at", "unit": "{}"}}, "max_future_skew": "366d", )", unit);
    const auto found = starts(alerts(R"("kind": "tumbling", "size": "1s")", R"("when": "> 0")", more));
    // Seven thousand billion milliseconds lie in the year 2191: refused, as no other unit's are.
    EXPECT_EQ(found, std::string_view(unit) == "s" ? Starts{} : Starts{start}) << unit;
  }
}

TEST_F(StreamWords, GraceKeepsAWindowOpenForThatLong) {
  for (const std::int64_t ts : {10'400, 11'500, 10'600, 13'000}) give(ts, 5);
  const auto counted = [&](const char* grace) {
    return starts(alerts(fmt::format(R"("kind": "tumbling", "size": "1s", "grace": "{}", "min_count": 2)", grace),
                         R"("when": "> 0")"));
  };
  EXPECT_EQ(counted("500ms"), Starts{});  // closed by the reading at 11.5 s
  EXPECT_EQ(counted("501ms"), Starts{10'000});
}

}  // namespace
}  // namespace wakeful::streams
