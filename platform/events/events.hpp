#pragma once
// What happened, appended in the transaction that made it happen; read by polling pages, streams of events, webhooks
// and alert delivery, each of which remembers the last id that it has seen.
//
// Ids rise in the order of the commits: who has seen n will find everything later under greater ids. For that an
// appending transaction holds one row until its end, so append() should be its last write; on PostgreSQL such
// transactions wait for each other from there on. This knows no kinds: they belong to who appends.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::events {

struct NewEvent {
  std::string_view kind;     // "model_version.created"
  std::string_view subject;  // what it is about: a name or an id
  std::string_view payload;  // JSON
};

struct Event {
  std::int64_t id = 0;
  core::Timestamp time;
  std::string kind;
  std::string subject;
  std::string payload;
};

constexpr std::int64_t kMaxListed = 1000;
constexpr std::size_t kMaxKinds = 64;

/// The id of the event, or of the last of several.
std::int64_t append(db::Tx& tx, const NewEvent& event, core::Timestamp now);
std::int64_t append(db::Tx& tx, std::span<const NewEvent> events, core::Timestamp now);

/// Events with ids above `id`, at most `limit` (and kMaxListed); of all kinds if `kinds` is empty.
/// Order: by id. Errors: invalid beyond kMaxKinds.
std::vector<Event> list_after(db::Tx& tx, std::int64_t id, std::int64_t limit,
                              std::span<const std::string_view> kinds = {});
/// Where a reader begins who wants only what comes: the newest id ever given, 0 if none.
std::int64_t newest_id(db::Tx& tx);
/// Removes events older than `before`, at most `limit` of them so that no write takes long; how many it removed.
std::int64_t prune(db::Tx& tx, core::Timestamp before, std::int64_t limit = kMaxListed);

}  // namespace wakeful::events
