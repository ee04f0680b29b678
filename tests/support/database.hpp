#pragma once
// Databases for tests: a fresh one in memory, or a fresh one of every kind that there is.
//
// Kinds: sqlite_file, sqlite_memory, and, where WAKEFUL_TEST_POSTGRES and WAKEFUL_TEST_POSTGRES_LOCALE hold URIs
// (scripts/pg prints them), postgres and postgres_locale, the latter with an order of text that is not the bytes'.
// Every Store is new: a folder of its own, or a PostgreSQL schema of its own, removed with it. EveryDatabase gives each
// test a fresh one; on PostgreSQL, where making tables is slow, the program's one schema as it was after the
// migrations.
//
//   class RunsTest : public testing::EveryDatabase {};          // db() is migrated
//   TEST_P(RunsTest, …) { db().write(…); }
//   WAKEFUL_ON_EVERY_DATABASE(RunsTest);
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "platform/core/id.hpp"
#include "platform/db/open.hpp"
#include "platform/db/statements.hpp"

namespace wakeful::testing {

/// What ran in this program; WAKEFUL_STATEMENTS=FOLDER writes it there at exit, a file per program and database.
class RanStatements {
 public:
  RanStatements() = default;
  ~RanStatements() {
    if (const char* folder = std::getenv("WAKEFUL_STATEMENTS")) {
      write(folder, db::Dialect::sqlite, "sqlite");
      write(folder, db::Dialect::postgres, "postgres");
    }
  }
  RanStatements(const RanStatements&) = delete;
  RanStatements& operator=(const RanStatements&) = delete;
  db::StatementRecord& record() { return record_; }

 private:
  void write(const std::string& folder, db::Dialect dialect, std::string_view name) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").filename().string();
    std::filesystem::create_directories(folder);
    std::FILE* file = std::fopen((folder + "/" + program + "." + std::string(name) + ".txt").c_str(), "w");
    if (file == nullptr) return;
    for (const auto& statement : record_.names(dialect)) std::fprintf(file, "%s\n", statement.c_str());
    std::fclose(file);
  }
  db::StatementRecord record_;
};

inline db::StatementRecord& ran_statements() {
  static RanStatements ran;
  return ran.record();
}

/// A fresh SQLite store in memory with every migration.
inline std::unique_ptr<db::Database> open_test_database() {
  db::OpenOptions options;
  options.statements = &ran_statements();
  auto database = db::open("sqlite://", options);
  db::upgrade(*database);
  return database;
}

/// A fresh, empty store of one kind; opened as often as one likes, removed at the end.
class Store {
 public:
  explicit Store(std::string kind) : kind_(std::move(kind)), name_("t" + core::new_hex_id().substr(0, 12)) {
    if (is_postgres()) {
      db::open(server())->write(
          [&](db::Tx& tx) { tx.execute(db::Sql("test.create_schema", "CREATE SCHEMA " + name_)); });
      const char* join = server().find('?') == std::string::npos ? "?" : "&";
      // Not synced: what a test wrote need not outlive the server, and every migration is several commits.
      uri_ = server() + join + "options=-csearch_path%3D" + name_ + "%20-csynchronous_commit%3Doff";
    } else if (kind_ == "sqlite_file") {
      folder_ = std::filesystem::temp_directory_path() / name_;
      std::filesystem::create_directories(folder_);
      uri_ = "sqlite:///" + path();
    } else {
      uri_ = "sqlite://";
    }
  }
  ~Store() {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
    if (is_postgres())
      db::open(server())->write(
          [&](db::Tx& tx) { tx.execute(db::Sql("test.drop_schema", "DROP SCHEMA " + name_ + " CASCADE")); });
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Empty if the kind needs a server that is not there.
  static std::string find_server(std::string_view kind) {
    const char* name = kind == "postgres"          ? "WAKEFUL_TEST_POSTGRES"
                       : kind == "postgres_locale" ? "WAKEFUL_TEST_POSTGRES_LOCALE"
                                                   : nullptr;
    const char* uri = name == nullptr ? nullptr : std::getenv(name);
    return uri == nullptr ? "" : uri;
  }
  static bool is_available(std::string_view kind) { return kind.starts_with("sqlite") || !find_server(kind).empty(); }

  const std::string& uri() const { return uri_; }
  const std::string& kind() const { return kind_; }
  bool is_postgres() const { return kind_.starts_with("postgres"); }
  /// The file of a sqlite_file store, and its folder.
  std::string path() const { return (folder_ / "store.db").string(); }
  const std::filesystem::path& folder() const { return folder_; }
  std::unique_ptr<db::Database> open(db::OpenOptions options = {}) const {
    if (options.statements == nullptr) options.statements = &ran_statements();
    return db::open(uri_, options);
  }

 private:
  std::string server() const { return find_server(kind_); }

  std::string kind_;
  std::string name_;
  std::filesystem::path folder_;
  std::string uri_;
};

/// One migrated PostgreSQL schema for all tests of the program; clear() takes it back to what the migrations left.
class SharedSchema {
 public:
  explicit SharedSchema(const char* kind) : store_(kind) {
    auto database = store_.open();
    db::upgrade(*database);
    database->write([](db::Tx& tx) { tx.execute(kKeepSeeds); });
  }
  void clear() {
    store_.open()->write([](db::Tx& tx) { tx.execute(kClear); });
  }
  const Store& store() const { return store_; }

 private:
  // Foreign keys are not looked at meanwhile, which asks for a superuser. Both differ because SQLite never runs them.
  static constexpr db::Sql kKeepSeeds{"test.keep_seeds", "SELECT 0", R"(DO $$ DECLARE t record; filled boolean; BEGIN
    FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() LOOP
      EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', t.name) INTO filled;
      IF filled THEN EXECUTE format('CREATE TABLE %I AS SELECT * FROM %I', 'seed_' || t.name, t.name); END IF;
    END LOOP; END $$)"};
  static constexpr db::Sql kClear{"test.clear", "SELECT 0", R"(DO $$ DECLARE t record; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE 'seed\_%' LOOP
      EXECUTE format('DELETE FROM %I', t.name);
      IF to_regclass('seed_' || t.name) IS NOT NULL THEN
        EXECUTE format('INSERT INTO %I SELECT * FROM %I', t.name, 'seed_' || t.name);
      END IF;
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences
      WHERE schemaname = current_schema();
    END $$)"};

  Store store_;
};

inline SharedSchema& shared_schema(std::string_view kind) {
  if (kind == "postgres") {
    static SharedSchema bytes("postgres");
    return bytes;
  }
  static SharedSchema words("postgres_locale");
  return words;
}

/// A fixture whose parameter is the kind; skipped, visibly, where the kind's server is absent.
class EveryDatabase : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!Store::is_available(GetParam())) GTEST_SKIP() << "no server for " << GetParam() << " (see scripts/pg)";
    const bool shared = migrated() && std::string_view(GetParam()).starts_with("postgres");
    if (shared) {
      shared_schema(GetParam()).clear();
      store_ = &shared_schema(GetParam()).store();
    } else {
      own_ = std::make_unique<Store>(GetParam());
      store_ = own_.get();
    }
    database_ = store_->open(options());
    if (migrated() && !shared) db::upgrade(*database_);
  }
  void TearDown() override {
    database_.reset();
    own_.reset();
  }
  virtual bool migrated() const { return true; }
  virtual db::OpenOptions options() { return {}; }

  db::Database& db() { return *database_; }
  const Store& store() { return *store_; }
  std::unique_ptr<db::Database>& database() { return database_; }

 private:
  std::unique_ptr<Store> own_;
  const Store* store_ = nullptr;
  std::unique_ptr<db::Database> database_;
};

#define WAKEFUL_ON_EVERY_DATABASE(fixture)                                                                   \
  INSTANTIATE_TEST_SUITE_P(Databases, fixture,                                                               \
                           ::testing::Values("sqlite_file", "sqlite_memory", "postgres", "postgres_locale"), \
                           [](const auto& parameter) { return std::string(parameter.param); })

}  // namespace wakeful::testing
