#include "detectors/mini_prophet.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "detectors/catalog.hpp"
#include "detectors/lbfgs.hpp"
#include "platform/core/error.hpp"
#include "platform/core/random.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kHour = 3600, kDay = 24 * kHour;
/// 2026-01-05T00:00:00Z, a Monday.
constexpr double kMonday = 1'767'571'200;

/// A trend that bends once, a day with a peak, a quiet weekend.
double truth(double time) {
  const double days = (time - kMonday) / kDay;
  const double trend = 100 + 0.8 * days - 1.1 * std::max(0.0, days - 20);
  const double day = 12 * std::sin(2 * std::numbers::pi * days) + 5 * std::cos(4 * std::numbers::pi * days);
  const double week = 9 * std::cos(2 * std::numbers::pi * days / 7);
  return trend + day + week;
}

std::vector<double> noisy(std::size_t rows, double noise, std::uint64_t seed = 3) {
  core::Random chance(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < rows; ++i)
    values.push_back(truth(kMonday + kHour * static_cast<double>(i)) + noise * chance.normal());
  return values;
}

const SeriesClock kClock{kMonday, kHour};

/// Compares the slope with a central difference.
template <class Of>
void expect_slope(const Of& loss_of, double r) {
  constexpr double kStep = 1e-6;
  const double slope = (loss_of(r + kStep).value - loss_of(r - kStep).value) / (2 * kStep);
  EXPECT_NEAR(loss_of(r).slope, slope, 1e-6) << r;
}

TEST(MiniProphet, HasLossesWhoseSlopesAreTheirs) {
  for (const double r : {-7.0, -1.5, -0.999, -0.3, -0.0005, 0.0, 0.0004, 0.2, 0.98, 1.01, 30.0}) {
    expect_slope(huber_loss, r);
    for (const double q : {0.025, 0.5, 0.975}) {
      for (const double corner : {0.1, 0.001}) {
        if (std::abs(std::abs(r) - corner) < 1e-5) continue;
        expect_slope([&](double x) { return pinball_loss(x, q, corner); }, r);
      }
    }
  }
  EXPECT_DOUBLE_EQ(huber_loss(3).value, 2.5);
  EXPECT_DOUBLE_EQ(pinball_loss(2, 0.9, 0.001).value, 1.8);
  EXPECT_NEAR(pinball_loss(-2, 0.9, 0.001).value, 0.2, 1e-12);
}

TEST(MiniProphet, FindsTheMinimumOfRosenbrocksValley) {
  const Objective valley = [](std::span<const double> x, std::span<double> g) {
    g[0] = -2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] * x[0]);
    g[1] = 200 * (x[1] - x[0] * x[0]);
    return (1 - x[0]) * (1 - x[0]) + 100 * (x[1] - x[0] * x[0]) * (x[1] - x[0] * x[0]);
  };
  std::vector<double> x = {-1.2, 1};
  const LbfgsResult result = minimise(valley, x);
  EXPECT_TRUE(result.converged);
  EXPECT_LT(result.rounds, 60);
  EXPECT_NEAR(x[0], 1, 1e-5);
  EXPECT_NEAR(x[1], 1, 1e-5);
}

TEST(MiniProphet, ChoosesItsOrdersByTheTraining) {
  // values, days -> weekly, daily, bends
  EXPECT_EQ(auto_orders(10, 1), (Orders{0, 0, 0}));
  EXPECT_EQ(auto_orders(47, 1.9), (Orders{0, 0, 1}));
  EXPECT_EQ(auto_orders(48, 2), (Orders{0, 1, 1}));
  EXPECT_EQ(auto_orders(119, 5), (Orders{0, 1, 3}));
  EXPECT_EQ(auto_orders(240, 13.99), (Orders{0, 4, 8}));
  EXPECT_EQ(auto_orders(240, 14), (Orders{4, 4, 8}));
  EXPECT_EQ(auto_orders(100'000, 300), (Orders{6, 6, 10}));
}

TEST(MiniProphet, RecoversTrendDayAndWeek) {
  const std::vector<double> values = noisy(24 * 42, 1.0);
  MiniProphet model{{}};
  model.fit(kClock, values, MiniProphet::Want::forecast);
  double square = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double off = model.forecast(kClock.at(i)) - truth(kClock.at(i));
    square += off * off;
  }
  EXPECT_LT(std::sqrt(square / static_cast<double>(values.size())), 0.5);  // of noise 1 on an amplitude of 20
  for (std::size_t i = values.size(); i < values.size() + 72; ++i)         // three days ahead
    EXPECT_NEAR(model.forecast(kClock.at(i)), truth(kClock.at(i)), 3) << i;
}

TEST(MiniProphet, HoldsAsManyValuesInItsIntervalAsItSays) {
  const std::vector<double> values = noisy(24 * 42, 2.0);
  MiniProphet model{{.interval_width = 0.9}};
  model.fit(kClock, values, MiniProphet::Want::interval);
  std::size_t inside = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto held = model.interval(kClock.at(i));
    inside += values[i] >= held.lower && values[i] <= held.upper ? 1U : 0U;
  }
  const double share = static_cast<double>(inside) / static_cast<double>(values.size());
  EXPECT_GT(share, 0.84);
  EXPECT_LT(share, 0.96);
}

TEST(MiniProphet, IsNotMovedByAFewWildValuesOrMissingOnes) {
  std::vector<double> values = noisy(24 * 42, 0.5);
  MiniProphet calm{{}};
  calm.fit(kClock, values, MiniProphet::Want::forecast);
  for (std::size_t i = 50; i < values.size(); i += 100) values[i] *= 50;
  for (std::size_t i = 3; i < values.size(); i += 10) values[i] = kNaN;
  MiniProphet model{{}};
  model.fit(kClock, values, MiniProphet::Want::forecast);
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(model.forecast(kClock.at(i)), calm.forecast(kClock.at(i)), 12) << i;  // least squares: by 50
}

TEST(MiniProphet, LearnsTheEffectOfSpecialDays) {
  std::vector<double> values = noisy(24 * 42, 0.5);
  const auto first_day = static_cast<std::int64_t>(kMonday / kDay);
  for (const std::size_t day : {10U, 25U}) {
    for (std::size_t hour = 0; hour < 24; ++hour) values[day * 24 + hour] -= 40;
  }
  MiniProphet model{{.special_days = {first_day + 10, first_day + 25, first_day + 43}}};
  model.fit(kClock, values, MiniProphet::Want::forecast);
  EXPECT_NEAR(model.forecast(kMonday + 43 * kDay + kHour) - truth(kMonday + 43 * kDay + kHour), -40, 6);
  EXPECT_NEAR(model.forecast(kMonday + 42 * kDay + kHour) - truth(kMonday + 42 * kDay + kHour), 0, 6);
}

TEST(MiniProphet, SaysTheSameAfterPackAndUnpack) {
  MiniProphet model{{}};
  model.fit(kClock, noisy(24 * 20, 1), MiniProphet::Want::interval);
  Packer packed;
  model.pack(packed);
  MiniProphet again{{}};
  Unpacker in(packed.values());
  again.unpack(in);
  in.end();
  for (const double time : {kMonday, kMonday + 5 * kDay + 7 * kHour, kMonday + 90 * kDay}) {
    EXPECT_EQ(again.forecast(time), model.forecast(time));
    EXPECT_EQ(again.interval(time).lower, model.interval(time).lower);
    EXPECT_EQ(again.interval(time).upper, model.interval(time).upper);
  }
}

TEST(MiniProphet, RefusesFewerThanTenValues) {
  MiniProphet model{{}};
  EXPECT_NO_THROW(model.fit(kClock, noisy(10, 1), MiniProphet::Want::interval));
  std::vector<double> nine = noisy(9, 1);
  nine.resize(40, kNaN);
  EXPECT_THROW(model.fit(kClock, nine, MiniProphet::Want::forecast), core::Error);
}

Frame hourly(std::span<const double> values, std::size_t first = 0) {
  Frame frame({"value"});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto seconds = static_cast<std::int64_t>(kClock.at(first + i));
    frame.append(core::from_us(seconds * 1'000'000), std::vector{values[i]});
  }
  return frame;
}

TEST(MiniProphet, GivesTheBaselineAnExpectationThatKnowsTheHour) {
  const std::vector<double> values = noisy(24 * 30, 1);
  std::vector<double> next;
  for (std::size_t i = 0; i < 48; ++i) next.push_back(truth(kClock.at(24 * 30 + i)));
  next[30] += 30;
  for (const char* how : {R"({"model": {"MiniProphetForecaster": {}}})",
                          R"({"transformers": [{"ResidualsTransformer": {"model": "MiniProphetForecaster"}}]})",
                          R"({"transformers": ["ResidualsTransformer"], "model": "MiniProphetForecaster"})"}) {
    const CatalogRow& row = get_algorithm("UnivariateModelAnomalyDetection");
    const auto document = core::parse_json(how);
    const auto detector = make_detector(row, read_parameters(row.parameters, core::ObjectReader(document.root())));
    detector->train(hourly(values));
    const auto loaded = load_detector(save_detector(*detector));
    const Scores scores = detector->score(hourly(next, 24 * 30));
    for (std::size_t i = 0; i < next.size(); ++i) EXPECT_EQ(scores.anomaly_score[i] > 1, i == 30) << how << i;
    EXPECT_NEAR(scores.yhat[5], truth(kClock.at(24 * 30 + 5)), 4) << how;
    // One pull of 48 windows is 48 pulls of one, also behind a restart.
    Scores one = loaded->room_for(1);
    for (std::size_t i = 0; i < next.size(); ++i) {
      loaded->update(std::vector{next[i]}, one);
      EXPECT_EQ(one.anomaly_score[0], scores.anomaly_score[i]);
    }
  }
}

}  // namespace
}  // namespace wakeful::detectors
