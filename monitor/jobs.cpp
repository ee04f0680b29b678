#include "monitor/jobs.hpp"

#include <array>

#include <fmt/format.h>

#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::string_view kColumns =
    "j.job_id, j.kind, j.detector, j.state, j.attempt, j.max_attempts, j.from_us, j.until_us, j.asked_until_us, "
    "j.error, j.result, j.owner, j.run_id, j.created_us, j.tick_us, j.not_before_us, j.started_us, j.finished_us";

constexpr db::Sql kInsert{
    "job.insert",
    "INSERT INTO jobs (job_id, detector, kind, state, tick_us, asked_until_us, attempt, max_attempts, not_before_us, "
    "fence, owner, run_id, created_us, error, result, only_due, from_us) "
    "VALUES ($1, $2, $3, 0, $4, $5, 0, $6, $7, 0, '', $8, $7, '', 'null', $9, $10) ON CONFLICT DO NOTHING"};
constexpr db::Sql kOnlyDue{"job.only_due", "SELECT only_due FROM jobs WHERE job_id = $1"};
constexpr db::Sql kTrainAll{"job.train_all", "UPDATE jobs SET only_due = 0 WHERE job_id = $1 AND state = 0"};
constexpr db::Sql kFindOpen{
    "job.find_open",
    "SELECT job_id FROM jobs WHERE detector = $1 AND kind = $2 AND state IN (0, 1) "
    "AND asked_until_us IS NOT DISTINCT FROM CAST($3 AS BIGINT) "
    "AND (kind <> 2 OR from_us IS NOT DISTINCT FROM CAST($4 AS BIGINT)) ORDER BY state DESC, created_us LIMIT 1"};
constexpr db::Sql kAskedUntil{"job.asked_until", "SELECT asked_until_us FROM jobs WHERE job_id = $1"};
constexpr db::Sql kEnd{"job.end",
                       "UPDATE jobs SET state = $2, finished_us = $3, error = $4, result = $5, owner = '' "
                       "WHERE job_id = $1 AND state IN (0, 1)"};
constexpr db::Sql kRivals{"job.rivals",
                          "SELECT 1 FROM jobs WHERE detector = $1 AND kind = $2 AND state = 0 "
                          "AND asked_until_us IS NOT DISTINCT FROM CAST($3 AS BIGINT) "
                          "AND (kind <> 2 OR from_us IS NOT DISTINCT FROM CAST($4 AS BIGINT)) LIMIT 1"};
constexpr db::Sql kPutBack{"job.put_back",
                           "UPDATE jobs SET state = 0, not_before_us = $2, error = $3, owner = '' "
                           "WHERE job_id = $1 AND state = 1"};
constexpr db::Sql kPostpone{"job.postpone",
                            "UPDATE jobs SET state = 0, attempt = attempt - 1, not_before_us = $2, error = $3, "
                            "owner = '', started_us = NULL WHERE job_id = $1 AND state = 1"};
constexpr db::Sql kHasten{"job.hasten",
                          "UPDATE jobs SET not_before_us = $3 WHERE detector = $1 AND kind = $2 AND state = 0 "
                          "AND not_before_us > $3"};
constexpr db::Sql kFence{"job.fence", "SELECT fence FROM jobs WHERE job_id = $1"};

std::optional<core::Timestamp> time_at(const db::Row& row, int column) {
  const auto us = row.find_integer(column);
  return us ? std::optional(core::from_us(*us)) : std::nullopt;
}

std::optional<std::int64_t> us_of(std::optional<core::Timestamp> time) {
  return time ? std::optional(core::to_us(*time)) : std::nullopt;
}

Job read_row(const db::Row& row, int first) {
  Job job{.id = std::string(row.text(first)),
          .kind = static_cast<JobKind>(row.integer(first + 1)),
          .subject = std::string(row.text(first + 2)),
          .state = static_cast<JobState>(row.integer(first + 3)),
          .attempt = row.integer(first + 4),
          .max_attempts = row.integer(first + 5)};
  job.interval.from = time_at(row, first + 6);
  job.interval.until = time_at(row, first + 7);
  // Before it is claimed a job shows what it was asked for.
  if (!job.interval.until) job.interval.until = time_at(row, first + 8);
  job.error = std::string(row.text(first + 9));
  job.result = std::string(row.text(first + 10));
  job.owner = std::string(row.text(first + 11));
  job.run_id = std::string(row.text(first + 12));
  job.created = core::from_us(row.integer(first + 13));
  job.scheduled = time_at(row, first + 14).value_or(job.created);
  job.not_before = core::from_us(row.integer(first + 15));
  job.started = time_at(row, first + 16);
  job.finished = time_at(row, first + 17);
  return job;
}

bool has_rival(db::Tx& tx, const Job& job) {
  const auto asked = asked_until_of(tx, job.id);
  return tx
      .find(kRivals, {job.subject, static_cast<std::int64_t>(job.kind), us_of(asked), us_of(job.interval.from)},
            [](const db::Row&) { return true; })
      .value_or(false);
}

/// Makes a running job wait by `sql` and frees its lease.
Job wait_again(db::Tx& tx, const db::Sql& sql, const Job& job, std::string_view why, core::Timestamp not_before) {
  if (tx.execute(sql, {job.id, core::to_us(not_before), why}) != 1) throw lease_lost("the job has ended");
  const auto fence = tx.find(kFence, {job.id}, [](const db::Row& row) { return row.integer(0); });
  free_lease(tx, job.subject, job.kind, fence.value_or(0));
  return get_job(tx, job.id);
}

}  // namespace

std::string tick_job_id(std::string_view detector, JobKind kind, core::Timestamp tick) {
  return core::sha256_hex(fmt::format("{}|{}|{}", detector, name_of(kind), core::to_us(tick))).substr(0, 32);
}

core::Error lease_lost(std::string_view why) {
  return core::conflict(fmt::format("The lease is lost: {}", why), "fence").with_wire("LEASE_LOST", 409);
}

bool add_job(db::Tx& tx, const NewJob& job, core::Timestamp now) {
  return tx.execute(kInsert, {job.id, job.detector, static_cast<std::int64_t>(job.kind), us_of(job.tick),
                              us_of(job.asked_until), kMaxAttempts, core::to_us(now), job.run_id, job.only_due,
                              us_of(job.kind == JobKind::predict ? job.from : std::nullopt)}) == 1;
}

bool trains_only_due(db::Tx& tx, std::string_view id) {
  const auto found = tx.find(kOnlyDue, {id}, [](const db::Row& row) { return row.integer(0) != 0; });
  if (!found) throw core::not_found(fmt::format("Job '{}' not found", id), "id");
  return *found;
}

void train_all(db::Tx& tx, std::string_view id) { tx.execute(kTrainAll, {id}); }

std::optional<Job> find_open_job(db::Tx& tx, std::string_view detector, JobKind kind,
                                 std::optional<core::Timestamp> asked_until, std::optional<core::Timestamp> from) {
  const auto id = tx.find(kFindOpen, {detector, static_cast<std::int64_t>(kind), us_of(asked_until), us_of(from)},
                          [](const db::Row& row) { return std::string(row.text(0)); });
  if (!id) return std::nullopt;
  return find_job(tx, *id);
}

std::optional<Job> find_job(db::Tx& tx, std::string_view id) {
  static const std::string text = fmt::format("SELECT {} FROM jobs j WHERE j.job_id = $1", kColumns);
  return tx.find(db::Sql("job.find", text), {id}, [](const db::Row& row) { return read_row(row, 0); });
}

Job get_job(db::Tx& tx, std::string_view id) {
  auto found = find_job(tx, id);
  if (!found) throw core::not_found(fmt::format("Job with id={} not found", id.substr(0, 120)), "id");
  return std::move(*found);
}

std::optional<core::Timestamp> asked_until_of(db::Tx& tx, std::string_view id) {
  const auto us = tx.find(kAskedUntil, {id}, [](const db::Row& row) { return row.find_integer(0); });
  if (!us || !*us) return std::nullopt;
  return core::from_us(**us);
}

Page<Job> list_jobs(db::Tx& tx, const JobSearch& search) {
  const std::array<search::SortKey, 2> keys{{{"j.created_us", false}, {"j.job_id", false}}};
  search::Query query;
  query.text("SELECT j.created_us, j.job_id, ").text(kColumns).text(" FROM jobs j WHERE 1 = 1");
  if (!search.detector.empty()) query.text(" AND j.detector = ").bind(search.detector);
  if (search.kind) query.text(" AND j.kind = ").bind(static_cast<std::int64_t>(*search.kind));
  if (search.state) query.text(" AND j.state = ").bind(static_cast<std::int64_t>(*search.state));
  return read_list<Job>(tx, "job.list", std::move(query), {keys, "is"}, search.page, read_row);
}

Job end_job(db::Tx& tx, const Job& job, JobState state, std::string_view error, std::string_view result,
            core::Timestamp now) {
  if (tx.execute(kEnd, {job.id, static_cast<std::int64_t>(state), core::to_us(now), error, result}) != 1)
    throw lease_lost("the job has ended");
  const auto fence = tx.find(kFence, {job.id}, [](const db::Row& row) { return row.integer(0); });
  free_lease(tx, job.subject, job.kind, fence.value_or(0));
  return get_job(tx, job.id);
}

Job put_back(db::Tx& tx, const Job& job, std::string_view error, core::Timestamp not_before, core::Timestamp now) {
  if (has_rival(tx, job)) return end_job(tx, job, JobState::failed, error, "null", now);
  return wait_again(tx, kPutBack, job, error, not_before);
}

Job postpone_job(db::Tx& tx, const Job& job, std::string_view why, core::Timestamp not_before, core::Timestamp now) {
  if (has_rival(tx, job)) return end_job(tx, job, JobState::skipped, "another one waits already", "null", now);
  return wait_again(tx, kPostpone, job, why, not_before);
}

void hasten_jobs(db::Tx& tx, std::string_view detector, JobKind kind, core::Timestamp now) {
  tx.execute(kHasten, {detector, static_cast<std::int64_t>(kind), core::to_us(now)});
}

Job cancel_job(db::Tx& tx, std::string_view id, core::Timestamp now) {
  const Job job = get_job(tx, id);
  if (has_ended(job.state)) {
    throw core::conflict(
        fmt::format("Job {} has {} already", id,
                    job.state == JobState::cancelled ? "been cancelled" : fmt::format("ended: {}", name_of(job.state))),
        "id")
        .with_wire("INVALID_STATE", 409);
  }
  return end_job(tx, job, JobState::cancelled, "", "null", now);
}

}  // namespace wakeful::monitor
