#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "detectors/catalog.hpp"
#include "platform/core/random.hpp"
#include "unit/c_api/plain_c.h"
#include "wakeful/detectors.h"

namespace wakeful::detectors {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Frame messy(std::size_t rows, std::uint64_t seed) {
  core::Random chance(seed);
  Frame frame({"a", "b"});
  for (std::size_t i = 0; i < rows; ++i) {
    const double wave = 10 * std::sin(static_cast<double>(i) / 5);
    frame.append(std::vector{wave + chance.normal(), i % 17 == 0 ? kNaN : 5 + chance.normal()});
  }
  return frame;
}

/// Every algorithm of the catalog in one file, behind the same rows.
std::vector<NamedDetector> trained() {
  std::vector<NamedDetector> all;
  for (const CatalogRow& row : catalog()) {
    all.push_back({"my " + std::string(row.name), make_detector(row.name)});
    all.back().detector->train(messy(300, 1));
  }
  return all;
}

bool same_bits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

class CApi : public ::testing::Test {
 protected:
  CApi() : file_(save_detectors(detectors_, "2026-03-01T00:00:00Z")) { std::ofstream(path_) << file_; }
  ~CApi() override { std::filesystem::remove(path_); }

  std::string refused(const std::string& bytes) {
    std::string error(200, '\1');
    wakeful_model* model = wakeful_detectors_read(bytes.data(), bytes.size(), error.data(), error.size());
    EXPECT_EQ(model, nullptr);
    wakeful_detectors_close(model);
    return error.c_str();
  }

  std::vector<NamedDetector> detectors_ = trained();
  std::string file_;
  std::string path_ = testing::TempDir() + "c_api_test." + std::to_string(::getpid()) + ".model";
  Frame rows_ = messy(120, 2);
  char error_[200] = "";
};

TEST_F(CApi, SaysWhatIsInAFile) {
  EXPECT_EQ(wakeful_detectors_abi_version(), 1U);
  wakeful_model* model = wakeful_detectors_open(path_.c_str(), error_, sizeof error_);
  ASSERT_NE(model, nullptr) << error_;
  EXPECT_STREQ(wakeful_detectors_position(model), "2026-03-01T00:00:00Z");
  ASSERT_EQ(wakeful_detectors_count(model), catalog().size());
  for (std::size_t i = 0; i < catalog().size(); ++i) {
    EXPECT_EQ(wakeful_detectors_name(model, i), "my " + std::string(catalog()[i].name));
    EXPECT_EQ(wakeful_detectors_algorithm(model, i), std::string(catalog()[i].name));
    EXPECT_EQ(wakeful_detectors_per_channel(model, i), catalog()[i].per_channel ? 1 : 0);
    ASSERT_EQ(wakeful_detectors_channels(model, i), 2U);
    EXPECT_STREQ(wakeful_detectors_channel(model, i, 1), "b");
  }
  EXPECT_EQ(wakeful_detectors_name(model, 99), nullptr);
  EXPECT_EQ(wakeful_detectors_channel(model, 0, 2), nullptr);
  wakeful_detectors_close(model);
  wakeful_detectors_close(nullptr);
}

TEST_F(CApi, ScoresToTheBitWhatTheDetectorsScore) {
  wakeful_model* model = wakeful_detectors_open(path_.c_str(), error_, sizeof error_);
  ASSERT_NE(model, nullptr) << error_;
  const std::size_t count = rows_.rows();
  const std::vector<double> values(rows_.view().values().begin(), rows_.view().values().end());
  for (std::size_t i = 0; i < detectors_.size(); ++i) {
    std::vector<double> score(count), channel(2 * count), expected(2 * count), lower(2 * count), upper(2 * count);
    const wakeful_scores out{score.data(), channel.data(), expected.data(), lower.data(), upper.data()};
    const Scores wanted = detectors_[i].detector->score(rows_);
    // Twice: scoring leaves the model where it is. Then in two moves, which come to the same.
    for (int turn = 0; turn < 2; ++turn) {
      ASSERT_EQ(wakeful_detectors_score(model, i, values.data(), count, &out, error_, sizeof error_), 0) << error_;
      EXPECT_TRUE(same_bits(score, wanted.anomaly_score)) << detectors_[i].name;
      EXPECT_TRUE(same_bits(channel, wanted.channel_score) || wanted.channel_score.empty());
      EXPECT_TRUE(same_bits(expected, wanted.yhat) || wanted.yhat.empty());
      EXPECT_TRUE(same_bits(upper, wanted.yhat_upper) || wanted.yhat_upper.empty());
    }
    std::vector<double> moved(count);
    const wakeful_scores first{moved.data(), nullptr, nullptr, nullptr, nullptr};
    const wakeful_scores rest{moved.data() + 50, nullptr, nullptr, nullptr, nullptr};
    EXPECT_EQ(wakeful_detectors_update(model, i, values.data(), 50, &first, error_, sizeof error_), 0);
    EXPECT_EQ(wakeful_detectors_update(model, i, values.data() + 100, count - 50, &rest, error_, sizeof error_), 0);
    EXPECT_TRUE(same_bits(moved, wanted.anomaly_score)) << detectors_[i].name;
  }
  wakeful_detectors_close(model);
}

TEST_F(CApi, IsTheSameFromC) {
  std::vector<double> scores(rows_.rows());
  ASSERT_EQ(score_in_c(path_.c_str(), rows_.view().values().data(), rows_.rows(), scores.data(), error_, sizeof error_),
            0)
      << error_;
  EXPECT_TRUE(same_bits(scores, detectors_[0].detector->score(rows_).anomaly_score));
  EXPECT_EQ(score_in_c("/nowhere.model", nullptr, 0, nullptr, error_, sizeof error_), 1);
  EXPECT_NE(std::string(error_).find("/nowhere.model"), std::string::npos);
}

TEST_F(CApi, RefusesAFileThatIsCutOrAlteredWithAReason) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{63}, file_.size() / 2, file_.size() - 1})
    EXPECT_NE(refused(file_.substr(0, size)).find("model file"), std::string::npos) << size;
  std::string altered = file_;
  altered[altered.size() / 2] = static_cast<char>(altered[altered.size() / 2] ^ 1);
  EXPECT_NE(refused(altered).find("model file"), std::string::npos);
  char small[8];
  EXPECT_EQ(wakeful_detectors_read("x", 1, small, sizeof small), nullptr);
  EXPECT_EQ(std::strlen(small), 7U);  // cut, with its end
  EXPECT_EQ(wakeful_detectors_read("x", 1, nullptr, 0), nullptr);
  EXPECT_EQ(wakeful_detectors_open(nullptr, error_, sizeof error_), nullptr);
}

TEST_F(CApi, RefusesWhatCannotBeScored) {
  wakeful_model* model = wakeful_detectors_open(path_.c_str(), error_, sizeof error_);
  double one[2] = {1, 2}, score = 0;
  const wakeful_scores out{&score, nullptr, nullptr, nullptr, nullptr};
  EXPECT_EQ(wakeful_detectors_score(model, 99, one, 1, &out, error_, sizeof error_), 1);
  EXPECT_STREQ(error_, "no such detector");
  EXPECT_EQ(wakeful_detectors_score(nullptr, 0, one, 1, &out, error_, sizeof error_), 1);
  EXPECT_EQ(wakeful_detectors_score(model, 0, nullptr, 1, &out, error_, sizeof error_), 1);
  EXPECT_EQ(wakeful_detectors_score(model, 0, one, 1, nullptr, error_, sizeof error_), 1);
  EXPECT_EQ(wakeful_detectors_score(model, 0, one, SIZE_MAX, &out, error_, sizeof error_), 1);
  EXPECT_EQ(wakeful_detectors_score(model, 0, nullptr, 0, &out, error_, sizeof error_), 0);
  one[0] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(wakeful_detectors_score(model, 0, one, 1, &out, error_, sizeof error_), 0);
  wakeful_detectors_close(model);
}

TEST_F(CApi, ScoresOneModelFromManyThreads) {
  wakeful_model* model = wakeful_detectors_open(path_.c_str(), error_, sizeof error_);
  std::vector<std::vector<double>> scores(8, std::vector<double>(rows_.rows()));
  {
    std::vector<std::jthread> threads;
    for (auto& mine : scores) {
      threads.emplace_back([&] {
        const wakeful_scores out{mine.data(), nullptr, nullptr, nullptr, nullptr};
        for (std::size_t i = 0; i < wakeful_detectors_count(model); ++i)
          wakeful_detectors_score(model, i, rows_.view().values().data(), rows_.rows(), &out, nullptr, 0);
      });
    }
  }
  for (const auto& mine : scores) EXPECT_TRUE(same_bits(mine, scores.front()));
  wakeful_detectors_close(model);
}

}  // namespace
}  // namespace wakeful::detectors
