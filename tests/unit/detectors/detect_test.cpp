#include "detectors/detect.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "detectors/catalog.hpp"
#include "detectors/csv.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/random.hpp"
#include "platform/core/text.hpp"

namespace wakeful::detectors {
namespace {

struct Outcome {
  std::string out, err;
  std::vector<std::vector<std::string>> cells;  // of out, the header first
};

Outcome run(DetectOptions options, const std::string& text) {
  options.file = "-";
  std::istringstream in(text);
  std::ostringstream out, err;
  EXPECT_EQ(detect(options, in, out, err), 0);
  Outcome result{out.str(), err.str(), {}};
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> row;
    for (std::string_view cell : core::split(line, ',')) row.emplace_back(cell);
    result.cells.push_back(row);
  }
  return result;
}

std::string field_of_error(const DetectOptions& options, const std::string& text) {
  try {
    run(options, text);
    return "nothing was thrown";
  } catch (const core::Error& e) {
    return e.field();
  }
}

/// A wave with noise, a time, and one spike at row `spike`.
std::string wave(std::size_t rows, std::size_t spike, bool time = true) {
  core::Random chance(1);
  std::string out = time ? "when is it,time,value\n" : "value\n";
  for (std::size_t i = 0; i < rows; ++i) {
    if (time) out += "0,2026-01-01 " + std::to_string(i) + ",";
    const double v = i == spike ? 60 : 10 * std::sin(static_cast<double>(i) / 9) + chance.normal();
    out += core::format_real(v) + "\n";
  }
  return out;
}

const std::string kTen = "x\n1\n2\n1\n3\n2\n1\n2\n9\n2\n1\n";

TEST(Detect, WritesOneRowPerRowWithTimeScoreVerdictAndBand) {
  DetectOptions options{.train_rows = 200, .ignore = {"when is it"}};
  const Outcome result = run(options, wave(400, 350));
  EXPECT_EQ(result.out.substr(0, result.out.find('\n')), "time,anomaly_score,is_anomaly,expected,lower,upper");
  ASSERT_EQ(result.cells.size(), 401U);
  EXPECT_EQ(result.cells[351][0], "2026-01-01 350");
  EXPECT_EQ(result.cells[351][2], "1");
  for (std::size_t i = 201; i < result.cells.size(); ++i) {
    const double score = core::to_real(result.cells[i][1]).value_or(std::nan(""));
    EXPECT_TRUE(std::isfinite(score)) << i;
    EXPECT_EQ(result.cells[i][2], score > 1 ? "1" : "0");
  }
  EXPECT_EQ(result.cells[1][1], "");  // warming up
  EXPECT_EQ(result.cells[1][2], "0");
  EXPECT_NE(result.err.find("ar_ridge: trained on the first 200 rows"), std::string::npos) << result.err;
}

TEST(Detect, GivesTheSameBytesForTheSameInputAndSeed) {
  for (const CatalogRow& row : catalog()) {
    DetectOptions options{.algorithm = std::string(row.name), .train_rows = 100, .seed = 7};
    EXPECT_EQ(run(options, wave(300, 250, false)).out, run(options, wave(300, 250, false)).out) << row.name;
  }
  DetectOptions one{.algorithm = "isolation_forest", .train_rows = 100, .seed = 1}, two = one;
  two.seed = 2;
  EXPECT_NE(run(one, wave(300, 250, false)).out, run(two, wave(300, 250, false)).out);
}

TEST(Detect, ScoresTenRowsWithFiveToTrainOn) {
  std::vector<std::string> algorithms = {"auto"};
  for (const CatalogRow& row : catalog()) algorithms.emplace_back(row.name);
  for (const std::string& algorithm : algorithms) {
    const Outcome result = run({.algorithm = algorithm, .train_rows = 5}, kTen);
    ASSERT_EQ(result.cells.size(), 11U) << algorithm;
    for (std::size_t i = 6; i <= 10; ++i) {
      EXPECT_TRUE(std::isfinite(core::to_real(result.cells[i][0]).value_or(std::nan("")))) << algorithm << " " << i;
    }
  }
}

TEST(Detect, ScoresConstantChannelsAndPassesOverMissingCells) {
  std::string text = "a,still\n";
  for (int i = 0; i < 60; ++i) text += (i == 40 ? std::string("") : std::to_string(i % 5)) + ",3\n";
  for (const CatalogRow& row : catalog()) {
    const Outcome result = run({.algorithm = std::string(row.name), .train_rows = 30}, text);
    EXPECT_EQ(result.cells[0],
              (std::vector<std::string>{"anomaly_score", "is_anomaly", "contribution_a", "contribution_still"}));
    for (std::size_t i = 31; i <= 60; ++i) {
      if (i == 41) continue;
      EXPECT_NE(result.cells[i][0], "") << row.name << " " << i;
    }
  }
}

TEST(Detect, DoesNotLookAhead) {
  for (const CatalogRow& row : catalog()) {
    const DetectOptions options{.algorithm = std::string(row.name), .train_rows = 100};
    const std::string whole = run(options, wave(300, 250, false)).out;
    std::string text = wave(300, 250, false);
    std::size_t cut = 0;
    for (int line = 0; line < 201; ++line) cut = text.find('\n', cut) + 1;
    EXPECT_EQ(whole.substr(0, run(options, text.substr(0, cut)).out.size()), run(options, text.substr(0, cut)).out)
        << row.name;
  }
}

TEST(Detect, SaysWhatItTrainedOnWhenItWasNotTold) {
  EXPECT_NE(run({.algorithm = "ar_ridge"}, wave(400, 350, false)).err.find("first 60 rows (15 %"), std::string::npos);
  EXPECT_NE(run({.algorithm = "ewma_residual"}, wave(400, 350, false)).err.find("all that precede it"),
            std::string::npos);
  EXPECT_NE(run({.table = true}, wave(400, 350, false)).err.find("isolation_forest: trained on all 400 rows"),
            std::string::npos);
  EXPECT_NE(run({.train_rows = 400}, wave(400, 350, false)).err.find("isolation_forest"), std::string::npos);
  EXPECT_NE(run({.algorithm = "auto"}, kTen).err.find("ewma_residual"), std::string::npos);
}

TEST(Detect, NamesTheOptionAtFault) {
  EXPECT_EQ(field_of_error({.algorithm = "ar_rigde"}, kTen), "algorithm");
  EXPECT_EQ(field_of_error({.algorithm = "ar_ridge", .settings = {{"lag", "5"}}}, kTen), "lag");
  EXPECT_EQ(field_of_error({.algorithm = "ar_ridge", .settings = {{"lags", "0"}}}, kTen), "lags");
  EXPECT_EQ(field_of_error({.train_rows = 11}, kTen), "train-rows");
  EXPECT_EQ(field_of_error({.algorithm = "univariate_baseline", .train_rows = 0}, kTen), "train-rows");
  EXPECT_EQ(field_of_error({.algorithm = "ar_ridge", .table = true}, kTen), "table");
  EXPECT_EQ(field_of_error({.picture = "x.gif"}, kTen), "picture");
  EXPECT_EQ(field_of_error({.output = "/no/such/folder/x.csv"}, kTen), "output");
  EXPECT_EQ(field_of_error({}, "x\n"), "file");
  EXPECT_THROW(parse_setting("novalue"), core::Error);
  EXPECT_EQ(parse_setting("a=b=c").second, "b=c");
}

class Files : public testing::Test {
 protected:
  Files() : folder_(std::filesystem::path(testing::TempDir()) / ("detect_test." + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Files() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(Files, DetectWritesOutputAndPictures) {
  const std::string text = wave(2500, 1800, false);
  const Outcome direct = run({.train_rows = 500}, text);
  EXPECT_EQ(run({.train_rows = 500, .output = path("o.csv"), .picture = path("p.svg")}, text).out, "");
  EXPECT_EQ(read("o.csv"), direct.out);
  const std::string svg = read("p.svg");
  EXPECT_EQ(svg.substr(0, 4), "<svg");
  EXPECT_NE(svg.find("<circle"), std::string::npos);
  EXPECT_LT(svg.size(), 200000U);
  run({.train_rows = 500, .picture = path("p.png")}, text);
  const std::string png = read("p.png");
  EXPECT_EQ(png.substr(0, 4), "\x89PNG");
  EXPECT_GT(png.size(), 3000U);
  run({.train_rows = 500, .picture = path("q.png")}, text);
  EXPECT_EQ(read("q.png"), png);
}

TEST_F(Files, PicturesOfOddSeriesAreDrawn) {
  int n = 0;
  for (const std::string& text :
       {std::string("x\n5\n"), std::string("x\n\n\n\n"), std::string("x,y<&\n1e308,\n-1e308,2\n,3\n")}) {
    const std::string svg = "odd" + std::to_string(n++) + ".svg";
    run({.train_rows = 1, .picture = path(svg)}, text);
    EXPECT_EQ(read(svg).find("nan"), std::string::npos);
    EXPECT_EQ(read(svg).find("inf"), std::string::npos);
    EXPECT_EQ(read(svg).find("y<&"), std::string::npos);
  }
}

core::JsonDocument evaluated(EvaluateOptions options) {
  std::istringstream in;
  std::ostringstream out, err;
  options.json = true;
  EXPECT_EQ(evaluate(options, in, out, err), 0);
  return core::parse_json(out.str());
}

TEST_F(Files, EvaluateComparesWithLabels) {
  write("scores.csv", "anomaly_score,is_anomaly\n0,0\n2,1\n0.5,0\n3,1\n,0\n");
  write("labels.csv", "value,label\n9,0\n9,1\n9,1\n9,0\n9,0\n");
  const auto json = evaluated({.scores = path("scores.csv"), .labels = path("labels.csv")});
  const core::ObjectReader result(json.root());
  EXPECT_EQ(result.integer("rows"), 5);
  EXPECT_EQ(result.integer("alarms"), 2);
  EXPECT_EQ(result.real("precision"), .5);
  EXPECT_EQ(result.real("recall"), .5);
  EXPECT_DOUBLE_EQ(result.real("best_f1"), .8);
  EXPECT_EQ(result.real("best_threshold"), 0);
  EXPECT_DOUBLE_EQ(result.real("point_adjusted_f1"), .8);
  EXPECT_EQ(result.real("windows_of_15_f1"), 1);
}

TEST_F(Files, EvaluateJudgesAsManyRowsTogetherAsItIsTold) {
  write("scores.csv", "anomaly_score\n0\n2\n0.5\n3\n0\n0\n");
  write("labels.csv", "label\n1\n0\n1\n0\n0\n0\n");
  const auto judged = [this](std::int64_t rows, const std::string& name) {
    const auto json = evaluated({.scores = path("scores.csv"), .labels = path("labels.csv"), .window_rows = rows});
    return core::ObjectReader(json.root()).real(name);
  };
  EXPECT_EQ(judged(1, "windows_of_1_recall"), 0);
  EXPECT_EQ(judged(2, "windows_of_2_recall"), 1);
  EXPECT_EQ(judged(2, "windows_of_2_precision"), 1);
  EXPECT_THROW(judged(0, ""), core::Error);
}

TEST_F(Files, EvaluateComparesWithWindows) {
  std::string scores = "timestamp,anomaly_score\n";
  for (int i = 0; i < 200; ++i) {
    char time[32];
    std::snprintf(time, sizeof time, "2026-01-%02d %02d:00:00", 1 + i / 24, i % 24);
    scores += std::string(time) + (i == 100 || i == 150 || i == 5 ? ",3\n" : ",0.2\n");
  }
  write("nyc_taxi.scores.csv", scores);
  const std::string windows = R"([["2026-01-05 02:00:00.000000", "2026-01-05 12:00:00"]])";
  write("alone.json", windows);
  write("all.json", R"({"a/nyc_taxi.csv": )" + windows + R"(, "a/other.csv": []})");
  for (const std::string name : {"alone.json", "all.json"}) {
    const auto json = evaluated({.scores = path("nyc_taxi.scores.csv"), .windows = path(name)});
    const core::ObjectReader result(json.root());
    EXPECT_EQ(result.integer("windows"), 1);
    EXPECT_EQ(result.integer("detected_windows"), 1);
    EXPECT_EQ(result.integer("false_alarm_episodes"), 1);  // row 5 is not judged
    EXPECT_EQ(result.integer("refractory_alarms"), 2);
  }
  write("none.json", R"({"b": [], "c": []})");
  EXPECT_THROW(evaluated({.scores = path("nyc_taxi.scores.csv"), .windows = path("none.json")}), core::Error);
}

TEST_F(Files, EvaluateNamesWhatIsWrong) {
  const std::string scores = write("s.csv", "anomaly_score\n1\n2\n");
  const auto fault = [](const EvaluateOptions& options) {
    try {
      evaluated(options);
      return std::string("nothing");
    } catch (const core::Error& e) {
      return e.field();
    }
  };
  EXPECT_EQ(fault({.scores = scores}), "labels");
  EXPECT_EQ(fault({.scores = scores, .labels = write("l.csv", "label\n1\n")}), "labels");
  EXPECT_EQ(fault({.scores = scores, .labels = write("l.csv", "label\n1\n2\n")}), "labels");
  const std::string timed = write("t.csv", "time,anomaly_score\n2026-01-01,1\n2026-01-02,2\n");
  EXPECT_EQ(fault({.scores = timed, .windows = path("absent.json")}), "windows");
  EXPECT_EQ(fault({.scores = timed, .windows = write("w.json", "[[\"2026-01-01\"]]")}), "windows");
  EXPECT_EQ(fault({.scores = scores, .windows = write("w.json", "[[\"2026-01-01\"]]")}), "scores");
}

}  // namespace
}  // namespace wakeful::detectors
