// What every detector of the catalog keeps, whatever its method. A new row of the catalog is tested here without a
// line.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "detectors/catalog.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "platform/core/random.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Three channels: a wave with noise, a random walk, sparse counts; some values missing, and one spike near the end.
/// `pull` brings the walk back, by that share of the way each row.
Frame messy(std::size_t rows, std::uint64_t seed = 7, double pull = 0) {
  core::Random chance(seed);
  Frame frame({"wave", "walk", "count"});
  double walk = 50;
  for (std::size_t i = 0; i < rows; ++i) {
    walk += chance.normal() - pull * (walk - 50);
    std::vector<double> row = {10 * std::sin(static_cast<double>(i) / 8) + chance.normal(), walk,
                               chance.below(12) == 0 ? 1.0 + static_cast<double>(chance.below(3)) : 0.0};
    for (double& v : row) {
      if (chance.below(25) == 0) v = kNaN;
    }
    if (i + 20 == rows) row = {90, walk + 80, 40};
    frame.append(row);
  }
  return frame;
}

Frame constant(std::size_t rows, double value) {
  Frame frame({"still"});
  for (std::size_t i = 0; i < rows; ++i) frame.append(std::vector{value});
  return frame;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void expect_same(const Scores& a, const Scores& b) {
  EXPECT_TRUE(same_bits(a.anomaly_score, b.anomaly_score));
  EXPECT_TRUE(same_bits(a.channel_score, b.channel_score));
  EXPECT_TRUE(same_bits(a.yhat, b.yhat));
  EXPECT_TRUE(same_bits(a.yhat_lower, b.yhat_lower));
  EXPECT_TRUE(same_bits(a.yhat_upper, b.yhat_upper));
}

class CatalogTest : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Detector> make() const { return make_detector(GetParam()); }
  std::unique_ptr<Detector> trained(const FrameView& training) const {
    auto detector = make();
    detector->fit(training);
    return detector;
  }
};

TEST_P(CatalogTest, ScoresOneByOneWhatItScoresAtOnce) {
  const Frame frame = messy(500);
  const auto detector = trained(frame.view().slice(0, 200));
  const Scores batch = detector->score(frame.view().slice(200, 300));
  auto stream = detector->clone();
  Scores one = stream->room_for(1);
  Scores all;
  for (std::size_t i = 200; i < 500; ++i) {
    stream->update(frame.row(i), one);
    all.append(one);
  }
  expect_same(all, batch);
  auto pieces = detector->clone();
  Scores joined = pieces->update(frame.view().slice(200, 7));
  joined.append(pieces->update(frame.view().slice(207, 0)));
  joined.append(pieces->update(frame.view().slice(207, 293)));
  expect_same(joined, batch);
  EXPECT_TRUE(same_bits(joined.y, batch.y));
}

TEST_P(CatalogTest, GoesOnAfterSaveAndLoadAsIfNothingHadHappened) {
  const Frame frame = messy(500);
  auto detector = trained(frame.view().slice(0, 200));
  detector->update(frame.view().slice(200, 150));
  const std::string file = save_detector(*detector);
  const auto loaded = load_detector(file);
  EXPECT_EQ(save_detector(*loaded), file);
  EXPECT_EQ(loaded->describe(), detector->describe());
  expect_same(loaded->score(frame.view().slice(350, 150)), detector->score(frame.view().slice(350, 150)));
}

TEST_P(CatalogTest, GivesTheSameForTheSameSeed) {
  const Frame frame = messy(300);
  expect_same(make()->fit(frame), make()->fit(frame));
  const auto again = trained(messy(200, 3));
  expect_same(again->fit(frame), make()->fit(frame));  // a second training forgets the first
}

TEST_P(CatalogTest, ScoresUpToARowDoNotKnowWhatFollows) {
  const Frame frame = messy(400);
  const auto detector = trained(frame.view().slice(0, 200));
  const Scores all = detector->score(frame.view().slice(200, 200));
  const Scores cut = detector->score(frame.view().slice(200, 120));
  EXPECT_EQ(std::memcmp(all.anomaly_score.data(), cut.anomaly_score.data(), 120 * sizeof(double)), 0);
}

TEST_P(CatalogTest, PutsAGrossAnomalyAboveOneAndFewOthers) {
  // What wanders off is an anomaly to those that compare with the training alone.
  const Frame frame = messy(2000, 7, make()->catalog_row().stationary ? 0.2 : 0);
  const auto detector = trained(frame.view().slice(0, 1000));
  const Scores scores = detector->score(frame.view().slice(1000, 1000));
  EXPECT_GT(scores.anomaly_score[980], 1);
  const auto alarms = static_cast<std::size_t>(
      std::count_if(scores.anomaly_score.begin(), scores.anomaly_score.end(), [](double score) { return score > 1; }));
  EXPECT_LT(alarms, 200U);
}

TEST_P(CatalogTest, GivesEveryRowWithValuesAFiniteScoreThatIsNotNegative) {
  const Frame frame = messy(400);
  const auto detector = trained(frame.view().slice(0, 100));
  const Scores scores = detector->score(frame.view().slice(100, 300));
  for (std::size_t i = 0; i < 300; ++i) {
    bool whole = true;
    for (double v : frame.row(100 + i)) whole = whole && !std::isnan(v);
    if (!whole) continue;
    EXPECT_TRUE(std::isfinite(scores.anomaly_score[i])) << i;
    EXPECT_GE(scores.anomaly_score[i], 0) << i;
  }
}

TEST_P(CatalogTest, GivesAMissingRowNoScoreAndGoesOn) {
  const Frame frame = messy(300);
  auto detector = trained(frame.view().slice(0, 200));
  Frame gap({"wave", "walk", "count"});
  for (int i = 0; i < 40; ++i) gap.append(std::vector{kNaN, kNaN, kNaN});
  const Scores missing = detector->update(gap);
  for (double s : missing.anomaly_score) EXPECT_TRUE(std::isnan(s));
  const Scores after = detector->update(Frame(messy(300)).view().slice(200, 79));
  for (std::size_t i = 0; i < 79; ++i) {
    if (!std::isnan(frame.at(200 + i, 0)) && !std::isnan(frame.at(200 + i, 1)) && !std::isnan(frame.at(200 + i, 2))) {
      EXPECT_TRUE(std::isfinite(after.anomaly_score[i])) << i;
    }
  }
}

TEST_P(CatalogTest, LearnsAConstantAndAlarmsWhenItEnds) {
  for (double level : {0.0, 5.0, -1e-7, 1e250}) {
    const auto detector = trained(constant(200, level));
    const Scores still = detector->score(constant(50, level));
    for (double s : still.anomaly_score) EXPECT_TRUE(std::isfinite(s) && s <= 1) << level << " scored " << s;
    const double other = level == 0 ? 3.0 : level * 1.5;
    if (detector->catalog_row().name == "univariate_baseline") continue;  // its residuals are the values: see below
    EXPECT_GT(detector->score(constant(1, other)).anomaly_score[0], 1) << level;
  }
}

TEST_P(CatalogTest, TakesShortTraining) {
  for (std::size_t rows : {1U, 2U, 3U, 5U, 9U}) {
    Frame frame({"value"});
    for (std::size_t i = 0; i < rows + 5; ++i) frame.append(std::vector{static_cast<double>(i % 3)});
    const auto detector = trained(frame.view().slice(0, rows));
    for (double s : detector->score(frame.view().slice(rows, 5)).anomaly_score) {
      EXPECT_TRUE(std::isfinite(s)) << rows;
      EXPECT_GE(s, 0);
    }
  }
}

TEST_P(CatalogTest, ScoresAChannelThatHadNoTrainingValue) {
  Frame frame({"silent", "loud"});
  for (int i = 0; i < 60; ++i) frame.append(std::vector{kNaN, std::sin(i)});
  const auto detector = trained(frame);
  Frame next({"silent", "loud"});
  for (int i = 60; i < 90; ++i) next.append(std::vector{1.0, std::sin(i)});
  for (double s : detector->score(next).anomaly_score) EXPECT_TRUE(std::isfinite(s));
  expect_same(load_detector(save_detector(*detector))->score(next), detector->score(next));
  Frame silent({"still"});
  silent.append(std::vector{kNaN});
  for (double s : trained(silent)->score(constant(30, 4)).anomaly_score) EXPECT_TRUE(std::isfinite(s));
}

TEST_P(CatalogTest, SurvivesNumbersAtTheEdgeOfTheirRange) {
  core::Random chance(5);
  Frame frame({"value"});
  for (int i = 0; i < 120; ++i) {
    frame.append(std::vector{i % 7 == 0 ? (i % 2 == 0 ? 1.7e308 : -1.7e308) : 1e305 * chance.normal()});
  }
  for (int i = 0; i < 20; ++i) frame.append(std::vector{i % 2 == 0 ? 1.7e308 : 5e-324});
  const auto detector = trained(frame.view().slice(0, 100));
  for (double s : detector->score(frame.view().slice(100, 40)).anomaly_score) {
    EXPECT_TRUE(std::isfinite(s));
    EXPECT_LE(s, kHighestScore);
  }
}

TEST_P(CatalogTest, RefusesEmptyTrainingOtherChannelsAndUntrainedUse) {
  EXPECT_THROW(make()->fit(Frame({"a"})), core::Error);
  EXPECT_THROW(make()->fit(FrameView()), core::Error);
  EXPECT_THROW(make()->update(constant(1, 1)), core::Error);
  EXPECT_THROW(save_detector(*make()), core::Error);
  const auto detector = trained(messy(50));
  EXPECT_THROW(detector->score(constant(1, 1)), core::Error);
  Scores room = detector->room_for(1);
  EXPECT_THROW(detector->update(std::vector<double>{1}, room), core::Error);
  EXPECT_EQ(detector->score(messy(50).view().slice(0, 0)).rows(), 0U);
}

TEST_P(CatalogTest, StartsWithoutTrainingOnlyIfItLearnsOnline) {
  const std::vector<std::string> names = {"wave", "walk", "count"};
  auto detector = make();
  if (!detector->catalog_row().online) {
    EXPECT_THROW(detector->start(names), core::Error);
    return;
  }
  detector->start(names);
  const Scores scores = detector->update(messy(400));
  EXPECT_TRUE(std::isnan(scores.anomaly_score[0]));
  EXPECT_TRUE(std::isfinite(scores.anomaly_score[399]));
  EXPECT_GT(scores.anomaly_score[380], 1);
}

TEST_P(CatalogTest, RefusesAModelWhoseNumbersDoNotFitTogether) {
  const std::string file = save_detector(*trained(messy(100)));
  const ModelReader in(file);
  ModelWriter out;
  for (const char* name : {"algorithm", "parameters", "channels"}) out.add_text(name, in.text(name));
  out.add_integers("training_rows", in.integers("training_rows"));
  EXPECT_THROW(load_detector(out.bytes()), core::Error);  // no state at all
}

TEST_P(CatalogTest, RefusesAFileThatIsCutOrAltered) {
  const std::string file = save_detector(*trained(messy(100)));
  core::Random chance(11);
  const auto refused = [](const std::string& bytes) {
    try {
      load_detector(bytes);
      return false;
    } catch (const core::Error& e) {
      return e.code() == core::ErrorCode::invalid && e.field() == "model";
    }
  };
  for (std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{63}, std::size_t{64}, file.size() / 2,
                           file.size() - 64, file.size() - 1}) {
    EXPECT_TRUE(refused(file.substr(0, size))) << size;
  }
  EXPECT_TRUE(refused(file + "x"));
  for (int i = 0; i < 100; ++i) {
    std::string altered = file;
    const std::size_t at = chance.below(altered.size());
    altered[at] = static_cast<char>(altered[at] ^ (1 + static_cast<char>(chance.below(127))));
    EXPECT_TRUE(refused(altered)) << at;
  }
}

/// `bytes` with the checksum that belongs to them: what somebody writes who knows the format.
std::string resealed(std::string bytes) {
  core::Sha256 digest;
  digest.update(std::string_view(bytes).substr(0, 24));
  digest.update(std::string_view(bytes).substr(56));
  const std::string hex = digest.hex();
  for (std::size_t i = 0; i < 32; ++i) bytes[24 + i] = static_cast<char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  return bytes;
}

TEST_P(CatalogTest, LoadsAForgedFileSafelyOrRefusesIt) {
  const Frame frame = messy(160);
  auto detector = make_detector(GetParam(), {});
  detector->train(frame.view().slice(0, 100));
  const std::string file = save_detector(*detector);
  core::Random chance(13);
  const double wild[] = {kNaN, -1, 0, 1e300, -1e300, 3, 1e9, std::numeric_limits<double>::infinity()};
  std::size_t loaded = 0;
  for (int i = 0; i < 300; ++i) {
    std::string forged = file;
    if (i % 2 == 0) {
      forged[64 + chance.below(forged.size() - 64)] = static_cast<char>(chance.below(256));
    } else {
      const std::size_t at = 64 + 8 * chance.below((forged.size() - 64) / 8);
      std::memcpy(forged.data() + at, &wild[chance.below(std::size(wild))], sizeof(double));
    }
    try {
      const auto one = load_detector(resealed(forged));
      ++loaded;
      one->update(frame.view().slice(100, 60));  // whatever it says: it must not leave its own memory
    } catch (const core::Error& e) {
      EXPECT_EQ(e.code(), core::ErrorCode::invalid) << e.what();
    }
  }
  EXPECT_GT(loaded, 0U);  // or the forger was refused for the seal alone
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const CatalogRow& row : catalog()) out.emplace_back(row.name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(EveryAlgorithm, CatalogTest, testing::ValuesIn(names()),
                         [](const auto& one) { return one.param; });

TEST(Catalog, AnswersToEveryNameAndAlias) {
  for (const CatalogRow& row : catalog()) {
    EXPECT_EQ(&get_algorithm(row.name), &row);
    for (std::string_view alias : row.aliases) EXPECT_EQ(&get_algorithm(alias), &row) << alias;
    EXPECT_FALSE(row.summary.empty());
    for (const ParameterSpec& spec : row.parameters) EXPECT_FALSE(spec.doc.empty()) << row.name << "." << spec.name;
    EXPECT_NO_THROW(default_parameters(row.parameters));
  }
  EXPECT_EQ(find_algorithm("no_such_thing"), nullptr);
  try {
    get_algorithm("univariate_baselin");
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'univariate_baseline'"), std::string::npos);
  }
}

TEST(Catalog, SaysWhenThereIsTooLittleToTrainOn) {
  const CatalogRow& row = get_algorithm("univariate_baseline");
  EXPECT_NO_THROW(check_training(row, constant(10, 1)));
  EXPECT_THROW(check_training(row, constant(9, 1)), core::Error);
}

TEST(Catalog, KeepsSeveralDetectorsInOneFile) {
  std::vector<NamedDetector> several;
  for (const CatalogRow& row : catalog()) {
    several.push_back({"my " + std::string(row.name), make_detector(row.name)});
    several.back().detector->fit(messy(100));
  }
  const auto loaded = load_detectors(save_detectors(several));
  ASSERT_EQ(loaded.size(), several.size());
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    EXPECT_EQ(loaded[i].name, several[i].name);
    expect_same(loaded[i].detector->score(messy(50)), several[i].detector->score(messy(50)));
  }
}

}  // namespace
}  // namespace wakeful::detectors
