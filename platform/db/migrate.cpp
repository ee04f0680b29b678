#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

#include "migrations_files.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/text.hpp"
#include "platform/db/open.hpp"
#include "platform/db/script.hpp"

namespace wakeful::db {
namespace {

constexpr Sql kCreateTable{"db.create_schema_migrations",
                           R"(CREATE TABLE IF NOT EXISTS schema_migrations (
  number BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at_us BIGINT NOT NULL))"};
// Differs because SQLite's BEGIN IMMEDIATE already lets one process at a time upgrade.
constexpr Sql kLock{"db.lock_schema", "SELECT 1", "SELECT 1 FROM pg_advisory_xact_lock(8247118)"};
// Differs because each names its tables elsewhere.
constexpr Sql kFindTable{"db.find_table", "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1",
                         "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"};
constexpr Sql kListApplied{"db.list_migrations", "SELECT number, name, sha256 FROM schema_migrations ORDER BY number"};
constexpr Sql kInsertApplied{
    "db.insert_migration",
    "INSERT INTO schema_migrations (number, name, sha256, applied_at_us) VALUES ($1, $2, $3, $4)"};

struct Applied {
  std::string name;
  std::string sha256;
};

bool has_table(Tx& tx, std::string_view name) {
  return tx.find(kFindTable, {name}, [](const Row&) { return true; }).has_value();
}

std::map<std::int64_t, Applied> list_applied(Tx& tx) {
  std::map<std::int64_t, Applied> applied;
  if (!has_table(tx, "schema_migrations")) return applied;
  tx.query(kListApplied, {}, [&](const Row& row) {
    applied[row.integer(0)] = {std::string(row.text(1)), std::string(row.text(2))};
  });
  return applied;
}

/// Errors: invalid for a store that this program must not touch.
void check(const std::vector<Migration>& known, const std::map<std::int64_t, Applied>& applied) {
  for (const auto& [number, row] : applied) {
    // Named anew: clang 14 lets no lambda see a structured binding.
    const auto same =
        std::find_if(known.begin(), known.end(), [wanted = number](const Migration& m) { return m.number == wanted; });
    if (same == known.end())
      throw core::invalid(fmt::format(
          "the database has migration {:04}_{}, which this program does not know (it knows up to {:04}): a newer "
          "program wrote it; use that one, or restore a backup",
          number, row.name, known.empty() ? 0 : known.back().number));
    if (core::sha256_hex(same->sql) != row.sha256)
      throw core::invalid(
          fmt::format("migration {:04}_{} was applied with another text (sha256 {}, here {}): migrations are never "
                      "changed; use the "
                      "program that wrote this database, or restore a backup",
                      number, row.name, row.sha256, core::sha256_hex(same->sql)));
  }
}

void refuse_foreign_store(Tx& tx) {
  if (has_table(tx, "alembic_version"))
    throw core::invalid(
        "this database belongs to another tracking server (it has a table alembic_version); "
        "give an empty one",
        "backend-store-uri");
}

/// Applies the first pending migration; its label, or nothing if there is none.
std::optional<std::string> apply_next(Tx& tx, const std::vector<Migration>& known, core::Timestamp now) {
  tx.query(kLock, {}, [](const Row&) {});
  if (!has_table(tx, "schema_migrations")) refuse_foreign_store(tx);
  tx.execute(kCreateTable);
  const auto applied = list_applied(tx);
  check(known, applied);
  for (const Migration& migration : known) {
    if (applied.contains(migration.number)) continue;
    const std::string label = fmt::format("{:04}_{}", migration.number, migration.name);
    for (const std::string_view statement : split_statements(migration.sql)) tx.execute(Sql(label, statement));
    tx.execute(kInsertApplied, {migration.number, migration.name, core::sha256_hex(migration.sql), core::to_us(now)});
    return label;
  }
  return std::nullopt;
}

/// "0001_tracking.sqlite.sql" for `dialect`, or nothing: the other dialect's.
std::optional<Migration> find_migration(std::string_view file, std::string_view text, Dialect dialect) {
  std::string_view stem = file.substr(0, file.size() - std::string_view(".sql").size());
  for (const auto& [suffix, owner] :
       {std::pair<std::string_view, Dialect>{".sqlite", Dialect::sqlite}, {".postgres", Dialect::postgres}}) {
    if (!stem.ends_with(suffix)) continue;
    if (owner != dialect) return std::nullopt;
    stem.remove_suffix(suffix.size());
  }
  const auto number = core::to_integer(stem.substr(0, std::min<std::size_t>(stem.size(), 4)));
  if (!number || stem.size() < 6 || stem[4] != '_')
    throw core::internal(fmt::format("migrations/{}: the name is not NNNN_name.sql", file));
  return Migration{*number, std::string(stem.substr(5)), std::string(text)};
}

}  // namespace

std::vector<Migration> migrations(Dialect dialect) {
  std::vector<Migration> found;
  for (const auto& file : wakeful::migrations::files())
    if (auto migration = find_migration(file.path, file.bytes, dialect)) found.push_back(std::move(*migration));
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  for (std::size_t i = 1; i < found.size(); ++i)
    if (found[i].number == found[i - 1].number)
      throw core::internal(fmt::format("two migrations have the number {:04}", found[i].number));
  return found;
}

SchemaStatus schema_status(Database& db) {
  const auto known = migrations(db.dialect());
  return db.read([&](Tx& tx) {
    const auto applied = list_applied(tx);
    SchemaStatus status;
    if (!applied.empty()) status.applied = applied.rbegin()->first;
    if (!known.empty()) status.known = known.back().number;
    for (const Migration& migration : known)
      if (!applied.contains(migration.number))
        status.pending.push_back(fmt::format("{:04}_{}", migration.number, migration.name));
    return status;
  });
}

void upgrade(Database& db) { upgrade(db, migrations(db.dialect())); }

void upgrade(Database& db, const std::vector<Migration>& known) {
  const core::SystemClock clock;
  // A store that is made says nothing; one that changes does.
  const bool is_new = db.read([](Tx& tx) { return list_applied(tx).empty(); });
  for (;;) {
    const core::Timestamp now = clock.now();
    const auto applied = db.write([&](Tx& tx) { return apply_next(tx, known, now); });
    if (!applied) return;
    core::log::write(is_new ? core::log::Level::debug : core::log::Level::info, "migration_applied",
                     {{"migration", *applied}});
  }
}

}  // namespace wakeful::db
