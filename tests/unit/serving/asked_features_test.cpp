// Models that were trained with features are asked with the columns of their training's source, in every form of a
// request; each gives the rows, to the bit, that the batch job makes of the same cells.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "detectors/catalog.hpp"
#include "platform/core/error.hpp"
#include "serving/asked_rows.hpp"
#include "serving/served_model.hpp"

namespace wakeful::serving {
namespace {

using detectors::FeatureRow;
using detectors::FeatureTable;
using Texts = std::vector<std::string>;

const std::array<Texts, 4> kGroups{Texts{"de", "ios"}, Texts{"de", "web"}, Texts{"it", "ios"}, Texts{"it", "web"}};

std::vector<FeatureRow> training() {
  std::vector<FeatureRow> rows;
  rows.reserve(120);
  for (int i = 0; i < 120; ++i)
    rows.push_back({.time = core::parse_rfc3339("2026-01-01T00:00:00Z") + i / 4 * std::chrono::hours(24),
                    .categories = kGroups[static_cast<std::size_t>(i % 4)],
                    .value = 100.0 + 7 * (i % 13)});
  return rows;
}

detectors::FeatureRules rules() {
  return {.calendar = {"day_of_week", "month"},
          .encode = {"country", "platform"},
          .value = "users",
          .standardise = true,
          .time_column = "created_at",
          .value_column = "new_users",
          .granularity = std::chrono::hours(24)};
}

/// What the batch job makes of the two rows that every form asks about.
detectors::Frame expected(const FeatureTable& table) {
  const std::vector<FeatureRow> rows{
      {.time = core::parse_rfc3339("2026-02-02T00:00:00Z"), .categories = kGroups[2], .value = 130},
      {.time = core::parse_rfc3339("2026-02-03T00:00:00Z"), .categories = kGroups[1], .value = 9000.5}};
  return table.encode(rows);
}

class AskedFeatures : public ::testing::Test {
 protected:
  detectors::Frame ask(std::string_view body) const {
    const AskedRows asked = body.starts_with('{') ? read_asked_json(body, wanted_) : read_asked_csv(body, wanted_);
    return encode_asked(asked, table_);
  }
  core::Error refused(std::string_view body) const {
    try {
      ask(body);
    } catch (const core::Error& e) {
      return e;
    }
    return core::internal("nothing was refused");
  }
  void expect_same(const detectors::Frame& frame, const detectors::Frame& other) const {
    ASSERT_EQ(frame.names(), other.names());
    ASSERT_EQ(frame.rows(), other.rows());
    for (std::size_t i = 0; i < frame.rows(); ++i)
      EXPECT_EQ(Reals(frame.row(i).begin(), frame.row(i).end()), Reals(other.row(i).begin(), other.row(i).end()));
  }
  using Reals = std::vector<double>;

  FeatureTable table_ = FeatureTable::learn(rules(), training());
  Wanted wanted_{.raw = table_.raw_columns()};
};

TEST_F(AskedFeatures, NameTheRawColumnsInTheModelsOrder) {
  EXPECT_EQ(detectors::words_of(wanted_.raw), "created_at (time), country (text), platform (text), new_users (number)");
}

TEST_F(AskedFeatures, AreTheBatchJobsInEveryForm) {
  const detectors::Frame wanted = expected(table_);
  for (const char* body :
       {R"({"dataframe_split": {"columns": ["new_users", "country", "more", "created_at", "platform"],
          "data": [[130, "it", "x", "2026-02-02", "ios"], [9000.5, "de", [1], "2026-02-03T07:30:00Z", "web"]]}})",
        R"({"dataframe_split": {"columns": ["new_users", "country", "platform"],
          "index": ["2026-02-02T00:00:00", "2026-02-03T00:00:00"], "data": [[130, "it", "ios"], [9000.5, "de", "web"]]}})",
        R"({"dataframe_records": [{"created_at": "2026-02-02", "country": "it", "platform": "ios", "new_users": 130},
          {"platform": "web", "country": "de", "new_users": 9000.5, "created_at": "2026-02-03", "more": null}]})",
        R"({"dataframe_records": [{"ts": "2026-02-02", "country": "it", "platform": "ios", "new_users": 130},
          {"platform": "web", "country": "de", "new_users": 9000.5, "ts": "2026-02-03 23:59:59"}]})",
        R"({"instances": [{"created_at": 1769990400, "country": "it", "platform": "ios", "new_users": 130},
          {"created_at": 1770076800000, "platform": "web", "country": "de", "new_users": 9000.5}]})",
        R"({"instances": [["2026-02-02", "it", "ios", 130], ["2026-02-03", "de", "web", 9000.5]]})",
        R"({"inputs": [["2026-02-02", "it", "ios", 130], ["2026-02-03", "de", "web", 9000.5]]})",
        R"({"inputs": {"new_users": [130, 9000.5], "created_at": ["2026-02-02", "2026-02-03"], "country": ["it", "de"],
          "platform": ["ios", "web"]}})",
        "created_at,country,platform,more,new_users\n2026-02-02,it,\"ios\",x,130\n\"2026-02-03\",de,web,,9000.5\n",
        "new_users,time,created_at,country,platform\r\n130,noon,2026-02-02,it,ios\r\n9000.5,,2026-02-03,de,web\n\n"}) {
    SCOPED_TRACE(body);
    expect_same(ask(body), wanted);
  }
}

TEST_F(AskedFeatures, RefuseACategoryThatTheTrainingDidNotShowByColumnAndValue) {
  const char* body = R"({"instances": [["2026-02-02", "es", "ios", 130]]})";
  EXPECT_EQ(refused(body).code(), core::ErrorCode::invalid);
  EXPECT_NE(std::string(refused(body).what()).find("'es' as a country; it knows de, it"), std::string::npos);
  detectors::FeatureRules own = rules();
  own.unseen = -1;
  table_ = FeatureTable::learn(own, training());
  EXPECT_EQ(ask(body).rows(), 1U);
}

TEST_F(AskedFeatures, RefuseWhatIsNoCellOfAColumnByName) {
  const auto says = [&](std::string_view body, std::string_view word) {
    const core::Error e = refused(body);
    EXPECT_EQ(e.code(), core::ErrorCode::invalid) << body;
    EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << e.what();
  };
  says(R"({"instances": [["2026-02-02", 1.5, "ios", 130]]})", "instances[0][1] must be a text");
  says(R"({"instances": [["2026-02-02", true, "ios", 130]]})", "instances[0][1] must be a text");
  says(R"({"instances": [["2026-02-02", "it", "ios", "130"]]})", "instances[0][3] must be a finite number");
  says(R"({"instances": [["soon", "it", "ios", 130]]})", "'created_at': 'soon' is no time");
  says(R"({"instances": [["2026-02-02", "it", "ios"]]})", "created_at (time), country (text)");
  says(R"({"instances": [0.5, 1]})", "created_at (time), country (text)");
  says(R"({"dataframe_records": [{"country": "it", "platform": "ios", "new_users": 130}]})", "'created_at'");
  says(R"({"dataframe_records": [{"ts": 0, "country": "it", "new_users": 130}]})", "no column 'platform'");
  says(R"({"dataframe_records": []})", "no rows");
  says(R"({"dataframe_split": {"columns": ["country", "country"], "data": [["a", "b"]]}})", "twice");
  // The index of a frame without times counts its rows.
  says(
      R"({"dataframe_split": {"columns": ["country", "platform", "new_users"], "index": [0], "data": [["it", "ios", 1]]}})",
      "no column 'created_at'");
  says("created_at,country,platform,new_users\n2026-02-02,it,ios,many\n", "'new_users' holds 'many'");
  says("created_at,country,platform,new_users\n2026-02-02,it,ios\n", "line 2 has fewer cells");
  says("created_at,country,platform,new_users\n", "no rows");
  says("created_at,country,platform,country,new_users\n1,it,ios,de,1\n", "'country' comes twice");
  says("created_at,country,platform,new_users\n2026-02-02,\xff,ios,1\n", "UTF-8");
}

TEST_F(AskedFeatures, GiveARowThatLacksACellNoFeatureAndNoScore) {
  const detectors::Frame frame = ask(R"({"instances": [[null, "it", "ios", 130], ["2026-02-02", null, "ios", 130],
      ["2026-02-02", "it", "", 130], ["2026-02-02", "it", "ios", null], ["2026-02-02", "it", "ios", 130]]})");
  std::vector<detectors::NamedDetector> detectors;
  for (const char* algorithm : {"one_class_svm", "isolation_forest"}) {
    detectors.push_back({algorithm, detectors::make_detector(algorithm)});
    detectors.back().detector->train(table_.encode(training()));
  }
  const ServedModel model({}, detectors::save_detectors(detectors, "", table_));
  ASSERT_TRUE(model.features());
  for (std::size_t d = 0; d < model.size(); ++d) {
    const detectors::Scores scores = model.score(d, frame);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(std::isnan(scores.anomaly_score[i])) << i;
    EXPECT_TRUE(std::isfinite(scores.anomaly_score[4]));
  }
}

TEST_F(AskedFeatures, TakeANumberOfAGroupsModelAsItIs) {
  std::vector<FeatureRow> shown = training();
  for (FeatureRow& row : shown) row.categories = {};
  table_ = FeatureTable::learn({.value = "users", .standardise = true}, shown);
  wanted_ = {.raw = table_.raw_columns()};
  const std::vector<FeatureRow> rows{{.value = 130}, {.value = 9000.5}};
  const detectors::Frame wanted = table_.encode(rows);
  for (const char* body : {R"({"instances": [[130], [9000.5]]})", R"({"instances": [130, 9000.5]})",
                           R"({"inputs": {"users": [130, 9000.5]}})", "country,users\nit,130\nde,9000.5\n"})
    expect_same(ask(body), wanted);
  EXPECT_LT(wanted.at(0, 0), 1) << "it is scaled";
}

}  // namespace
}  // namespace wakeful::serving
