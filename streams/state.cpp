#include "streams/state.hpp"

#include <cstring>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/db/open.hpp"

namespace wakeful::streams {
namespace {

constexpr db::Sql kMakeProgress{
    "stream.make_progress",
    "CREATE TABLE IF NOT EXISTS progress(id BIGINT PRIMARY KEY, fingerprint TEXT NOT NULL, "
    "bytes_read BIGINT NOT NULL, bytes_written BIGINT NOT NULL, bytes_dead BIGINT NOT NULL, "
    "events BIGINT NOT NULL, skipped BIGINT NOT NULL, refused BIGINT NOT NULL, "
    "late BIGINT NOT NULL, alerts BIGINT NOT NULL)"};
constexpr db::Sql kMakeKeys{"stream.make_keys",
                            "CREATE TABLE IF NOT EXISTS keys(name TEXT PRIMARY KEY, state BLOB NOT NULL)"};
constexpr db::Sql kFingerprint{"stream.fingerprint", "SELECT fingerprint FROM progress WHERE id = 1"};
constexpr db::Sql kBegin{"stream.begin", "INSERT INTO progress VALUES (1, $1, 0, 0, 0, 0, 0, 0, 0, 0)"};
constexpr db::Sql kProgress{"stream.progress",
                            "SELECT bytes_read, bytes_written, bytes_dead, events, skipped, refused, late, alerts "
                            "FROM progress WHERE id = 1"};
constexpr db::Sql kMoveOn{"stream.move_on",
                          "UPDATE progress SET bytes_read = $1, bytes_written = $2, bytes_dead = $3, events = $4, "
                          "skipped = $5, refused = $6, late = $7, alerts = $8 WHERE id = 1"};
constexpr db::Sql kKeys{"stream.keys", "SELECT name, state FROM keys"};
constexpr db::Sql kKeep{"stream.keep",
                        "INSERT INTO keys(name, state) VALUES ($1, $2) "
                        "ON CONFLICT(name) DO UPDATE SET state = excluded.state"};

std::string_view bytes_of(const std::vector<double>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)};
}

}  // namespace

State::State(const std::filesystem::path& folder, const StreamDefinition& definition) {
  std::filesystem::create_directories(folder);
  const std::filesystem::path file = std::filesystem::absolute(folder) / (definition.name + ".stream.db");
  db_ = db::open("sqlite:///" + file.string());
  const std::string mine = fingerprint(definition);
  const std::string found = db_->write([&](db::Tx& tx) {
    tx.execute(kMakeProgress);
    tx.execute(kMakeKeys);
    const auto kept = tx.find(kFingerprint, {}, [](const db::Row& row) { return std::string(row.text(0)); });
    if (!kept) tx.execute(kBegin, {mine});
    return kept.value_or(mine);
  });
  if (found != mine)
    throw core::conflict(fmt::format("'{}' holds the state of a stream with another window, value or timestamp; take "
                                     "another --state, or remove the file to begin anew",
                                     file.string()),
                         "state");
}

Progress State::progress() const {
  return *db_->read([](db::Tx& tx) {
    return tx.find(kProgress, {}, [](const db::Row& row) {
      Progress p;
      int column = 0;
      for (std::int64_t* number : {&p.read, &p.written, &p.dead, &p.events, &p.skipped, &p.refused, &p.late, &p.alerts})
        *number = row.integer(column++);
      return p;
    });
  });
}

std::vector<KeyState> State::keys() const {
  return db_->read([](db::Tx& tx) {
    return tx.list(kKeys, {}, [](const db::Row& row) {
      KeyState out{.key = std::string(row.text(0)), .state = {}};
      const std::string_view bytes = row.text(1);
      out.state.resize(bytes.size() / sizeof(double));
      std::memcpy(out.state.data(), bytes.data(), out.state.size() * sizeof(double));
      return out;
    });
  });
}

void State::move_on(const Progress& p, const std::vector<KeyState>& changed) {
  std::vector<db::Param> rows;
  rows.reserve(2 * changed.size());
  for (const KeyState& key : changed) {
    rows.emplace_back(key.key);
    rows.emplace_back(db::Blob{bytes_of(key.state)});
  }
  db_->write([&](db::Tx& tx) {
    if (!rows.empty()) tx.execute_many(kKeep, rows, 2);
    tx.execute(kMoveOn, {p.read, p.written, p.dead, p.events, p.skipped, p.refused, p.late, p.alerts});
  });
}

}  // namespace wakeful::streams
