#include "runner/fitting.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/random.hpp"
#include "unit/runner/stage.hpp"

namespace wakeful::runner {
namespace {

using namespace std::chrono_literals;

/// Where so many threads wait for each other.
class Meeting {
 public:
  explicit Meeting(int wanted) : wanted_(wanted) {}
  /// Whether all came; whoever is late by a minute does not come.
  bool attend() {
    std::unique_lock lock(mutex_);
    ++came_;
    changed_.notify_all();
    return changed_.wait_for(lock, 60s, [this] { return came_ >= wanted_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int wanted_;
  int came_ = 0;
};

class FittingTest : public ::testing::Test {
 protected:
  FittingTest() {
    claim_.detector.name = "d";
    claim_.detector.model_per_group = true;
    claim_.detector.algorithms = {{.label = "z_score", .name = "z_score", .parameters = "{}"}};
    metric_.name = "latency";
    metric_.dimension_groupings = {"region"};
  }

  /// Every group's values lie about a level of its own.
  Grid levels(int groups) {
    Grid grid;
    core::Random chance(6);
    const core::Timestamp first = core::parse_rfc3339("2026-03-01T10:00:00Z");
    grid.buckets = {first, first + 199 * 60s, 60s};
    for (int g = 0; g < groups; ++g) grid.entities.push_back(fmt::format("region-{}", g));
    for (int row = 0; row < 200; ++row)
      for (int g = 0; g < groups; ++g) grid.values.push_back(100 * g + chance.uniform());
    return grid;
  }

  std::vector<Target> fit_all(int groups, const std::function<void()>& check) {
    const Work work{
        .claim = claim_, .server = server_, .connections = connections_, .sources = sources_, .check = check};
    std::vector<Target> targets = targets_of(work, metric_, levels(groups));
    fit(work, targets);
    return targets;
  }

  Stage stage_;
  client::Server server_ = stage_.server();
  Connections connections_;
  SourceSettings sources_;
  monitor::Claim claim_;
  monitor::Metric metric_;
};

TEST_F(FittingTest, FitsTheModelsOfGroupsSideBySide) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one core";
  Meeting meeting(2);  // of two trainings under way: one after the other they would wait in vain
  std::atomic<bool> met = true;
  const auto targets = fit_all(2, [&] {
    if (!meeting.attend()) met = false;
  });
  EXPECT_TRUE(met);
  EXPECT_EQ(targets.size(), 2U);
}

TEST_F(FittingTest, GivesEachGroupTheModelOfItsOwnNumbersInTheirOrder) {
  const auto targets = fit_all(20, [] {});
  ASSERT_EQ(targets.size(), 20U);
  for (std::size_t g = 0; g < 20; ++g) {
    const auto& grid = targets[g].grid;
    EXPECT_EQ(grid.entities, std::vector<std::string>{fmt::format("region-{}", g)});
    ASSERT_EQ(targets[g].detectors.size(), 1U);
    detectors::Frame frame(grid.entities);
    for (const double level : {100.0 * static_cast<double>(g) + 0.5, 100.0 * static_cast<double>(g) + 50})
      frame.append(std::vector{level});
    const auto scores = targets[g].detectors.front().detector->score(frame).anomaly_score;
    EXPECT_LT(scores[0], 1) << g;
    EXPECT_GT(scores[1], 1) << g;
  }
}

TEST_F(FittingTest, PassesOnWhatStopsOneOfThem) {
  std::atomic<int> asked = 0;
  try {
    fit_all(8, [&] {
      if (++asked == 3) throw core::conflict("the lease is lost", "lease");
    });
    ADD_FAILURE() << "it went on";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.field(), "lease");
  }
}

}  // namespace
}  // namespace wakeful::runner
