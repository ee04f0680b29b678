// What only the SQLite adaptor promises: durable files, one server per file, groups, a WAL that does not grow.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "contract/db/fixture.hpp"
#include "platform/db/sqlite_connection.hpp"

namespace wakeful::db {
namespace {

using core::ErrorCode;
using namespace std::chrono_literals;

constexpr Sql kCreate{"test.create", "CREATE TABLE IF NOT EXISTS numbers (n BIGINT NOT NULL PRIMARY KEY, t TEXT)"};
constexpr Sql kInsert{"test.insert_number", "INSERT INTO numbers (n) VALUES ($1)"};
constexpr Sql kAll{"test.all", "SELECT n FROM numbers ORDER BY n"};

class SqliteFile : public ::testing::Test {
 protected:
  wakeful::testing::Store store_{"sqlite_file"};
  core::Telemetry telemetry_;

  std::unique_ptr<Database> open_with_table(OpenOptions options = {}) {
    options.telemetry = &telemetry_;
    auto database = store_.open(options);
    database->write([](Tx& tx) { tx.execute(kCreate); });
    return database;
  }
  static std::vector<std::int64_t> all(Database& database) {
    return database.read([](Tx& tx) { return tx.list(kAll, {}, [](const Row& row) { return row.integer(0); }); });
  }
  double queued() { return telemetry_.gauge("wakeful_db_queued_writes", "").value(); }
};

/// Holds the writer inside a closure until it is let go.
class HeldWriter {
 public:
  explicit HeldWriter(Database& database)
      : thread_([this, &database] {
          database.write([this](Tx&) {
            held_ = true;
            gone_.wait();
          });
        }) {
    EXPECT_TRUE(eventually([&] { return held_.load(); }));
  }
  void let_go() {
    go_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> go_;
  std::shared_future<void> gone_ = go_.get_future().share();  // a closure may run again
  std::atomic<bool> held_ = false;
  std::thread thread_;
};

/// Writes 0, 1, 2, … until killed; says each number after it was acknowledged.
[[noreturn]] void write_for_ever(const wakeful::testing::Store& store, int pipe) {
  auto database = store.open();
  database->write([](Tx& tx) { tx.execute(kCreate); });
  std::atomic<std::int64_t> next = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (;;) {
        const std::int64_t n = next++;
        database->write([&](Tx& tx) { tx.execute(kInsert, {n}); });
        if (::write(pipe, &n, sizeof n) != sizeof n) ::_exit(1);
      }
    });
  for (auto& thread : threads) thread.join();
  ::_exit(1);
}

TEST_F(SqliteFile, AKilledProgramLosesNoAcknowledgedWrite) {
  for (int round = 0; round < 3; ++round) {
    std::filesystem::remove_all(store_.folder());
    std::filesystem::create_directories(store_.folder());
    int ends[2];
    ASSERT_EQ(0, ::pipe(ends));
    const pid_t child = ::fork();
    if (child == 0) write_for_ever(store_, ends[1]);
    ::close(ends[1]);
    std::vector<std::int64_t> acknowledged;
    std::int64_t n = 0;
    while (::read(ends[0], &n, sizeof n) == sizeof n) {
      acknowledged.push_back(n);
      if (acknowledged.size() == 50U + 77U * static_cast<unsigned>(round)) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_GE(acknowledged.size(), 50U);
    const auto kept = all(*store_.open());
    for (const std::int64_t one : acknowledged) EXPECT_TRUE(std::binary_search(kept.begin(), kept.end(), one)) << one;
  }
}

TEST_F(SqliteFile, OneServerPerFile) {
  auto first = open_with_table();
  try {
    store_.open();
    FAIL() << "a second server opened the file";
  } catch (const core::Error& error) {
    EXPECT_EQ(ErrorCode::unavailable, error.code());
    EXPECT_NE(std::string::npos, std::string(error.what()).find("in use by another server"));
  }
  EXPECT_TRUE(all(*store_.open({.exclusive = false})).empty());
  first.reset();
  EXPECT_NO_THROW(store_.open());
}

TEST_F(SqliteFile, KeepsWhatItHadWhenOpenedAgain) {
  open_with_table()->write([](Tx& tx) { tx.execute(kInsert, {42}); });
  EXPECT_EQ(std::vector<std::int64_t>{42}, all(*store_.open()));
  EXPECT_FALSE(std::filesystem::exists(store_.path() + "-wal"));  // closing cleans up
}

TEST_F(SqliteFile, SaysWhyAFileCannotBeOpened) {
  EXPECT_EQ(ErrorCode::unavailable, code_of([] { db::open("sqlite:////nowhere/at/all/store.db"); }));
  auto* file = std::fopen(store_.path().c_str(), "w");
  std::fputs("this is no database, however long the text in it may be made", file);
  std::fclose(file);
  EXPECT_THROW(store_.open(), core::Error);
}

TEST_F(SqliteFile, AFullQueueIsUnavailable) {
  auto database = open_with_table({.write_queue = 2});
  HeldWriter held(*database);
  std::vector<std::thread> waiting;
  for (int i = 0; i < 2; ++i)
    waiting.emplace_back([&, i] { database->write([&](Tx& tx) { tx.execute(kInsert, {i}); }); });
  ASSERT_TRUE(eventually([&] { return queued() == 3; }));
  EXPECT_EQ(ErrorCode::unavailable, code_of([&] { database->write([](Tx& tx) { tx.execute(kInsert, {9}); }); }));
  held.let_go();
  for (auto& thread : waiting) thread.join();
  EXPECT_EQ((std::vector<std::int64_t>{0, 1}), all(*database));
}

TEST_F(SqliteFile, AWaitingWriteIsGivenUpAtItsDeadline) {
  auto database = open_with_table();
  HeldWriter held(*database);
  EXPECT_EQ(ErrorCode::unavailable, code_of([&] {
              database->write([](Tx& tx) { tx.execute(kInsert, {1}); }, {.deadline = core::Deadline::after(20ms)});
            }));
  held.let_go();
  EXPECT_TRUE(all(*database).empty());
}

TEST_F(SqliteFile, WritesThatWaitTogetherAreCommittedTogether) {
  auto database = open_with_table();
  const auto groups = [&] { return telemetry_.counter("wakeful_db_groups_total", "").value(); };
  HeldWriter held(*database);
  std::vector<std::thread> waiting;
  for (int i = 0; i < 20; ++i)
    waiting.emplace_back([&, i] { database->write([&](Tx& tx) { tx.execute(kInsert, {i}); }); });
  ASSERT_TRUE(eventually([&] { return queued() == 21; }));
  const auto before = groups();
  held.let_go();
  for (auto& thread : waiting) thread.join();
  EXPECT_LE(groups() - before, 2U);
  EXPECT_EQ(20U, all(*database).size());
}

TEST_F(SqliteFile, InteractiveWritesGoBeforeBulkOnes) {
  auto database = open_with_table();
  HeldWriter held(*database);
  std::vector<int> order;  // the writer's alone until it has answered
  std::vector<std::thread> waiting;
  const auto add = [&](int n, Priority priority) {
    waiting.emplace_back(
        [&, n, priority] { database->write([&](Tx&) { order.push_back(n); }, {.priority = priority}); });
    ASSERT_TRUE(eventually([&] { return queued() == static_cast<double>(waiting.size() + 1); }));
  };
  add(1, Priority::bulk);
  add(2, Priority::interactive);
  add(3, Priority::bulk);
  add(4, Priority::interactive);
  held.let_go();
  for (auto& thread : waiting) thread.join();
  EXPECT_EQ((std::vector<int>{2, 4, 1, 3}), order);
}

TEST_F(SqliteFile, AFullDiskIsOnlyTheProblemOfWhoNeedsIt) {
  auto database = open_with_table();
  const std::string large(4 << 20, 'x');
  database->write([](Tx& tx) { tx.query(Sql("test.limit", "PRAGMA max_page_count = 200"), {}, [](const Row&) {}); });
  HeldWriter held(*database);
  std::vector<std::thread> waiting;
  std::vector<std::optional<ErrorCode>> outcome(6);
  for (int i = 0; i < 6; ++i)
    waiting.emplace_back([&, i] {
      try {
        database->write([&](Tx& tx) {
          tx.execute(kInsert, {i});
          if (i % 3 == 1) tx.execute(Sql("test.large", "UPDATE numbers SET t = $1 WHERE n = $2"), {large, i});
        });
      } catch (const core::Error& error) {
        outcome[static_cast<std::size_t>(i)] = error.code();
      }
    });
  ASSERT_TRUE(eventually([&] { return queued() == 7; }));
  held.let_go();
  for (auto& thread : waiting) thread.join();
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_EQ(i % 3 == 1 ? std::optional(ErrorCode::exhausted) : std::nullopt, outcome[i]) << i;
  EXPECT_EQ((std::vector<std::int64_t>{0, 2, 3, 5}), all(*database));
}

TEST(SqliteStatements, AreKeptUntilTheirTextsAreTooLong) {
  SqliteConnection connection({.path = ":memory:"});
  const auto is_fresh = [&](const std::string& text) {
    bool fresh = false;
    connection.lend(text, "test.kept", &fresh);
    return fresh;
  };
  EXPECT_TRUE(is_fresh("SELECT 1"));
  EXPECT_FALSE(is_fresh("SELECT 1"));
  const std::string long_text = "SELECT '" + std::string(300'000, 'x') + "' || '";
  EXPECT_TRUE(is_fresh(long_text + "a'"));
  EXPECT_FALSE(is_fresh(long_text + "a'"));
  EXPECT_TRUE(is_fresh(long_text + "b'"));
  EXPECT_FALSE(is_fresh(long_text + "b'"));
  EXPECT_TRUE(is_fresh(long_text + "a'")) << "two of them are too much to keep";
}

TEST_F(SqliteFile, AReaderThatStoppedMidwayDoesNotPinTheWal) {
  auto database = open_with_table();
  database->write([](Tx& tx) {
    for (int i = 0; i < 100; ++i) tx.execute(kInsert, {i});
  });
  EXPECT_THROW(database->read([](Tx& tx) { tx.query(kAll, {}, [](const Row&) { throw 1; }); }), int);
  // Far more than the WAL may keep: it is moved into the file again and again only if nobody holds an old snapshot.
  const std::string filler(2000, 'x');
  for (int i = 0; i < 60; ++i)
    database->write([&](Tx& tx) { tx.execute(Sql("test.fill", "UPDATE numbers SET t = $1 || $2"), {filler, i}); });
  const auto once = std::filesystem::file_size(store_.path() + "-wal");
  for (int i = 0; i < 300; ++i)
    database->write([&](Tx& tx) { tx.execute(Sql("test.fill", "UPDATE numbers SET t = $1 || $2"), {filler, i}); });
  EXPECT_LT(std::filesystem::file_size(store_.path() + "-wal"), std::max<std::uintmax_t>(2 * once, 24U << 20));
}

TEST_F(SqliteFile, ABackupIsAWholeDatabase) {
  auto database = open_with_table();
  database->write([](Tx& tx) { tx.execute(kInsert, {7}); });
  const std::string copy = (store_.folder() / "copy.db").string();
  database->backup(copy);
  EXPECT_EQ(std::vector<std::int64_t>{7}, all(*db::open("sqlite:///" + copy)));
  EXPECT_EQ(ErrorCode::invalid, code_of([&] { database->backup(copy); }));
  auto memory = wakeful::testing::open_test_database();
  const std::string other = (store_.folder() / "memory.db").string();
  memory->backup(other);
  EXPECT_TRUE(schema_status(*db::open("sqlite:///" + other)).pending.empty());
}

TEST(SqliteMemory, EveryStoreIsItsOwn) {
  auto first = db::open("sqlite://");
  auto second = db::open("sqlite:///:memory:");
  first->write([](Tx& tx) { tx.execute(kCreate); });
  EXPECT_EQ(ErrorCode::internal, code_of([&] { second->read([](Tx& tx) { tx.query(kAll, {}, [](const Row&) {}); }); }));
}

}  // namespace
}  // namespace wakeful::db
