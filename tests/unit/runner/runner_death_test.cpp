// What a death, a lost answer or a lost lease leaves: everything that was committed, once.
#include <functional>

#include "unit/runner/runner_fixture.hpp"

namespace wakeful::runner {
namespace {

/// Counts requests, and does something at the n-th.
class Watched {
 public:
  using Deed = std::function<http::Response(http::Request, const http::Transport&)>;
  Watched(http::Transport inner, int at, Deed deed) : inner_(std::move(inner)), at_(at), deed_(std::move(deed)) {}
  http::Transport transport() {
    return [this](http::Request request) {
      if (request.target.find("/runner/heartbeat") != std::string::npos) return inner_(std::move(request));
      return ++count_ == at_ ? deed_(std::move(request), inner_) : dead_ ? refuse() : inner_(std::move(request));
    };
  }
  void die() { dead_ = true; }
  int count() const { return count_; }
  static http::Response refuse() { throw core::unavailable("no answer"); }

 private:
  http::Transport inner_;
  int at_;
  Deed deed_;
  int count_ = 0;
  bool dead_ = false;
};

/// A runner that dies at its n-th request, before or after the server has seen it; then others work on.
class Deaths : public RunnerTest, public ::testing::WithParamInterface<bool> {
 protected:
  /// False if the runner got through without reaching its n-th request.
  bool die_at(int n, const std::string& detector, JobKind kind, std::int64_t until) {
    const Job job = ask(detector, kind, until);
    Watched* self = nullptr;
    Watched watched(stage_.transport(), n, [&](http::Request request, const http::Transport& inner) {
      self->die();
      if (GetParam()) inner(std::move(request));
      return Watched::refuse();
    });
    self = &watched;
    {
      Runner runner(watched.transport(), stage_.telemetry(), {.name = "mortal"});
      try {
        while (runner.run_one()) {
        }
      } catch (const core::Error&) {
      }
    }
    Runner heir(stage_.transport(), stage_.telemetry(), {.name = "heir"});
    for (int i = 0; i < 10 && !monitor::has_ended(client::get_job(server_, job.id).state); ++i) {
      stage_.clock().advance(10min);  // past the lease, and past any pause before the next attempt
      while (heir.run_one()) {
      }
    }
    const Job ended = client::get_job(server_, job.id);
    EXPECT_EQ(ended.state, JobState::succeeded) << "dead at request " << n << ": " << ended.error;
    return watched.count() >= n;
  }
};

TEST_P(Deaths, LoseAndDuplicateNothingInAnEvaluation) {
  push(0, kAll);
  apply("reference");
  train("reference");
  run("reference", JobKind::evaluate, kAll);
  const auto expected = scores("reference");
  ASSERT_FALSE(expected.empty());
  int n = 1;
  for (bool reached = true; reached && n < 60; ++n) {
    const std::string name = fmt::format("d{}", n);
    apply(name);
    train(name);
    reached = die_at(n, name, JobKind::evaluate, kAll);
    expect_same(scores(name), expected);
    EXPECT_EQ(model(name).last_evaluation, bucket(kAll - 1));
  }
  EXPECT_GT(n, 6) << "an evaluation has several requests to die at";
}

TEST_P(Deaths, LeaveOneModelOnWatchAfterATraining) {
  push(0, kAll);
  int n = 1;
  for (bool reached = true; reached && n < 60; ++n) {
    const std::string name = fmt::format("d{}", n);
    apply(name);
    reached = die_at(n, name, JobKind::train, kTrained);
    ASSERT_EQ(client::get_detector(server_, name).models.size(), 1U);
    ASSERT_EQ(run(name, JobKind::evaluate, kAll).state, JobState::succeeded);
  }
  EXPECT_GT(n, 5);
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, Deaths, ::testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "after" : "before"; });

TEST_F(RunnerTest, AsksAgainWhenACommitWasNotAnswered) {
  push(0, kAll);
  apply("d");
  train("d");
  ask("d", JobKind::evaluate, kAll);
  int lost = 0;
  const http::Transport inner = stage_.transport();
  Runner runner(
      [&](http::Request request) {
        const bool commits = request.target.find("/runner/advance") != std::string::npos;
        http::Response response = inner(std::move(request));
        if (commits && lost++ < 2) throw core::unavailable("the answer got lost");
        return response;
      },
      stage_.telemetry(), {});
  while (runner.run_one()) {
  }
  EXPECT_EQ(lost, 3);
  const auto evaluations = client::list_evaluations(server_, model_of("d")).rows;
  EXPECT_EQ(evaluations.size(), 1U);
}

TEST_F(RunnerTest, CommitsNothingUnderALostLease) {
  push(0, kAll);
  apply("d");
  train("d");
  const Job job = ask("d", JobKind::evaluate, kAll);
  const http::Transport inner = stage_.transport();
  bool stalled = false;
  Runner slow(
      [&](http::Request request) {
        if (!stalled && request.target.find("/runner/advance") != std::string::npos) {
          stalled = true;
          stage_.clock().advance(10min);  // the lease runs out, and another runner does all the work
          Runner other(stage_.transport(), stage_.telemetry(), {.name = "other"});
          EXPECT_TRUE(other.run_one());
        }
        return inner(std::move(request));
      },
      stage_.telemetry(), {.name = "slow"});
  slow.run_one();
  EXPECT_TRUE(stalled);
  EXPECT_EQ(client::list_evaluations(server_, model_of("d")).rows.size(), 1U);
  const Job ended = client::get_job(server_, job.id);
  EXPECT_EQ(ended.state, JobState::succeeded);
}

}  // namespace
}  // namespace wakeful::runner
