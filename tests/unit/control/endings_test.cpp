#include "tracker/runs.hpp"
#include "unit/control/watched.hpp"

namespace wakeful::control {
namespace {

using monitor::FailureClass;

class Endings : public Watched {
 protected:
  Job fail_with(const monitor::Claim& claim, FailureClass kind) {
    return write([&](db::Tx& tx) { return fail(tx, {claim.holder(), kind, "why"}, 0.5, now()); });
  }
  tracker::RunStatus run_status(const Job& job) {
    return read([&](db::Tx& tx) { return tracker::get_run_info(tx, tracker::RunId(job.run_id)).status; });
  }
};
WAKEFUL_ON_EVERY_DATABASE(Endings);

TEST_P(Endings, ATransientFailureIsTriedAgainUpToTheAttempts) {
  apply();
  train(990);
  ask(JobKind::evaluate);
  for (std::int64_t attempt = 1; attempt < monitor::kMaxAttempts; ++attempt) {
    const auto claim = take();
    ASSERT_TRUE(claim) << attempt;
    const Job back = fail_with(*claim, FailureClass::transient);
    EXPECT_EQ(back.state, JobState::pending);
    EXPECT_EQ(back.not_before, now() + seconds(1LL << attempt));
    EXPECT_EQ(run_status(back), tracker::RunStatus::scheduled);
    EXPECT_FALSE(take());
    clock().set(back.not_before);
  }
  const Job last = fail_with(take().value(), FailureClass::transient);
  EXPECT_EQ(last.state, JobState::failed);
  EXPECT_EQ(last.error, "why");
  EXPECT_EQ(run_status(last), tracker::RunStatus::failed);
}

TEST_P(Endings, APermanentFailureIsFinalAndBlocksNothing) {
  apply();
  ask(JobKind::train);
  const Job failed = fail_with(take().value(), FailureClass::permanent);
  EXPECT_EQ(failed.state, JobState::failed);
  EXPECT_TRUE(failed.finished);
  ask(JobKind::train);
  EXPECT_TRUE(take());
}

TEST_P(Endings, WaitingForDataIsNoFailure) {
  apply();
  ask(JobKind::train);
  const Job skipped = fail_with(take().value(), FailureClass::waiting);
  EXPECT_EQ(skipped.state, JobState::skipped);
  EXPECT_EQ(run_status(skipped), tracker::RunStatus::finished);
}

TEST_P(Endings, ACancelledJobCommitsNothing) {
  apply();
  train(990);
  ask(JobKind::evaluate);
  const auto claim = take();
  const Job cancelled = write([&](db::Tx& tx) { return cancel(tx, claim->job.id, now()); });
  EXPECT_EQ(cancelled.state, JobState::cancelled);
  EXPECT_EQ(run_status(cancelled), tracker::RunStatus::killed);
  EXPECT_EQ(refusal([&](db::Tx& tx) { advance(tx, step(*claim, claim->models[0], 995), now()); }),
            "conflict fence LEASE_LOST");
  EXPECT_EQ(refusal([&](db::Tx& tx) { cancel(tx, claim->job.id, now()); }), "conflict id INVALID_STATE");
}

TEST_P(Endings, AJobWhoseRunnersKeepDyingIsGivenUpWithItsRun) {
  apply();
  const Job asked = ask(JobKind::train);
  for (std::int64_t i = 0; i < monitor::kMaxAttempts; ++i) {
    ASSERT_TRUE(take()) << i;
    clock().advance(kLease + seconds(1));
  }
  EXPECT_FALSE(take());
  EXPECT_EQ(job(asked.id).state, JobState::failed);
  EXPECT_EQ(run_status(job(asked.id)), tracker::RunStatus::failed);
}

TEST_P(Endings, TellWhenADetectorWasLastEvaluatedAndTrained) {
  apply();
  train(990);
  const auto trained = now();
  clock().advance(minutes(1));
  ask(JobKind::evaluate);
  const auto claim = take();
  write([&](db::Tx& tx) { return finish(tx, {claim->holder()}, now()); });
  const auto detector = read([](db::Tx& tx) { return monitor::get_detector(tx, "d"); });
  EXPECT_EQ(detector.trained, trained);
  EXPECT_EQ(detector.evaluated, now());
}

}  // namespace
}  // namespace wakeful::control
