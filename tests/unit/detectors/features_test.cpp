#include "detectors/features.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "detectors/catalog.hpp"
#include "detectors/raw_rows.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

const std::array<std::string, 2> kItIos{"it", "ios"};
const std::array<std::string, 2> kDeWeb{"de", "web"};
const std::array<std::string, 2> kFrIos{"fr", "ios"};
const std::array<std::string, 2> kEsIos{"es", "ios"};

core::Timestamp at(const char* time) { return core::parse_rfc3339(time); }
FeatureRow row(const char* time, std::span<const std::string> categories, double value) {
  return {.time = at(time), .categories = categories, .value = value};
}
std::vector<double> values(const Frame& frame, std::size_t i) { return {frame.row(i).begin(), frame.row(i).end()}; }

FeatureRules rules() {
  return {.calendar = {"day_of_week", "day_of_month", "month", "quarter"},
          .encode = {"country", "platform"},
          .value = "users"};
}
const std::vector<FeatureRow> kTraining{row("2026-06-01T00:00:00Z", kItIos, 10),
                                        row("2026-06-02T00:00:00Z", kDeWeb, 20),
                                        row("2026-06-03T00:00:00Z", kFrIos, 60)};

TEST(Features, TellTheCalendarFromMondayOnAndCategoriesByName) {
  const FeatureTable table = FeatureTable::learn(rules(), kTraining);
  EXPECT_EQ(table.names(), (std::vector<std::string>{"day_of_week", "day_of_month", "month", "quarter",
                                                     "country_encoded", "platform_encoded", "users"}));
  const Frame frame = table.encode(kTraining);
  EXPECT_EQ(values(frame, 0), (std::vector<double>{0, 1, 6, 2, 2, 0, 10}));  // a Monday; de 0, fr 1, it 2; ios 0, web 1
  EXPECT_EQ(values(frame, 1), (std::vector<double>{1, 2, 6, 2, 0, 1, 20}));
  const std::vector<FeatureRow> edges{row("2025-12-31T23:59:59Z", kItIos, 0), row("2026-10-01T00:00:00Z", kItIos, 0),
                                      row("1969-12-28T05:00:00Z", kItIos, 0)};
  const Frame edge = table.encode(edges);
  EXPECT_EQ(values(edge, 0), (std::vector<double>{2, 31, 12, 4, 2, 0, 0}));
  EXPECT_EQ(values(edge, 1), (std::vector<double>{3, 1, 10, 4, 2, 0, 0}));
  EXPECT_EQ(values(edge, 2), (std::vector<double>{6, 28, 12, 4, 2, 0, 0}));  // a Sunday before 1970
}

TEST(Features, KeepTheirCodesWhereAWindowLacksACategory) {
  const FeatureTable table = FeatureTable::learn(rules(), kTraining);
  const std::vector<FeatureRow> only_italy{row("2026-07-01T00:00:00Z", kItIos, 5)};
  EXPECT_EQ(table.encode(only_italy).at(0, 4), 2);
}

TEST(Features, RefuseACategoryThatTheTrainingDidNotShowUnlessItHasACode) {
  FeatureRules own = rules();
  const std::vector<FeatureRow> spain{row("2026-07-01T00:00:00Z", kEsIos, 5)};
  try {
    FeatureTable::learn(own, kTraining).encode(spain);
    FAIL() << "Spain was never shown";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    EXPECT_EQ(e.field(), "features.encode");
    EXPECT_NE(std::string(e.what()).find("'es' as a country; it knows de, fr, it"), std::string::npos) << e.what();
  }
  own.unseen = -1;
  const Frame frame = FeatureTable::learn(own, kTraining).encode(spain);
  EXPECT_EQ(frame.at(0, 4), -1);
  EXPECT_EQ(frame.at(0, 5), 0);  // ios is as it was
}

TEST(Features, AreTheSameOfACallersCellsAsOfTheBatchJobsRows) {
  FeatureRules own = rules();
  own.standardise = true;
  own.granularity = std::chrono::hours(24);
  const FeatureTable table = FeatureTable::learn(own, kTraining);
  const Frame wanted = table.encode(kTraining);
  const Frame frame = encode(table, {.rows = 3,
                                     .times = {"2026-06-01 17:45:00", "2026-06-02", "1780444800"},
                                     .categories = {"it", "ios", "de", "web", "fr", "ios"},
                                     .values = {10, 20, 60}});
  ASSERT_EQ(frame.rows(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(values(frame, i), values(wanted, i));
}

TEST(Features, LookAtTheBucketThatATimeLiesIn) {
  FeatureRules own = rules();
  own.granularity = std::chrono::hours(24 * 7);  // from a Thursday to the next, as 1970 began
  const FeatureTable table = FeatureTable::learn(own, kTraining);
  for (const char* time : {"2026-06-04T00:00:00Z", "2026-06-10T23:59:59.999999Z", "1969-12-31T00:00:00Z"})
    EXPECT_EQ(table.encode(std::vector{row(time, kItIos, 1)}).at(0, 0), 3) << time;
}

TEST(Features, AreNoneOfARowThatLacksACell) {
  FeatureRules own = rules();
  own.standardise = true;  // a scaler knows no missing value
  own.unseen = -1;         // "" is none of the unseen
  const FeatureTable table = FeatureTable::learn(own, kTraining);
  const Frame frame = encode(table, {.rows = 5,
                                     .times = {"", "2026-06-02", "2026-06-02", "2026-06-02", "2026-06-02"},
                                     .categories = {"it", "ios", "", "ios", "it", "ios", "it", "ios", "it", "ios"},
                                     .values = {1, 1, std::nan(""), HUGE_VAL, 1}});
  for (std::size_t i = 0; i < 4; ++i)
    for (const double feature : frame.row(i)) EXPECT_TRUE(std::isnan(feature)) << i;
  EXPECT_TRUE(std::isfinite(frame.at(4, 6)));
  EXPECT_TRUE(std::isnan(table.encode(std::vector{row("2026-06-01T00:00:00Z", kItIos, std::nan(""))}).at(0, 0)));
}

TEST(Features, SayByColumnWhatIsNoTime) {
  FeatureRules own = rules();
  own.time_column = "created_at";
  const FeatureTable table = FeatureTable::learn(own, kTraining);
  try {
    encode(table, {.rows = 1, .times = {"soon"}, .categories = {"it", "ios"}, .values = {1}});
    FAIL() << "'soon' is no time";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.field(), "created_at");
    EXPECT_NE(std::string(e.what()).find("'created_at': 'soon' is no time"), std::string::npos) << e.what();
  }
}

TEST(Features, NameTheRawColumnsAsTheSourceDoes) {
  FeatureRules own = rules();
  EXPECT_EQ(words_of(FeatureTable::learn(own, kTraining).raw_columns()),
            "ts (time), country (text), platform (text), users (number)");
  own.time_column = "created_at";
  own.value_column = "new_users";
  own.granularity = std::chrono::hours(1);
  const std::optional<FeatureTable> table = FeatureTable::learn(own, kTraining);
  const auto back = find_features(save_detectors({}, "", table));
  ASSERT_TRUE(back);
  EXPECT_EQ(words_of(back->raw_columns()), "created_at (time), country (text), platform (text), new_users (number)");
  EXPECT_EQ(back->rules().granularity, std::chrono::hours(1));
  own.calendar = {};
  own.value = "";
  EXPECT_EQ(words_of(FeatureTable::learn(own, kTraining).raw_columns()), "country (text), platform (text)");
}

TEST(Features, ShowALongCategoryInWholeCharacters) {
  std::string category(99, 'x');
  for (int i = 0; i < 9; ++i) category += "\u00fc";
  const std::array<std::string, 2> strange{category, "ios"};
  try {
    FeatureTable::learn(rules(), kTraining).encode(std::vector{row("2026-06-01T00:00:00Z", strange, 1)});
    FAIL() << "it was never shown";
  } catch (const core::Error& e) {
    EXPECT_NE(std::string(e.what()).find("'" + std::string(99, 'x') + "' as a country"), std::string::npos);
  }
}

TEST(Features, ScaleAsTheTrainingDid) {
  const std::vector<FeatureRow> training{row("2026-06-01T00:00:00Z", {}, 10), row("2026-06-02T00:00:00Z", {}, 20),
                                         row("2026-06-03T00:00:00Z", {}, 60)};
  const FeatureTable table = FeatureTable::learn({.value = "users", .standardise = true}, training);
  const Frame frame = table.encode(training);
  // Mean 30, population deviation sqrt(1400 / 3) = 21.602.
  EXPECT_NEAR(frame.at(0, 0), -20 / 21.602469, 1e-6);
  EXPECT_NEAR(frame.at(2, 0), 30 / 21.602469, 1e-6);
  const std::vector<FeatureRow> later{row("2026-07-01T00:00:00Z", {}, 30)};
  EXPECT_NEAR(table.encode(later).at(0, 0), 0, 1e-12);
}

TEST(Features, ComeBackFromTheModelFileAsTheyWere) {
  FeatureRules own = rules();
  own.standardise = true;
  own.unseen = -7;
  const std::optional<FeatureTable> table = FeatureTable::learn(own, kTraining);
  std::vector<NamedDetector> detectors;
  detectors.push_back({"svm", make_detector("one_class_svm")});
  detectors[0].detector->train(table->encode(kTraining));
  const std::string file = save_detectors(detectors, "2026-06-03", table);
  const auto back = find_features(file);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->rules().unseen, -7);
  EXPECT_EQ(back->categories(0), (std::vector<std::string>{"de", "fr", "it"}));
  const std::vector<FeatureRow> rows{row("2026-07-01T00:00:00Z", kEsIos, 5), row("2026-07-02T00:00:00Z", kDeWeb, 15)};
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(values(back->encode(rows), i), values(table->encode(rows), i));
  EXPECT_EQ(load_detectors(file)[0].detector->channels().size(), 7U);
  EXPECT_EQ(position_of(file), "2026-06-03");
  EXPECT_FALSE(find_features(save_detectors(detectors, "x")));
}

/// 28 days from 2025-01-01, three countries, platforms and channels: what scikit-learn 1.2.1's OneClassSVM(nu=0.1,
/// gamma=0.1) makes of the seven features, rho 4.60749 with 112 support vectors.
TEST(Features, GiveAOneClassMachineWhatScikitLearnGivesIt) {
  std::vector<std::array<std::string, 3>> categories;
  for (const char* country : {"it", "fr", "de"}) {
    for (const char* platform : {"ios", "android", "web"})
      for (const char* channel : {"organic", "paid", "referral"}) categories.push_back({country, platform, channel});
  }
  std::vector<FeatureRow> rows;
  for (int day = 0; day < 28; ++day) {
    for (const auto& own : categories)
      rows.push_back({at("2025-01-01T00:00:00Z") + std::chrono::hours(24 * day), own, 1});
  }
  const FeatureTable table = FeatureTable::learn({.calendar = {"day_of_week", "day_of_month", "month", "quarter"},
                                                  .encode = {"country_code", "platform", "channel"}},
                                                 rows);
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"nu", "0.1"}, {"gamma", "0.1"}, {"scaling", "none"}};
  const auto svm = make_detector("one_class_svm", settings);
  svm->train(table.encode(rows));
  EXPECT_EQ(svm->training_rows(), 756U);
  for (const Fact& fact : svm->facts()) {
    if (fact.name == "rho") {
      EXPECT_NEAR(fact.value, 4.60749, 1e-3);
    }
    if (fact.name == "support_vectors") {
      EXPECT_NEAR(fact.value, 112, 4);
    }
  }
}

TEST(Features, RefuseAModelFileWhoseCategoriesAreNotInOrder) {
  ModelWriter out;
  out.add_text("features",
               R"({"calendar":[],"encode":[{"name":"c","categories":["it","de"]}],"value":"","standardise":false})");
  const std::string file = out.bytes();
  EXPECT_THROW(find_features(file), core::Error);
}

TEST(Features, RefuseAModelFileWhoseBucketsHaveNoWidth) {
  ModelWriter out;
  out.add_text("features", R"({"calendar":["month"],"encode":[],"value":"","standardise":false,"granularity_us":-1})");
  const std::string file = out.bytes();
  EXPECT_THROW(find_features(file), core::Error);
}

TEST(Features, NeedRowsAndKnownWords) {
  EXPECT_THROW(FeatureTable::learn(rules(), {}), core::Error);
  EXPECT_THROW(FeatureTable::learn({.calendar = {"weekday"}}, kTraining), core::Error);
}

}  // namespace
}  // namespace wakeful::detectors
