#include "streams/watch.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/id.hpp"
#include "platform/core/random.hpp"

namespace wakeful::streams {
namespace {

namespace fs = std::filesystem;

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() {
    fs::create_directories(folder_);
    hot_.name = "hot";
    hot_.input = FileInput{folder_ / "in"};
    hot_.output = FileOutput{folder_ / "out"};
    hot_.dead_letters = FileOutput{folder_ / "dead"};
    hot_.value = "t";
    hot_.window = {.kind = WindowKind::hopping, .size_ms = 5'000, .step_ms = 1'000, .grace_ms = 0};
    hot_.threshold = 90;
    hot_.round = 2;
  }
  ~WatchTest() override { fs::remove_all(folder_); }

  void give(std::int64_t ts, double value, const std::string& key = "2") {
    std::ofstream(folder_ / "in", std::ios::app)
        << R"({"key": ")" << key << R"(", "ts": )" << ts << R"(, "value": {"t": )" << value << "}}\n";
  }
  void give_line(const std::string& line) { std::ofstream(folder_ / "in", std::ios::app) << line; }
  Counts run() {
    std::ostringstream out;
    return watch(hot_, {.state = folder_ / "state"}, out);
  }
  std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  std::size_t lines(const std::string& name) const {
    const std::string text = read(name);
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  fs::path folder_ = fs::temp_directory_path() / core::new_hex_id();
  StreamDefinition hot_;
};

// The tutorial's five readings give eleven alerts.
TEST_F(WatchTest, AlertsAsTheTutorialDoes) {
  for (const auto& [ts, value] :
       {std::pair{100'000, 88.0}, {100'600, 90.0}, {101'200, 91.0}, {101'800, 92.0}, {102'400, 93.0}})
    give(ts, value);
  EXPECT_EQ(run().alerts, 11);
  EXPECT_EQ(read("out"),
            "{\"key\":\"2\",\"ts\":101000,\"value\":91.0}\n"
            "{\"key\":\"2\",\"ts\":97000,\"value\":90.25}\n{\"key\":\"2\",\"ts\":98000,\"value\":90.25}\n"
            "{\"key\":\"2\",\"ts\":99000,\"value\":90.25}\n{\"key\":\"2\",\"ts\":100000,\"value\":90.25}\n"
            "{\"key\":\"2\",\"ts\":101000,\"value\":91.5}\n"
            "{\"key\":\"2\",\"ts\":98000,\"value\":90.8}\n{\"key\":\"2\",\"ts\":99000,\"value\":90.8}\n"
            "{\"key\":\"2\",\"ts\":100000,\"value\":90.8}\n{\"key\":\"2\",\"ts\":101000,\"value\":92.0}\n"
            "{\"key\":\"2\",\"ts\":102000,\"value\":93.0}\n");
}

TEST_F(WatchTest, CanAskForTheOldestWindowForSeveralReadingsOrForASpan) {
  for (const auto& [ts, value] :
       {std::pair{100'000, 88.0}, {100'600, 90.0}, {101'200, 91.0}, {101'800, 92.0}, {102'400, 93.0}})
    give(ts, value);
  hot_.emit = Emit::oldest;
  hot_.name = "oldest";
  EXPECT_EQ(run().alerts, 2);
  EXPECT_EQ(read("out"), "{\"key\":\"2\",\"ts\":97000,\"value\":90.25}\n{\"key\":\"2\",\"ts\":98000,\"value\":90.8}\n");
  fs::remove(folder_ / "out");
  hot_.emit = Emit::updates;
  hot_.name = "several";
  hot_.min_count = 3;
  EXPECT_EQ(run().alerts, 8);  // 90.25 four times, 90.8 three times, and 92 of the last three
  fs::remove(folder_ / "out");
  hot_.name = "span";
  hot_.min_count = 1;
  hot_.min_span_ms = 1'800;
  EXPECT_EQ(run().alerts, 7);
}

TEST_F(WatchTest, GivesFinalWindowsOnceAndBuriesWhatIsLate) {
  hot_.emit = Emit::final;
  hot_.threshold = 0;
  for (const auto& [ts, value] : {std::pair{100'000, 88.0},
                                  {100'600, 90.0},
                                  {101'200, 91.0},
                                  {101'800, 92.0},
                                  {102'400, 93.0},
                                  {106'000, 94.0},
                                  {100'900, 10.0},
                                  {110'000, 80.0}})
    give(ts, value);
  const Counts done = run();
  EXPECT_EQ(done.late, 1);
  EXPECT_EQ(done.alerts, 10);
  EXPECT_NE(read("out").find("{\"key\":\"2\",\"ts\":96000,\"value\":89.0}"), std::string::npos);
  EXPECT_NE(read("out").find("{\"key\":\"2\",\"ts\":102000,\"value\":93.5}"), std::string::npos);
  EXPECT_NE(read("dead").find("late by 5100 ms for 5 windows"), std::string::npos) << read("dead");
}

TEST_F(WatchTest, WaitsBetweenAlertsAndSaysWhenItIsOver) {
  hot_.window = {.kind = WindowKind::hopping, .size_ms = 1'000, .step_ms = 1'000, .grace_ms = 0};
  hot_.is_json = hot_.resolved = true;
  hot_.cooldown_ms = 10'000;
  for (const auto& [ts, value] :
       {std::pair{1'000, 95.0}, {2'000, 96.0}, {3'000, 20.0}, {4'000, 97.0}, {5'000, 98.0}, {14'000, 99.0}})
    give(ts, value);
  run();
  const std::string out = read("out");
  EXPECT_EQ(lines("out"), 4U) << out;
  EXPECT_NE(out.find(R"("state":"firing","start":1000,"end":2000,"count":1,"mean":95.0)"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("state":"resolved","start":3000)"), std::string::npos);
  EXPECT_NE(out.find(R"("state":"firing","start":4000)"), std::string::npos);   // after it was over
  EXPECT_NE(out.find(R"("state":"firing","start":14000)"), std::string::npos);  // after the wait
}

TEST_F(WatchTest, CountsAndBuriesWhatIsNoEvent) {
  give(1'000, 95);
  give_line("nonsense\n\n{\"key\": \"a\", \"ts\": 1}\n{\"key\": \"a\"}\n\xff\xfe\n");
  give_line("{\"key\": \"a\", \"ts\": 99999999999999, \"value\": {\"t\": 1}}\n");  // in three thousand years
  give_line(std::string(2 << 20, 'x') + "\n");
  give(1'500, 96);
  const Counts done = run();
  EXPECT_EQ(done.events, 2);
  EXPECT_EQ(done.skipped, 1);
  EXPECT_EQ(done.refused, 5);
  EXPECT_EQ(lines("dead"), 5U);
  EXPECT_NE(read("dead").find("further ahead than max_future_skew"), std::string::npos);
  EXPECT_NE(read("dead").find("longer than 1 MiB"), std::string::npos);
}

TEST_F(WatchTest, LeavesALineThatIsNotWholeForLater) {
  give(1'000, 95);
  give_line(R"({"key": "2", "ts": 1100, )");
  EXPECT_EQ(run().events, 1);
  give_line("\"value\": {\"t\": 97}}\n");
  const Counts done = run();
  EXPECT_EQ(done.events, 2);
  EXPECT_EQ(done.refused, 0);
}

TEST_F(WatchTest, InAnyNumberOfRunsWritesWhatOneWouldWrite) {
  core::Random chance(11);
  std::vector<std::string> all;
  std::int64_t ts = 50'000;
  for (int i = 0; i < 3'000; ++i) {
    ts += static_cast<std::int64_t>(chance.below(700)) - 100;
    all.push_back("{\"key\": \"" + std::to_string(chance.below(7)) + "\", \"ts\": " + std::to_string(ts) +
                  ", \"value\": {\"t\": " + std::to_string(80 + 12 * chance.uniform()) + "}}\n");
  }
  for (const auto& line : all) give_line(line);
  const Counts whole = run();
  const std::string expected = read("out"), dead = read("dead");
  EXPECT_GT(whole.alerts, 100);
  for (const char* name : {"out", "dead", "in"}) fs::remove(folder_ / name);
  fs::remove_all(folder_ / "state");
  std::size_t given = 0;
  while (given < all.size()) {
    for (std::size_t more = 1 + chance.below(400); more > 0 && given < all.size(); --more) give_line(all[given++]);
    run();
    // A kill between the outputs and the state leaves more in the outputs than the state counts.
    std::ofstream(folder_ / "out", std::ios::app) << "{\"key\": \"surplus\"}\n{\"half";
    std::ofstream(folder_ / "dead", std::ios::app) << "surplus";
  }
  const Counts again = run();
  EXPECT_EQ(again.alerts, whole.alerts);
  EXPECT_EQ(again.late, whole.late);
  EXPECT_EQ(read("out"), expected);
  EXPECT_EQ(read("dead"), dead);
}

// A detector for each key learns from its first windows and judges the later ones, in however many runs.
TEST_F(WatchTest, LetsADetectorOfTheCatalogJudgeEachKeysWindows) {
  hot_.window = {.kind = WindowKind::hopping, .size_ms = 1'000, .step_ms = 1'000, .grace_ms = 0};
  hot_.emit = Emit::final;
  hot_.is_json = true;
  const auto& row = *detectors::find_algorithm("ewma_residual");
  hot_.algorithm = KeyAlgorithm{.row = &row, .parameters = detectors::default_parameters(row.parameters), .train = 60};
  core::Random chance(5);
  std::vector<std::string> all;
  for (int i = 0; i < 200; ++i) {
    for (const char* key : {"low", "high"}) {
      if (i == 150 && std::string(key) == "low") continue;  // a window without an event
      const double level = std::string(key) == "low" ? 10 : 1'000;
      const double spike = i == 120 && std::string(key) == "high" ? 200 : 0;
      all.push_back(fmt::format("{{\"key\": \"{}\", \"ts\": {}, \"value\": {{\"t\": {}}}}}\n", key, 1'000 * i + 500,
                                level + spike + chance.uniform()));
    }
  }
  for (const auto& line : all) give_line(line);
  const Counts whole = run();
  const std::string expected = read("out");
  EXPECT_GE(whole.alerts, 1);
  EXPECT_LE(whole.alerts, 8);
  EXPECT_NE(expected.find(R"("key":"high","ts":120000)"), std::string::npos) << expected;
  EXPECT_NE(expected.find(R"("score":)"), std::string::npos) << expected;
  EXPECT_EQ(expected.find(R"("ts":5)"), std::string::npos);  // nothing is judged while it learns
  for (const char* name : {"out", "dead", "in"}) fs::remove(folder_ / name);
  fs::remove_all(folder_ / "state");
  for (std::size_t i = 0; i < all.size(); ++i) {
    give_line(all[i]);
    if (i % 23 == 0) run();
  }
  run();
  EXPECT_EQ(read("out"), expected);
  hot_.algorithm->train = 70;
  EXPECT_THROW(run(), core::Error);  // another series was learned from
}

TEST_F(WatchTest, ErasesNoLinesThatItsStateDidNotWrite) {
  give(1'000, 95);
  for (const std::string_view name : {"out", "dead"}) {
    std::ofstream(folder_ / name) << "somebody's\n";
    for (int i = 0; i < 2; ++i) {  // being refused once does not make the file its own
      try {
        run();
        ADD_FAILURE() << name << " was taken";
      } catch (const core::Error& e) {
        EXPECT_EQ(e.field(), name == "out" ? "stream.output.file" : "stream.dead_letters.file");
        EXPECT_NE(std::string(e.what()).find("holds 11 bytes that this state did not write"), std::string::npos);
      }
    }
    EXPECT_EQ(read(std::string(name)), "somebody's\n");
    fs::remove(folder_ / name);
  }
  EXPECT_EQ(run().alerts, 2);         // one in each of the two windows that hold it
  fs::remove_all(folder_ / "state");  // a state that was lost knows nothing of its alerts
  EXPECT_THROW(run(), core::Error);
  EXPECT_EQ(lines("out"), 2U);
}

TEST_F(WatchTest, KeepsItsFileWhileItWritesElsewhere) {
  give(1'000, 95);
  run();
  const std::string first = read("out");
  hot_.output = FileOutput{};  // standard output, for a while
  give(10'000, 95);
  EXPECT_EQ(run().alerts, 7);
  hot_.output = FileOutput{folder_ / "other"};  // another file begins anew, and is its own from then on
  std::ofstream(folder_ / "other") << "somebody's line, longer than all that was ever written to the first file"
                                   << first;
  EXPECT_THROW(run(), core::Error);
  fs::remove(folder_ / "other");
  give(20'000, 95);
  run();
  EXPECT_EQ(lines("other"), 5U);
  hot_.output = FileOutput{folder_ / "out"};  // has lines that are no longer known
  EXPECT_THROW(run(), core::Error);
  hot_.output = FileOutput{folder_ / "other"};
  give(30'000, 95);
  run();
  EXPECT_EQ(lines("other"), 10U);
  EXPECT_EQ(read("out"), first);
}

TEST_F(WatchTest, GoesOnWithTheSameFileAfterStandardOutput) {
  give(1'000, 95);
  run();
  hot_.output = FileOutput{};
  give(10'000, 95);
  run();
  hot_.output = FileOutput{folder_ / "out"};
  give(20'000, 95);
  run();
  EXPECT_EQ(lines("out"), 7U);  // two and five
}

TEST_F(WatchTest, PrintsAgainWhatStandardOutputDidNotTake) {
  hot_.output = FileOutput{};
  give(1'000, 95);
  std::ostringstream out;
  out.setstate(std::ios::badbit);  // as a pipe to a full disk
  EXPECT_THROW(watch(hot_, {.state = folder_ / "state"}, out), core::Error);
  out.clear();
  EXPECT_EQ(watch(hot_, {.state = folder_ / "state"}, out).alerts, 2);
  EXPECT_EQ(std::count(out.view().begin(), out.view().end(), '\n'), 2);
}

TEST_F(WatchTest, EndsWhereItsAlgorithmCannotLearn) {
  const auto document = core::parse_json(R"({"max_features": 3})");
  const detectors::CatalogRow* row = detectors::find_algorithm("ransyncoders");
  hot_.algorithm =
      KeyAlgorithm{.row = row,
                   .parameters = detectors::read_parameters(row->parameters, core::ObjectReader(document.root())),
                   .train = 5};
  hot_.emit = Emit::final;
  for (int i = 0; i < 20; ++i) give(1'000 * i, i % 3);
  for (int again = 0; again < 2; ++again) {  // it is no fault of the readings, and stays one of the definition
    try {
      run();
      FAIL();
    } catch (const core::Error& e) {
      EXPECT_EQ(e.field(), "max_features");
    }
  }
  EXPECT_EQ(read("dead"), "");
}

TEST_F(WatchTest, RefusesFilesThatAreNotThoseItKnows) {
  const auto refused = [this] {
    try {
      run();
      return std::string("taken");
    } catch (const core::Error& e) {
      return e.field();
    }
  };
  EXPECT_EQ(refused(), "stream.input.file");
  give(1'000, 95);
  EXPECT_EQ(refused(), "taken");
  fs::remove(folder_ / "out");
  EXPECT_EQ(refused(), "stream.output.file");
  std::ofstream(folder_ / "out") << std::string(1'000, ' ');
  EXPECT_EQ(refused(), "taken");
  std::ofstream(folder_ / "in") << "";
  EXPECT_EQ(refused(), "stream.input.file");
  give(1'000, 95);
  hot_.window.step_ms = 500;
  EXPECT_EQ(refused(), "state");
}

}  // namespace
}  // namespace wakeful::streams
