// Orders and pages of runs against a plain sort of what was logged.
#include "tracker/search_runs.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/core/random.hpp"
#include "support/database.hpp"
#include "tracker/experiments.hpp"
#include "tracker/metrics.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {
namespace {

/// A run as the test knows it.
struct Known {
  std::string id;
  std::int64_t start = 0;
  std::optional<double> metric{};  // NaN is a value
  std::optional<std::string> param{};
};

/// 0 a value, 1 NaN, 2 missing: in this order whatever the direction.
int class_of(const Known& run) { return !run.metric ? 2 : std::isnan(*run.metric) ? 1 : 0; }

bool ties(const Known& a, const Known& b) { return a.start != b.start ? a.start > b.start : a.id < b.id; }

class RunOrders : public wakeful::testing::EveryDatabase {
 protected:
  static constexpr int kRuns = 120;

  void SetUp() override {
    EveryDatabase::SetUp();
    if (IsSkipped()) return;
    db().write([&](db::Tx& tx) {
      ensure_default_experiment(tx, Settings{}, core::from_ms(1));
      known_.clear();
      core::Random random(3);
      for (int i = 0; i < kRuns; ++i) add(tx, random, i);
    });
  }

  void add(db::Tx& tx, core::Random& random, int i) {
    Known run{fmt::format("{:016x}{:016x}", random.next(), random.next()), static_cast<std::int64_t>(random.below(4))};
    create_run(tx, {.experiment_id = "0", .start_time_ms = run.start, .tags = {{"even", i % 2 == 0 ? "yes" : "no"}}},
               RunId(run.id));
    Batch batch;
    if (random.below(3) != 0) {
      run.metric = random.below(5) == 0 ? std::nan("") : static_cast<double>(random.below(6)) - 2;
      batch.metrics.push_back({.key = "m", .value = *run.metric, .step = 1});
      batch.metrics.push_back({.key = "m", .value = 99, .step = 0});
    }
    if (random.below(3) != 0) {
      run.param = std::string(1, static_cast<char>('A' + random.below(40)));
      batch.params.push_back({"p", *run.param});
    }
    log_batch(tx, RunId(run.id), CheckedBatch(std::move(batch), {}));
    known_.push_back(std::move(run));
  }

  RunPage search(const RunSearch& search) {
    return db().read([&](db::Tx& tx) { return search_runs(tx, search); });
  }

  static std::vector<std::string> ids_of(const std::vector<Known>& runs) {
    std::vector<std::string> ids;
    for (const Known& run : runs) ids.push_back(run.id);
    return ids;
  }

  template <class Less>
  void expect_order(const std::vector<std::string>& order_by, Less less) {
    std::sort(known_.begin(), known_.end(), less);
    for (const std::vector<std::string>& experiments : {std::vector<std::string>{"0"}, {"0", "1"}}) {
      for (const std::int64_t size : {1, 7, kRuns, 1'000}) {
        std::vector<std::string> seen;
        RunSearch wanted{.experiment_ids = experiments, .order_by = order_by, .max_results = size};
        do {
          const RunPage page = search(wanted);
          for (const auto& run : page.runs) seen.push_back(run.info.run_id);
          wanted.page_token = page.next_page_token;
        } while (!wanted.page_token.empty() && seen.size() <= kRuns);
        EXPECT_EQ(seen, ids_of(known_)) << size << " a page of " << experiments.size() << " experiments";
      }
    }
  }

  std::vector<Known> known_;
};

TEST_P(RunOrders, GoByStartWithoutAnOrder) { expect_order({}, ties); }

TEST_P(RunOrders, GoByMetricUpwards) {
  expect_order({"metrics.m"}, [](const Known& a, const Known& b) {
    if (class_of(a) != class_of(b)) return class_of(a) < class_of(b);
    return class_of(a) == 0 && a.metric != b.metric ? a.metric < b.metric : ties(a, b);
  });
}

TEST_P(RunOrders, GoByMetricDownwards) {
  expect_order({"metrics.m DESC"}, [](const Known& a, const Known& b) {
    if (class_of(a) != class_of(b)) return class_of(a) < class_of(b);
    return class_of(a) == 0 && a.metric != b.metric ? a.metric > b.metric : ties(a, b);
  });
}

TEST_P(RunOrders, GoByParamBytesThenMetric) {
  expect_order({"params.p DESC", "metrics.m ASC"}, [](const Known& a, const Known& b) {
    if (a.param.has_value() != b.param.has_value()) return a.param.has_value();
    if (a.param != b.param) return a.param > b.param;
    if (class_of(a) != class_of(b)) return class_of(a) < class_of(b);
    return class_of(a) == 0 && a.metric != b.metric ? a.metric < b.metric : ties(a, b);
  });
}

TEST_P(RunOrders, GoByMetricThenParam) {
  expect_order({"metrics.m", "params.p"}, [](const Known& a, const Known& b) {
    if (class_of(a) != class_of(b)) return class_of(a) < class_of(b);
    if (class_of(a) == 0 && a.metric != b.metric) return a.metric < b.metric;
    if (a.param.has_value() != b.param.has_value()) return a.param.has_value();
    return a.param != b.param ? a.param < b.param : ties(a, b);
  });
}

TEST_P(RunOrders, GoByStartUpwards) {
  expect_order({"start_time ASC"},
               [](const Known& a, const Known& b) { return a.start != b.start ? a.start < b.start : a.id < b.id; });
}

TEST_P(RunOrders, FilterTheSameWhereverTheStatementBegins) {
  // Tags of many runs, params of few, and the order's metric each choose another beginning.
  for (const std::vector<std::string>& order : {std::vector<std::string>{}, {"metrics.m DESC"}, {"params.p"}}) {
    const auto count = [&](const std::string& filter) {
      return search({.experiment_ids = {"0"}, .filter = filter, .order_by = order}).runs.size();
    };
    const auto known = [&](auto&& holds) {
      return static_cast<std::size_t>(std::count_if(known_.begin(), known_.end(), holds));
    };
    EXPECT_EQ(count("tags.even = 'yes'"), static_cast<std::size_t>(kRuns) / 2);
    EXPECT_EQ(count("metrics.m >= 0"), known([](const Known& run) { return run.metric && *run.metric >= 0; }));
    EXPECT_EQ(count("params.p = 'C'"), known([](const Known& run) { return run.param == "C"; }));
    EXPECT_EQ(count("params.p = 'C' and metrics.m >= 0"),
              known([](const Known& run) { return run.param == "C" && run.metric && *run.metric >= 0; }));
    EXPECT_EQ(count("metrics.m >= 0 and metrics.m < 2 and params.p != 'C'"), known([](const Known& run) {
                return run.metric && *run.metric >= 0 && *run.metric < 2 && run.param && run.param != "C";
              }));
  }
}

WAKEFUL_ON_EVERY_DATABASE(RunOrders);

}  // namespace
}  // namespace wakeful::tracker
