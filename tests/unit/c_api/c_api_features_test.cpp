// Models that were trained with features: raw columns in, and never numbers taken for what they are not.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "detectors/catalog.hpp"
#include "detectors/features.hpp"
#include "unit/c_api/plain_c.h"
#include "wakeful/detectors.h"

namespace wakeful::detectors {
namespace {

const std::array<std::string, 1> kGermany{"de"};
const std::array<std::string, 1> kItaly{"it"};

std::vector<FeatureRow> rows(int count) {
  std::vector<FeatureRow> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    all.push_back({.time = core::parse_rfc3339("2026-01-01T00:00:00Z") + i * std::chrono::hours(24),
                   .categories = i % 2 == 0 ? kGermany : kItaly,
                   .value = 5'000.0 + 10 * (i % 11)});
  return all;
}

struct Trained {
  std::optional<FeatureTable> table;
  std::vector<NamedDetector> detectors{};
  std::string file{};
};

Trained train(FeatureRules rules) {
  std::vector<FeatureRow> shown = rows(200);
  if (rules.encode.empty())
    for (FeatureRow& row : shown) row.categories = {};
  Trained out{.table = FeatureTable::learn(std::move(rules), shown)};
  for (const char* algorithm : {"one_class_svm", "isolation_forest"}) {
    out.detectors.push_back({algorithm, make_detector(algorithm)});
    out.detectors.back().detector->train(out.table->encode(shown));
  }
  out.file = save_detectors(out.detectors, "2026-07-19T00:00:00Z", out.table);
  return out;
}

FeatureRules of_group() { return {.value = "users", .standardise = true, .value_column = "new_users"}; }
FeatureRules of_all() {
  return {.calendar = {"day_of_week"},
          .encode = {"country"},
          .value = "users",
          .time_column = "created_at",
          .granularity = std::chrono::hours(24)};
}

class CApiFeatures : public ::testing::Test {
 public:
  ~CApiFeatures() override { wakeful_detectors_close(model_); }

 protected:
  void open(FeatureRules rules) {
    trained_ = train(std::move(rules));
    model_ = wakeful_detectors_read(trained_.file.data(), trained_.file.size(), error_, sizeof error_);
    ASSERT_NE(model_, nullptr) << error_;
  }
  int score_columns(std::array<wakeful_column, 3> columns, std::size_t count, std::size_t detector = 0) {
    scores_.assign(count, -1);
    const wakeful_scores out{scores_.data(), nullptr, nullptr, nullptr, nullptr};
    return wakeful_detectors_score_columns(model_, detector, columns.data(), count, &out, error_, sizeof error_);
  }

  Trained trained_;
  wakeful_model* model_ = nullptr;
  std::vector<double> scores_;
  char error_[300] = "";
};

TEST_F(CApiFeatures, ScoreColumnsToTheBitAsTheBatchJobScoresItsRows) {
  open(of_all());
  ASSERT_EQ(wakeful_detectors_inputs(model_), 3U);
  EXPECT_STREQ(wakeful_detectors_input(model_, 0), "created_at");
  EXPECT_STREQ(wakeful_detectors_input(model_, 1), "country");
  EXPECT_STREQ(wakeful_detectors_input(model_, 2), "users");
  EXPECT_EQ(wakeful_detectors_input(model_, 3), nullptr);
  EXPECT_EQ(wakeful_detectors_input_kind(model_, 0), WAKEFUL_INPUT_TIME);
  EXPECT_EQ(wakeful_detectors_input_kind(model_, 1), WAKEFUL_INPUT_TEXT);
  EXPECT_EQ(wakeful_detectors_input_kind(model_, 2), WAKEFUL_INPUT_NUMBER);
  EXPECT_EQ(wakeful_detectors_input_kind(model_, 3), 0);
  const std::vector<FeatureRow> asked = rows(60);
  std::vector<std::string> times;
  std::vector<const char*> texts, countries;
  std::vector<double> values;
  times.reserve(asked.size());
  for (const FeatureRow& row : asked) times.push_back(core::format_rfc3339(row.time + std::chrono::hours(7)));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    texts.push_back(times[i].c_str());
    countries.push_back(asked[i].categories[0].c_str());
    values.push_back(asked[i].value);
  }
  for (std::size_t d = 0; d < trained_.detectors.size(); ++d) {
    ASSERT_EQ(score_columns({{{texts.data(), nullptr}, {countries.data(), nullptr}, {nullptr, values.data()}}},
                            asked.size(), d),
              0)
        << error_;
    const Scores wanted = trained_.detectors[d].detector->score(trained_.table->encode(asked));
    EXPECT_EQ(std::memcmp(scores_.data(), wanted.anomaly_score.data(), scores_.size() * sizeof(double)), 0);
    double in_c = 0;
    ASSERT_EQ(score_row_in_c(model_, d, texts[7], countries[7], values[7], &in_c, error_, sizeof error_), 0) << error_;
    EXPECT_EQ(in_c, wanted.anomaly_score[7]);
  }
}

TEST_F(CApiFeatures, RefuseOrPassOverWhatCannotBeScored) {
  open(of_all());
  const char* time[] = {"2026-02-01", "2026-02-01"};
  const char* soon[] = {"soon", "2026-02-01"};
  const char* known[] = {"de", nullptr};
  const char* strange[] = {"de", "es"};
  const double values[] = {5'000, 5'000};
  ASSERT_EQ(score_columns({{{time, nullptr}, {known, nullptr}, {nullptr, values}}}, 2), 0) << error_;
  EXPECT_TRUE(std::isfinite(scores_[0]));
  EXPECT_TRUE(std::isnan(scores_[1])) << "it lacks its country";
  EXPECT_EQ(score_columns({{{time, nullptr}, {strange, nullptr}, {nullptr, values}}}, 2), 1);
  EXPECT_NE(std::string(error_).find("'es' as a country; it knows de, it"), std::string::npos) << error_;
  EXPECT_EQ(score_columns({{{soon, nullptr}, {known, nullptr}, {nullptr, values}}}, 2), 1);
  EXPECT_NE(std::string(error_).find("'created_at': 'soon' is no time"), std::string::npos) << error_;
  EXPECT_EQ(score_columns({{{time, nullptr}, {nullptr, nullptr}, {nullptr, values}}}, 2), 1);
  EXPECT_STREQ(error_, "there is no column 'country', which the model takes");
  EXPECT_EQ(score_columns({}, 0), 0);
  EXPECT_EQ(score_columns({{{time, nullptr}, {known, nullptr}, {nullptr, values}}}, 2, 9), 1);
  EXPECT_STREQ(error_, "no such detector");
}

TEST_F(CApiFeatures, NeverTakeNumbersForEncodedFeatures) {
  open(of_all());
  const double encoded[] = {0, 1, 5'000};
  double score = -1;
  const wakeful_scores out{&score, nullptr, nullptr, nullptr, nullptr};
  EXPECT_EQ(wakeful_detectors_score(model_, 0, encoded, 1, &out, error_, sizeof error_), 1);
  EXPECT_NE(std::string(error_).find("created_at (time), country (text), users (number)"), std::string::npos) << error_;
  EXPECT_EQ(wakeful_detectors_update(model_, 0, encoded, 1, &out, error_, sizeof error_), 1);
  EXPECT_EQ(score, -1);
}

TEST_F(CApiFeatures, ScaleTheNumbersOfAGroupsModelHoweverTheyAreGiven) {
  open(of_group());
  ASSERT_EQ(wakeful_detectors_inputs(model_), 1U);
  EXPECT_STREQ(wakeful_detectors_input(model_, 0), "new_users");
  const std::vector<double> values{5'000, 5'050, 9'000, std::nan(""), HUGE_VAL};
  const std::vector<FeatureRow> asked{{.value = values[0]}, {.value = values[1]}, {.value = values[2]}};
  const Scores wanted = trained_.detectors[0].detector->score(trained_.table->encode(asked));
  EXPECT_LE(wanted.anomaly_score[1], 1) << "an ordinary count";
  EXPECT_GT(wanted.anomaly_score[2], 1);
  const auto expect_wanted = [&] {
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(scores_[i], wanted.anomaly_score[i]);
    for (std::size_t i = 3; i < 5; ++i) EXPECT_TRUE(std::isnan(scores_[i]));
  };
  ASSERT_EQ(score_columns({{{nullptr, values.data()}}}, values.size()), 0) << error_;
  expect_wanted();
  const wakeful_scores out{scores_.data(), nullptr, nullptr, nullptr, nullptr};
  std::fill(scores_.begin(), scores_.end(), -1);
  ASSERT_EQ(wakeful_detectors_score(model_, 0, values.data(), 5, &out, error_, sizeof error_), 0) << error_;
  expect_wanted();
  std::fill(scores_.begin(), scores_.end(), -1);
  ASSERT_EQ(wakeful_detectors_update(model_, 0, values.data(), 5, &out, error_, sizeof error_), 0) << error_;
  expect_wanted();
}

TEST_F(CApiFeatures, AreNotAskedOfAModelThatHasNone) {
  trained_ = train(of_group());
  const std::string file = save_detectors(trained_.detectors, "");
  model_ = wakeful_detectors_read(file.data(), file.size(), error_, sizeof error_);
  ASSERT_NE(model_, nullptr) << error_;
  EXPECT_EQ(wakeful_detectors_inputs(model_), 0U);
  EXPECT_EQ(wakeful_detectors_inputs(nullptr), 0U);
  EXPECT_EQ(wakeful_detectors_input(nullptr, 0), nullptr);
  EXPECT_EQ(score_columns({}, 1), 1);
  EXPECT_STREQ(error_, "the model takes rows of numbers, not columns");
}

}  // namespace
}  // namespace wakeful::detectors
