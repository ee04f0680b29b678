#include "monitor/jobs.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "support/database.hpp"

namespace wakeful::monitor {
namespace {

using std::chrono::seconds;

constexpr core::Timestamp kNow = core::from_ms(1'700'000'000'000);
constexpr core::Duration kLease = seconds(60);

class Jobs : public testing::EveryDatabase {
 protected:
  bool add(const NewJob& job, core::Timestamp now = kNow) {
    return db().write([&](db::Tx& tx) { return add_job(tx, job, now); });
  }
  std::optional<Claimed> claim(core::Timestamp now, const std::string& owner = "a",
                               std::span<const JobKind> kinds = {}) {
    return db().write([&](db::Tx& tx) {
      std::vector<Job> exhausted;
      return claim_job(tx, {.owner = owner, .lease = kLease, .kinds = kinds}, now, exhausted);
    });
  }
  Job get(const std::string& id) {
    return db().read([&](db::Tx& tx) { return get_job(tx, id); });
  }
  Job end(const Claimed& claimed, JobState state = JobState::succeeded) {
    return db().write([&](db::Tx& tx) {
      return end_job(tx, hold_job(tx, {claimed.job.id, claimed.fence}), state, "", "{}", kNow);
    });
  }
  std::string refusal(const std::function<void(db::Tx&)>& f) {
    try {
      db().write([&](db::Tx& tx) { f(tx); });
    } catch (const core::Error& e) {
      return fmt::format("{} {}", core::name_of(e.code()), e.field());
    }
    return "done";
  }
  static NewJob job(std::string id, JobKind kind = JobKind::evaluate, std::string detector = "d") {
    return {.id = std::move(id), .run_id = "r", .detector = std::move(detector), .kind = kind};
  }
};
WAKEFUL_ON_EVERY_DATABASE(Jobs);

TEST_P(Jobs, OneOfAKindWaitsAtATime) {
  EXPECT_TRUE(add(job("j1")));
  EXPECT_FALSE(add(job("j2")));
  EXPECT_TRUE(add(job("j3", JobKind::train)));
  EXPECT_TRUE(add(job("j4", JobKind::evaluate, "other")));
  NewJob replay = job("j5");
  replay.asked_until = kNow;
  EXPECT_TRUE(add(replay));
  replay.id = "j6";
  EXPECT_FALSE(add(replay));
  replay.asked_until = kNow + seconds(1);
  EXPECT_TRUE(add(replay));
}

TEST_P(Jobs, ATickHasItsJobOnce) {
  NewJob tick = job(tick_job_id("d", JobKind::evaluate, kNow));
  tick.tick = kNow;
  EXPECT_TRUE(add(tick));
  const auto claimed = claim(kNow);
  ASSERT_TRUE(claimed);
  end(*claimed);
  EXPECT_FALSE(add(tick));
  tick.id = "another id";
  EXPECT_FALSE(add(tick));
}

TEST_P(Jobs, AClaimStartsTheOldestThatIsDue) {
  add(job("later"), kNow + seconds(10));
  add(job("first", JobKind::train), kNow);
  EXPECT_FALSE(claim(kNow - seconds(1)));
  const auto claimed = claim(kNow + seconds(20));
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->job.id, "first");
  EXPECT_EQ(claimed->job.state, JobState::running);
  EXPECT_EQ(claimed->job.attempt, 1);
  EXPECT_EQ(claimed->job.owner, "a");
  EXPECT_EQ(claimed->fence, 1);
  EXPECT_EQ(claim(kNow + seconds(20))->job.id, "later");
  EXPECT_FALSE(claim(kNow + seconds(20)));
}

TEST_P(Jobs, AClaimKeepsToTheKindsItAsksFor) {
  add(job("e"));
  constexpr JobKind kTrain[] = {JobKind::train};
  EXPECT_FALSE(claim(kNow, "a", kTrain));
  add(job("t", JobKind::train));
  EXPECT_EQ(claim(kNow, "a", kTrain)->job.id, "t");
}

TEST_P(Jobs, ADetectorTrainsAndEvaluatesSideBySideButNeitherTwice) {
  add(job("e1"));
  add(job("t1", JobKind::train));
  ASSERT_TRUE(claim(kNow));
  ASSERT_TRUE(claim(kNow));
  add(job("e2"));
  EXPECT_FALSE(claim(kNow));
}

TEST_P(Jobs, AnExpiredLeaseIsTakenOverWithANewFence) {
  add(job("j"));
  const auto first = claim(kNow, "a");
  ASSERT_TRUE(first);
  EXPECT_FALSE(claim(kNow + kLease, "b"));
  const auto second = claim(kNow + kLease + seconds(1), "b");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->job.id, "j");
  EXPECT_EQ(second->job.attempt, 2);
  EXPECT_EQ(second->fence, first->fence + 1);
  // The first runner, were it alive, can commit, prolong and end nothing.
  const Holder zombie{"j", first->fence};
  EXPECT_EQ(refusal([&](db::Tx& tx) { hold_job(tx, zombie); }), "conflict fence");
  EXPECT_EQ(refusal([&](db::Tx& tx) { renew_lease(tx, zombie, kLease, kNow); }), "conflict fence");
  EXPECT_EQ(get("j").owner, "b");
  EXPECT_EQ(end(*second).state, JobState::succeeded);
}

TEST_P(Jobs, AHeartbeatProlongsALeaseThatHasNotExpired) {
  add(job("j"));
  const auto claimed = claim(kNow);
  const Holder holder{"j", claimed->fence};
  EXPECT_EQ(refusal([&](db::Tx& tx) { renew_lease(tx, holder, kLease, kNow + kLease); }), "done");
  EXPECT_FALSE(claim(kNow + kLease + seconds(1), "b"));
  EXPECT_EQ(refusal([&](db::Tx& tx) { renew_lease(tx, holder, kLease, kNow + 2 * kLease + seconds(1)); }),
            "conflict fence");
  // It may still commit, as nobody has taken the job: the fence counts, not the clock.
  EXPECT_EQ(end(*claimed).state, JobState::succeeded);
}

TEST_P(Jobs, AJobThatLosesItsRunnerTooOftenIsGivenUp) {
  add(job("j"));
  core::Timestamp now = kNow;
  for (std::int64_t i = 0; i < kMaxAttempts; ++i) {
    ASSERT_TRUE(claim(now)) << i;
    now += kLease + seconds(1);
  }
  const auto exhausted = db().write([&](db::Tx& tx) {
    std::vector<Job> jobs;
    EXPECT_FALSE(claim_job(tx, {.owner = "a", .lease = kLease}, now, jobs));
    return jobs;
  });
  ASSERT_EQ(exhausted.size(), 1U);
  EXPECT_EQ(exhausted[0].state, JobState::failed);
  EXPECT_NE(exhausted[0].error.find("given up"), std::string::npos);
  EXPECT_TRUE(add(job("next")));
  EXPECT_TRUE(claim(now));
}

TEST_P(Jobs, AnotherAttemptWaits) {
  add(job("j"));
  const auto first = claim(kNow);
  const auto later = kNow + seconds(8);
  const Job back = db().write([&](db::Tx& tx) {
    return put_back(tx, hold_job(tx, {"j", first->fence}), "source is down", later, kNow);
  });
  EXPECT_EQ(back.state, JobState::pending);
  EXPECT_EQ(back.error, "source is down");
  EXPECT_FALSE(claim(kNow));
  const auto second = claim(later);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->job.attempt, 2);
  EXPECT_EQ(second->fence, first->fence + 1);
}

TEST_P(Jobs, AnotherAttemptGivesWayToAJobThatWaitsAlready) {
  add(job("j"));
  const auto claimed = claim(kNow);
  add(job("next"));
  const Job failed = db().write([&](db::Tx& tx) {
    return put_back(tx, hold_job(tx, {"j", claimed->fence}), "source is down", kNow + seconds(8), kNow);
  });
  EXPECT_EQ(failed.state, JobState::failed);
  EXPECT_EQ(claim(kNow)->job.id, "next");
}

TEST_P(Jobs, CancellingStopsWhoRunsIt) {
  add(job("j"));
  const auto claimed = claim(kNow);
  const Job cancelled = db().write([&](db::Tx& tx) { return cancel_job(tx, "j", kNow); });
  EXPECT_EQ(cancelled.state, JobState::cancelled);
  EXPECT_EQ(refusal([&](db::Tx& tx) { renew_lease(tx, {"j", claimed->fence}, kLease, kNow); }), "conflict fence");
  EXPECT_EQ(refusal([&](db::Tx& tx) { hold_job(tx, {"j", claimed->fence}); }), "conflict fence");
  EXPECT_EQ(refusal([&](db::Tx& tx) { cancel_job(tx, "j", kNow); }), "conflict id");
  EXPECT_EQ(refusal([&](db::Tx& tx) { cancel_job(tx, "none", kNow); }), "not_found id");
  add(job("next"));
  EXPECT_EQ(claim(kNow)->job.id, "next");
}

TEST_P(Jobs, PostponedTheyWaitWithoutLosingAnAttempt) {
  add(job("j"));
  const auto claimed = claim(kNow);
  const Job waiting = db().write([&](db::Tx& tx) {
    return postpone_job(tx, hold_job(tx, {"j", claimed->fence}), "no model yet", kNow + seconds(100), kNow);
  });
  EXPECT_EQ(waiting.state, JobState::pending);
  EXPECT_EQ(waiting.attempt, 0);
  EXPECT_EQ(waiting.started, std::nullopt);
  EXPECT_EQ(waiting.error, "no model yet");
  EXPECT_FALSE(claim(kNow + seconds(99)));
  db().write([&](db::Tx& tx) { hasten_jobs(tx, "d", JobKind::train, kNow); });
  EXPECT_FALSE(claim(kNow + seconds(99)));
  db().write([&](db::Tx& tx) { hasten_jobs(tx, "d", JobKind::evaluate, kNow); });
  EXPECT_EQ(claim(kNow)->job.attempt, 1);
}

TEST_P(Jobs, PostponedBehindAnotherTheyAreSkipped) {
  add(job("j"));
  const auto claimed = claim(kNow);
  add(job("other"));
  const Job skipped = db().write([&](db::Tx& tx) {
    return postpone_job(tx, hold_job(tx, {"j", claimed->fence}), "no model yet", kNow + seconds(100), kNow);
  });
  EXPECT_EQ(skipped.state, JobState::skipped);
  EXPECT_EQ(claim(kNow)->job.id, "other");
}

TEST_P(Jobs, AreListedNewestFirstAndPaged) {
  for (int i = 0; i < 5; ++i)
    add(job(fmt::format("j{}", i), JobKind::evaluate, fmt::format("d{}", i)), kNow + seconds(i));
  const auto page = [&](std::string token) {
    return db().read([&](db::Tx& tx) { return list_jobs(tx, {.page = {.max_results = 2, .page_token = token}}); });
  };
  const auto first = page("");
  ASSERT_EQ(first.rows.size(), 2U);
  EXPECT_EQ(first.rows[0].id, "j4");
  const auto second = page(first.next_page_token);
  EXPECT_EQ(second.rows[0].id, "j2");
  const auto third = page(second.next_page_token);
  ASSERT_EQ(third.rows.size(), 1U);
  EXPECT_EQ(third.rows[0].id, "j0");
  EXPECT_EQ(third.next_page_token, "");
  const auto narrow = db().read([&](db::Tx& tx) {
    return list_jobs(tx, {.detector = "d3", .kind = JobKind::evaluate, .state = JobState::pending});
  });
  ASSERT_EQ(narrow.rows.size(), 1U);
  EXPECT_EQ(narrow.rows[0].id, "j3");
}

TEST_P(Jobs, OpenOnesAreFoundTheRunningFirst) {
  const auto open = [&](std::optional<core::Timestamp> until) {
    return db().read([&](db::Tx& tx) { return find_open_job(tx, "d", JobKind::evaluate, until); });
  };
  EXPECT_FALSE(open(std::nullopt));
  add(job("running"));
  claim(kNow);
  add(job("waiting"));
  EXPECT_EQ(open(std::nullopt)->id, "running");
  EXPECT_FALSE(open(kNow));
}

}  // namespace
}  // namespace wakeful::monitor
