#include "platform/core/telemetry.hpp"

#include <gtest/gtest.h>

namespace wakeful::core {
namespace {

TEST(Telemetry, PrintsPrometheusText) {
  Telemetry t;
  t.counter("jobs_total", "Jobs run.", {{"kind", "train"}}).add(2);
  t.counter("jobs_total", "Jobs run.", {{"kind", "a\"b"}}).add();
  t.gauge("lag_seconds", "Lag.").set(1.5);
  t.histogram("took_seconds", "Time.").observe(0.003);
  const std::string text = t.prometheus_text();
  EXPECT_NE(text.find("# TYPE jobs_total counter\njobs_total{kind=\"a\\\"b\"} 1\njobs_total{kind=\"train\"} 2\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("lag_seconds 1.5\n"), std::string::npos);
  EXPECT_NE(text.find("took_seconds_bucket{le=\"0.0025\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("took_seconds_bucket{le=\"0.005\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("took_seconds_bucket{le=\"+Inf\"} 1\ntook_seconds_sum 0.003\ntook_seconds_count 1\n"),
            std::string::npos);
}

TEST(Telemetry, GivesTheSameMetricForTheSameLabels) {
  Telemetry t;
  Counter& a = t.counter("x_total", "X.", {{"l", "1"}});
  EXPECT_EQ(&a, &t.counter("x_total", "X.", {{"l", "1"}}));
  EXPECT_NE(&a, &t.counter("x_total", "X.", {{"l", "2"}}));
}

}  // namespace
}  // namespace wakeful::core
