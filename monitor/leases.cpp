// Taking, keeping and proving leases: the half of jobs.hpp that the fence is about.
#include <fmt/format.h>

#include "monitor/jobs.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

/// How many candidates a claim looks at: the first are free nearly always.
constexpr std::int64_t kCandidates = 16;

// A running job whose lease has run out comes before every pending one: it was due before. Until it has been taken over
// or given up, none of its detector and kind can run.
constexpr db::Sql kAbandoned{
    "claim.abandoned",
    "SELECT j.job_id, j.detector, j.kind FROM leases l JOIN jobs j ON j.detector = l.detector AND j.kind = l.kind "
    "WHERE j.state = 1 AND l.lease_until_us < $1 AND (CAST($2 AS TEXT) = '' OR j.job_id = $2) "
    "AND (CAST($3 AS BIGINT) < 0 OR j.kind = $3) ORDER BY j.created_us, j.job_id LIMIT $4"};
constexpr db::Sql kPending{
    "claim.pending",
    "SELECT j.job_id, j.detector, j.kind FROM jobs j LEFT JOIN leases l ON l.detector = j.detector AND l.kind = j.kind "
    "WHERE j.state = 0 AND j.not_before_us <= $1 AND (l.lease_until_us IS NULL OR l.lease_until_us < $1) "
    "AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.detector = j.detector AND r.kind = j.kind AND r.state = 1) "
    "AND (CAST($2 AS TEXT) = '' OR j.job_id = $2) AND (CAST($3 AS BIGINT) < 0 OR j.kind = $3) "
    "ORDER BY j.not_before_us, j.created_us, j.job_id LIMIT $4"};
constexpr db::Sql kMakeLease{"lease.make",
                             "INSERT INTO leases (detector, kind, fence, owner, lease_until_us) "
                             "VALUES ($1, $2, 0, '', 0) ON CONFLICT DO NOTHING"};
constexpr db::Sql kTakeLease{"lease.take",
                             "UPDATE leases SET fence = fence + 1, owner = $3, lease_until_us = $4 "
                             "WHERE detector = $1 AND kind = $2 AND lease_until_us < $5 RETURNING fence"};
constexpr db::Sql kRenewLease{
    "lease.renew",
    "UPDATE leases SET lease_until_us = $4 WHERE detector = $1 AND kind = $2 AND fence = $3 AND lease_until_us >= $5"};
constexpr db::Sql kFreeLease{"lease.free",
                             "UPDATE leases SET lease_until_us = 0, owner = '' "
                             "WHERE detector = $1 AND kind = $2 AND fence = $3"};
constexpr db::Sql kProveLease{"lease.prove",
                              "UPDATE leases SET fence = fence WHERE detector = $1 AND kind = $2 AND fence = $3"};
constexpr db::Sql kStart{
    "job.start",
    "UPDATE jobs SET state = 1, attempt = attempt + 1, fence = $2, owner = $3, started_us = $4, error = '' "
    "WHERE job_id = $1 AND state IN (0, 1) RETURNING attempt, max_attempts"};
constexpr db::Sql kHold{"job.hold", "SELECT 1 FROM jobs WHERE job_id = $1 AND state = 1 AND fence = $2"};
constexpr db::Sql kInterval{"job.interval", "UPDATE jobs SET from_us = $2, until_us = $3 WHERE job_id = $1"};

struct Candidate {
  std::string job;
  std::string detector;
  JobKind kind = JobKind::evaluate;
};

std::vector<Candidate> candidates(db::Tx& tx, const ClaimTerms& terms, core::Timestamp now) {
  const auto read = [](const db::Row& row) {
    return Candidate{std::string(row.text(0)), std::string(row.text(1)), static_cast<JobKind>(row.integer(2))};
  };
  const std::string job = terms.job.value_or("");
  const std::int64_t kind = terms.kinds.size() == 1 ? static_cast<std::int64_t>(terms.kinds.front()) : -1;
  auto all = tx.list(kAbandoned, {core::to_us(now), job, kind, kCandidates}, read);
  for (Candidate& pending : tx.list(kPending, {core::to_us(now), job, kind, kCandidates}, read))
    all.push_back(std::move(pending));
  return all;
}

std::optional<std::int64_t> take_lease(db::Tx& tx, const Candidate& candidate, const ClaimTerms& terms,
                                       core::Timestamp now) {
  const auto kind = static_cast<std::int64_t>(candidate.kind);
  tx.execute(kMakeLease, {candidate.detector, kind});
  return tx.find(kTakeLease, {candidate.detector, kind, terms.owner, core::to_us(now + terms.lease), core::to_us(now)},
                 [](const db::Row& row) { return row.integer(0); });
}

}  // namespace

bool has_claimable(db::Tx& tx, const ClaimTerms& terms, core::Timestamp now) {
  return !candidates(tx, terms, now).empty();
}

std::optional<Claimed> claim_job(db::Tx& tx, const ClaimTerms& terms, core::Timestamp now,
                                 std::vector<Job>& exhausted) {
  for (const Candidate& candidate : candidates(tx, terms, now)) {
    const auto fence = take_lease(tx, candidate, terms, now);
    if (!fence) continue;  // somebody was quicker
    bool spent = false;
    const bool started =
        tx.find(kStart, {candidate.job, *fence, terms.owner, core::to_us(now)}, [&](const db::Row& row) {
            spent = row.integer(0) > row.integer(1);
            return true;
          }).value_or(false);
    if (!started) {  // it has ended meanwhile
      free_lease(tx, candidate.detector, candidate.kind, *fence);
      continue;
    }
    const Job job = get_job(tx, candidate.job);
    if (!spent) return Claimed{job, *fence};
    exhausted.push_back(end_job(tx, job, JobState::failed,
                                fmt::format("given up: its runner was lost {} times", job.max_attempts), "null", now));
  }
  return std::nullopt;
}

void set_interval(db::Tx& tx, std::string_view job_id, const Interval& interval) {
  const auto us = [](const auto& time) { return time ? std::optional(core::to_us(*time)) : std::nullopt; };
  tx.execute(kInterval, {job_id, us(interval.from), us(interval.until)});
}

void renew_lease(db::Tx& tx, const Holder& holder, core::Duration lease, core::Timestamp now) {
  const Job job = hold_job(tx, holder);
  const auto kind = static_cast<std::int64_t>(job.kind);
  // An expired lease is not revived: somebody may be about to take it.
  if (tx.execute(kRenewLease, {job.subject, kind, holder.fence, core::to_us(now + lease), core::to_us(now)}) != 1)
    throw lease_lost("it has expired");
}

Job hold_job(db::Tx& tx, const Holder& holder) {
  const Job job = get_job(tx, holder.job_id);
  // The lease's row first: whoever commits under a fence, or takes the next one, waits here.
  if (tx.execute(kProveLease, {job.subject, static_cast<std::int64_t>(job.kind), holder.fence}) != 1)
    throw lease_lost("another runner holds it");
  const auto held = tx.find(kHold, {holder.job_id, holder.fence}, [](const db::Row&) { return true; });
  if (!held) throw lease_lost(fmt::format("the job is {}", name_of(get_job(tx, holder.job_id).state)));
  return get_job(tx, holder.job_id);
}

void free_lease(db::Tx& tx, std::string_view detector, JobKind kind, std::int64_t fence) {
  tx.execute(kFreeLease, {detector, static_cast<std::int64_t>(kind), fence});
}

}  // namespace wakeful::monitor
