#include "platform/events/events.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "platform/core/error.hpp"

namespace wakeful::events {
namespace {

using db::Row;
using db::Sql;

constexpr Sql kTakeIds{"event.take_ids",
                       "UPDATE event_counter SET last_id = last_id + $1 WHERE one = 1 RETURNING last_id"};
constexpr Sql kInsert{"event.insert",
                      "INSERT INTO events (id, time_us, kind, subject, payload) VALUES ($1, $2, $3, $4, $5)"};
constexpr Sql kListAfter{"event.list_after",
                         "SELECT id, time_us, kind, subject, payload FROM events WHERE id > $1 ORDER BY id LIMIT $2"};
constexpr Sql kNewestId{"event.newest_id", "SELECT last_id FROM event_counter WHERE one = 1"};
constexpr Sql kPrune{
    "event.prune",
    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE time_us < $1 ORDER BY time_us LIMIT $2)"};

Event to_event(const Row& row) {
  return {.id = row.integer(0),
          .time = core::from_us(row.integer(1)),
          .kind = std::string(row.text(2)),
          .subject = std::string(row.text(3)),
          .payload = std::string(row.text(4))};
}

std::int64_t get_id(db::Tx& tx, const Sql& sql, std::initializer_list<db::Param> params) {
  const auto id = tx.find(sql, params, [](const Row& row) { return row.integer(0); });
  if (!id) throw core::internal("the row of event_counter is missing");
  return *id;
}

}  // namespace

std::int64_t append(db::Tx& tx, const NewEvent& event, core::Timestamp now) {
  return append(tx, std::span(&event, 1), now);
}

std::int64_t append(db::Tx& tx, std::span<const NewEvent> events, core::Timestamp now) {
  if (events.empty()) return newest_id(tx);
  const std::int64_t last = get_id(tx, kTakeIds, {events.size()});
  std::int64_t id = last - static_cast<std::int64_t>(events.size());
  std::vector<db::Param> values;
  for (const NewEvent& event : events)
    values.insert(values.end(), {++id, core::to_us(now), event.kind, event.subject, event.payload});
  tx.execute_many(kInsert, values, 5);
  return last;
}

std::vector<Event> list_after(db::Tx& tx, std::int64_t id, std::int64_t limit,
                              std::span<const std::string_view> kinds) {
  const std::int64_t most = std::clamp<std::int64_t>(limit, 0, kMaxListed);
  if (kinds.empty()) return tx.list(kListAfter, {id, most}, to_event);
  if (kinds.size() > kMaxKinds) throw core::invalid(fmt::format("at most {} kinds of events", kMaxKinds), "kinds");
  std::vector<db::Param> params{id, most};
  std::string places;
  for (const std::string_view kind : kinds) {
    params.emplace_back(kind);
    places += fmt::format("{}${}", places.empty() ? "" : ", ", params.size());
  }
  const std::string text = fmt::format(
      "SELECT id, time_us, kind, subject, payload FROM events WHERE id > $1 AND kind IN ({}) ORDER BY id LIMIT $2",
      places);
  return tx.list(Sql("event.list_kinds_after", text), params, to_event);
}

std::int64_t newest_id(db::Tx& tx) { return get_id(tx, kNewestId, {}); }

std::int64_t prune(db::Tx& tx, core::Timestamp before, std::int64_t limit) {
  return tx.execute(kPrune, {core::to_us(before), limit});
}

}  // namespace wakeful::events
