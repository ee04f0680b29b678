#pragma once
// Jobs and the leases under which they run: functions on a transaction. The state machine is monitoring.md §5.
//
// A job belongs to a detector and a kind; that pair is what a lease is taken on, so a detector trains and evaluates
// side by side but never does either twice at a time. A lease's fence grows with each taking and is compared with every
// commit: whoever lost a lease can commit nothing, whatever any clock says. Times come from the server that asks.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/listing.hpp"
#include "monitor/wire/protocol.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "platform/db/database.hpp"

namespace wakeful::monitor {

inline constexpr std::int64_t kMaxAttempts = 5;

struct NewJob {
  std::string id;      // made outside the transaction
  std::string run_id;  // likewise: the run that it will log to
  std::string detector;
  JobKind kind = JobKind::evaluate;
  std::optional<core::Timestamp> tick{};         // the schedule's; absent: asked for
  std::optional<core::Timestamp> asked_until{};  // as if it were that late; of a prediction the end of its interval
  std::optional<core::Timestamp> from{};         // … and its beginning
  bool only_due = false;                         // trains the models that are due, not all
};

/// The job that ticks make has an id that every scheduler works out alike.
std::string tick_job_id(std::string_view detector, JobKind kind, core::Timestamp tick);

/// False, and nothing done, if one like it waits already, or its tick had its job.
bool add_job(db::Tx& tx, const NewJob& job, core::Timestamp now);

/// A pending or running job of the same kind and `until`, of a prediction the same `from` too: the one that runs before
/// the one that waits.
std::optional<Job> find_open_job(db::Tx& tx, std::string_view detector, JobKind kind,
                                 std::optional<core::Timestamp> asked_until,
                                 std::optional<core::Timestamp> from = std::nullopt);
std::optional<Job> find_job(db::Tx& tx, std::string_view id);
/// Errors: not_found.
Job get_job(db::Tx& tx, std::string_view id);
/// What it was asked for, if anything. Errors: not_found.
std::optional<core::Timestamp> asked_until_of(db::Tx& tx, std::string_view id);

/// Whether it trains only the models that are due. Errors: not_found.
bool trains_only_due(db::Tx& tx, std::string_view id);
/// Somebody asked for all of them, while it waits.
void train_all(db::Tx& tx, std::string_view id);

struct JobSearch {
  std::string detector{};  // "": any
  std::optional<JobKind> kind{};
  std::optional<JobState> state{};
  PageTerms page{};
};
/// Order: newest first.
Page<Job> list_jobs(db::Tx& tx, const JobSearch& search);

struct ClaimTerms {
  std::string owner;
  core::Duration lease{};
  std::span<const JobKind> kinds{};  // empty: any
  std::optional<std::string> job{};
};
/// Whether a claim would find something at `now`. Cost: two index look-ups.
bool has_claimable(db::Tx& tx, const ClaimTerms& terms, core::Timestamp now);

struct Claimed {
  Job job{};
  std::int64_t fence = 0;
};
/// Takes a lease with a job that is due, or whose runner's lease has expired (first). One whose attempts are used up is
/// failed in passing; those are told by `exhausted`.
std::optional<Claimed> claim_job(db::Tx& tx, const ClaimTerms& terms, core::Timestamp now, std::vector<Job>& exhausted);
void set_interval(db::Tx& tx, std::string_view job_id, const Interval& interval);

/// The lease is `lease` long again from `now`. Errors: conflict once it has expired or is somebody else's.
void renew_lease(db::Tx& tx, const Holder& holder, core::Duration lease, core::Timestamp now);

/// Frees the lease if it is still that fence's.
void free_lease(db::Tx& tx, std::string_view detector, JobKind kind, std::int64_t fence);

/// Proves that the holder's job runs under the holder's fence and locks it until the transaction ends.
/// Errors: conflict naming `fence` if not; not_found for a job that is not there.
Job hold_job(db::Tx& tx, const Holder& holder);

/// Ends a job that hold_job proved, and frees its lease.
Job end_job(db::Tx& tx, const Job& job, JobState state, std::string_view error, std::string_view result,
            core::Timestamp now);
/// Puts it back for another attempt, not before `not_before`. If another one like it waits already, it fails instead.
Job put_back(db::Tx& tx, const Job& job, std::string_view error, core::Timestamp not_before, core::Timestamp now);
/// Puts a job that was just claimed back as if it had not been: it has to wait for something else. If another one like
/// it waits already, it is skipped.
Job postpone_job(db::Tx& tx, const Job& job, std::string_view why, core::Timestamp not_before, core::Timestamp now);
/// What it waited for is there: the pending jobs of that kind are due.
void hasten_jobs(db::Tx& tx, std::string_view detector, JobKind kind, core::Timestamp now);
/// Errors: conflict for a job that has ended.
Job cancel_job(db::Tx& tx, std::string_view id, core::Timestamp now);

/// Conflict (LEASE_LOST), naming `fence`: drop the job.
core::Error lease_lost(std::string_view why);

}  // namespace wakeful::monitor
