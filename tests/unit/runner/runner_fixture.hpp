#pragma once
// A stage with a small world on it: two regions that are observed every five minutes, and detectors that watch them.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "client/files.hpp"
#include "client/runs.hpp"
#include "platform/core/random.hpp"
#include "platform/core/text.hpp"
#include "runner/runner.hpp"
#include "unit/runner/stage.hpp"

namespace wakeful::runner {

using monitor::Job;
using monitor::JobKind;
using monitor::JobState;
using namespace std::chrono_literals;

inline const core::Timestamp kStart = core::parse_rfc3339("2026-03-01T00:00:00Z");
constexpr core::Duration kStep = 5min;
inline core::Timestamp bucket(std::int64_t i) { return kStart + i * kStep; }

/// Two regions with a daily wave and noise; a spike in "us" at bucket 250, silence of "eu" from 215 to 219.
inline std::string observations(std::int64_t first, std::int64_t end, std::uint64_t seed = 1) {
  core::Random random(seed);
  std::string lines;
  for (std::int64_t i = 0; i < end; ++i) {
    for (const char* region : {"eu", "us"}) {
      const double noise = random.normal();
      const bool silent = region[0] == 'e' && i >= 215 && i < 220;
      if (i < first || silent) continue;
      const double wave = 10 * std::sin(static_cast<double>(i) * 0.0218);
      const double spike = region[0] == 'u' && i == 250 ? 80 : 0;
      lines += fmt::format("{{\"ts\":\"{}\",\"region\":\"{}\",\"latency\":{}}}\n", core::format_rfc3339(bucket(i) + 7s),
                           region, 100 + wave + noise + spike);
    }
  }
  return lines;
}

inline std::string detector_file(const std::string& name, const std::string& fill = "gap") {
  return fmt::format(
      R"({{"name":"{}","schedule":"manual","time_spec":{{"granularity":"5m","end":"0s"}},)"
      R"("metrics":[{{"name":"latency","source":{{"observations":"checkout"}},"dimension_groupings":["region"],)"
      R"("fill":"{}"}}],"algorithms":{{"univariate_baseline":{{"tolerance":6}},"ar_ridge":{{}},"isolation_forest":{{"trees":20}}}}}})",
      name, fill);
}

class RunnerTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kTrained = 200;
  static constexpr std::int64_t kAll = 288;

  std::string model_of(const std::string& detector) { return detector + "__latency__region_online"; }

  void push(std::int64_t first, std::int64_t end) { client::ingest(server_, "checkout", observations(first, end)); }
  void apply(const std::string& name, const std::string& fill = "gap") {
    client::apply_detector(server_, name, detector_file(name, fill));
  }
  Job ask(const std::string& detector, JobKind kind, std::int64_t until) {
    return client::run_detector(server_, detector, {.kind = kind, .until = bucket(until)});
  }
  Runner make_runner(http::Transport transport) {
    return Runner(std::move(transport), stage_.telemetry(), {.name = "test"});
  }
  /// Asks for a job and works until there is none.
  Job run(const std::string& detector, JobKind kind, std::int64_t until) {
    const Job job = ask(detector, kind, until);
    Runner runner(stage_.transport(), stage_.telemetry(), {});
    while (runner.run_one()) {
    }
    return client::get_job(server_, job.id);
  }
  void train(const std::string& detector) {
    const Job job = run(detector, JobKind::train, kTrained);
    ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  }
  std::vector<monitor::Score> scores(const std::string& detector) {
    auto found = client::list_scores(server_, model_of(detector)).rows;
    for (auto& score : found) score.evaluation_id.clear();
    return found;
  }
  monitor::OnlineModel model(const std::string& detector) {
    return client::get_detector(server_, detector).models.at(0);
  }

  Stage stage_;
  client::Server server_ = stage_.server();
};

inline std::string shown(const monitor::Score& s) {
  const auto text = [](const std::optional<double>& v) { return v ? core::format_real(*v) : std::string("-"); };
  return fmt::format("{} {} {} {} {} {} {} {} {} r{}", core::format_rfc3339(s.timestamp), s.entity, s.algorithm,
                     text(s.value), text(s.expected), text(s.lower), text(s.upper), text(s.score), s.is_anomaly,
                     s.revision);
}

inline void expect_same(const std::vector<monitor::Score>& left, const std::vector<monitor::Score>& right) {
  const auto texts = [](const std::vector<monitor::Score>& scores) {
    std::vector<std::string> lines;
    for (const auto& score : scores) lines.push_back(shown(score));
    std::sort(lines.begin(), lines.end());
    return lines;
  };
  EXPECT_EQ(texts(left), texts(right));
}

}  // namespace wakeful::runner
