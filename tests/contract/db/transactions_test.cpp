// What a closure may rely on: all or nothing, its own outcome, one snapshot, an end to every wait.
#include <atomic>
#include <future>

#include "contract/db/fixture.hpp"

namespace wakeful::db {
namespace {

using core::ErrorCode;
using namespace std::chrono_literals;

constexpr Sql kInsert{"test.insert_number", "INSERT INTO numbers (n) VALUES ($1)"};
constexpr Sql kCount{"test.count_numbers", "SELECT COUNT(*) FROM numbers"};
constexpr Sql kSlow{
    "test.slow",
    "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "
    "SELECT COUNT(*) FROM n"};

class Transactions : public DatabaseContract {
 protected:
  void SetUp() override {
    DatabaseContract::SetUp();
    if (IsSkipped()) return;
    run("CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)");
    run("CREATE TABLE children (n BIGINT NOT NULL REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)");
  }
  void insert(int n) {
    db().write([n](Tx& tx) { tx.execute(kInsert, {n}); });
  }
  static std::int64_t count_in(Tx& tx) {
    return *tx.find(kCount, {}, [](const Row& r) { return r.integer(0); });
  }
};

TEST_P(Transactions, AViolatedConstraintIsAConflict) {
  insert(1);
  EXPECT_EQ(ErrorCode::conflict, code_of([&] { insert(1); }));
  EXPECT_EQ(ErrorCode::conflict, code_of([&] { db().write([](Tx& tx) { tx.execute(kInsert, {Null{}}); }); }));
  EXPECT_EQ(1, count("numbers"));
}

TEST_P(Transactions, AConstraintThatIsCheckedAtCommitIsAConflictToo) {
  EXPECT_EQ(ErrorCode::conflict, code_of([&] { run("INSERT INTO children (n) VALUES (5)"); }));
  EXPECT_EQ(0, count("children"));
  insert(5);
  run("INSERT INTO children (n) VALUES (5)");
  EXPECT_EQ(1, count("children"));
}

TEST_P(Transactions, WhatAThrowingClosureWroteIsGone) {
  EXPECT_THROW(db().write([](Tx& tx) {
    tx.execute(kInsert, {1});
    throw std::out_of_range("mine");
  }),
               std::out_of_range);
  EXPECT_EQ(0, count("numbers"));
}

TEST_P(Transactions, GoingOnAfterAFailedStatementIsADefect) {
  insert(1);
  const auto go_on = [](Tx& tx) { EXPECT_EQ(ErrorCode::conflict, code_of([&] { tx.execute(kInsert, {1}); })); };
  EXPECT_EQ(ErrorCode::internal, code_of([&] { db().write(go_on); }));
  EXPECT_EQ(ErrorCode::internal, code_of([&] {
              db().write([&](Tx& tx) {
                go_on(tx);
                tx.execute(kInsert, {2});
              });
            }));
  EXPECT_EQ(1, count("numbers"));
}

TEST_P(Transactions, AWriteReadsWhatItWrote) {
  EXPECT_EQ(2, db().write([](Tx& tx) {
    tx.execute(kInsert, {1});
    tx.execute(kInsert, {2});
    return count_in(tx);
  }));
}

TEST_P(Transactions, AReadDoesNotWrite) {
  EXPECT_EQ(ErrorCode::internal, code_of([&] { db().read([](Tx& tx) { tx.execute(kInsert, {1}); }); }));
  EXPECT_EQ(0, count("numbers"));
}

TEST_P(Transactions, RowsAreReadBeforeTheNextStatement) {
  insert(1);
  EXPECT_EQ(ErrorCode::internal,
            code_of([&] { db().read([](Tx& tx) { tx.query(kCount, {}, [&](const Row&) { count_in(tx); }); }); }));
}

TEST_P(Transactions, AnExceptionOfTheRowCallbackPassesThrough) {
  insert(1);
  EXPECT_EQ(ErrorCode::not_found, code_of([&] {
              db().read([](Tx& tx) { tx.query(kCount, {}, [](const Row&) { throw core::not_found("mine"); }); });
            }));
  EXPECT_EQ(1, db().write([](Tx& tx) {
    try {
      tx.query(kCount, {}, [](const Row&) { throw 1; });
    } catch (int) {
    }
    return count_in(tx);
  }));
}

TEST_P(Transactions, ACallInsideAClosureIsRefused) {
#ifndef NDEBUG
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(db().read([&](Tx&) { insert(1); }), "wait for itself");
#else
  EXPECT_EQ(ErrorCode::internal, code_of([&] { db().read([&](Tx&) { insert(1); }); }));
  EXPECT_EQ(ErrorCode::internal, code_of([&] { db().write([&](Tx&) { count("numbers"); }); }));
#endif
}

TEST_P(Transactions, EveryOneOfManyWritersHasItsOwnOutcome) {
  constexpr int kThreads = 16;
  constexpr int kEach = 40;
  insert(-1);
  std::atomic<int> kept = 0;
  std::atomic<int> wrong = 0;
  const auto work = [&](int thread) {
    for (int i = 0; i < kEach; ++i) {
      const int n = thread * kEach + i;
      const auto attempt = [&](Tx& tx) {
        tx.execute(kInsert, {n});
        if (i % 5 == 0) throw core::not_found("mine");
        if (i % 7 == 0) tx.execute(kInsert, {-1});
        return n;
      };
      try {
        if (db().write(attempt) != n || i % 5 == 0 || i % 7 == 0) ++wrong;
        ++kept;
      } catch (const core::Error& error) {
        const ErrorCode expected = i % 5 == 0 ? ErrorCode::not_found : ErrorCode::conflict;
        if (error.code() != expected || (i % 5 != 0 && i % 7 != 0)) ++wrong;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back(work, t);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(0, wrong);
  EXPECT_EQ(kept + 1, count("numbers"));
}

TEST_P(Transactions, AFailureAtCommitIsItsCausersAlone) {
  std::promise<void> open;
  auto opened = open.get_future().share();
  std::atomic<bool> blocked = false;
  std::thread blocker([&] {
    db().write([&](Tx&) {
      blocked = true;
      opened.wait();
    });
  });
  ASSERT_TRUE(eventually([&] { return blocked.load(); }));
  std::vector<std::thread> threads;
  std::vector<std::optional<ErrorCode>> outcome(8);
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      try {
        db().write([&](Tx& tx) {
          tx.execute(kInsert, {i});
          if (i == 3) tx.execute(Sql("test.orphan", "INSERT INTO children (n) VALUES (99)"));
        });
      } catch (const core::Error& error) {
        outcome[static_cast<std::size_t>(i)] = error.code();
      }
    });
  // One group on SQLite; PostgreSQL's writers do not wait for each other.
  if (!store().is_postgres()) {
    EXPECT_TRUE(eventually([&] { return queued() == 9; }));
  }
  open.set_value();
  blocker.join();
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_EQ(i == 3 ? std::optional(ErrorCode::conflict) : std::nullopt, outcome[i]) << i;
  EXPECT_EQ(7, count("numbers"));
}

TEST_P(Transactions, AReadSeesOneSnapshot) {
  insert(1);
  std::atomic<bool> written = false;  // the writer may end after the read
  std::thread writer;
  db().read([&](Tx& tx) {
    EXPECT_EQ(1, count_in(tx));
    writer = std::thread([&] {
      insert(2);
      written = true;
    });
    // In memory, reads and writes take turns: there it has to wait for us.
    const bool takes_turns = store().kind() == "sqlite_memory";
    EXPECT_TRUE(eventually([&] { return takes_turns ? queued() == 1 : written.load(); }));
    EXPECT_EQ(1, count_in(tx));
  });
  writer.join();
  EXPECT_EQ(2, count("numbers"));
}

TEST_P(Transactions, AWriteDoesNotBeginAfterItsDeadline) {
  const Options late{.deadline = core::Deadline(core::Deadline::Clock::now() - 1ms)};
  bool began = false;
  EXPECT_EQ(ErrorCode::unavailable, code_of([&] { db().write([&](Tx&) { began = true; }, late); }));
  EXPECT_FALSE(began);
}

TEST_P(Transactions, AReadEndsAtItsDeadline) {
  const auto began = core::Deadline::Clock::now();
  EXPECT_EQ(ErrorCode::unavailable, code_of([&] {
              db().read(
                  [](Tx& tx) {
                    count_in(tx);
                    tx.query(kSlow, {}, [](const Row&) {});
                  },
                  {.deadline = core::Deadline::after(100ms)});
            }));
  EXPECT_LT(core::Deadline::Clock::now() - began, 10s);
  EXPECT_EQ(0, count("numbers"));  // and the connection is good for the next one
}

TEST_P(Transactions, AWriteEndsAtItsDeadlineAndLeavesTheOthersAlone) {
  std::atomic<bool> running = false;
  std::thread slow([&] {
    EXPECT_EQ(ErrorCode::unavailable, code_of([&] {
                db().write(
                    [&](Tx& tx) {
                      tx.execute(kInsert, {1});
                      running = true;
                      tx.execute(Sql("test.insert_slow",
                                     "INSERT INTO numbers (n) WITH RECURSIVE n(i) AS (SELECT CAST(2 AS BIGINT) "
                                     "UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n"));
                    },
                    {.deadline = core::Deadline::after(200ms)});
              }));
  });
  EXPECT_TRUE(eventually([&] { return running.load(); }));
  insert(-7);
  slow.join();
  EXPECT_EQ(1, count("numbers"));
}

TEST_P(Transactions, AClosedDatabaseRefusesEverything) {
  db().close();
  db().close();
  EXPECT_EQ(ErrorCode::unavailable, code_of([&] { insert(1); }));
  EXPECT_EQ(ErrorCode::unavailable, code_of([&] { count("numbers"); }));
}

TEST_P(Transactions, WorkBetweenWritesRunsAndThrowsToItsCaller) {
  bool ran = false;
  db().run_between_writes([&] { ran = true; });
  EXPECT_TRUE(ran);
  EXPECT_EQ(ErrorCode::not_found, code_of([&] { db().run_between_writes([] { throw core::not_found("mine"); }); }));
  db().compact();
}

TEST_P(Transactions, RecordsWhichStatementsRanWhere) {
  StatementRecord record;
  auto another = store().open({.exclusive = false, .statements = &record});
  another->read([](Tx& tx) { tx.query(Sql("test.recorded", "SELECT 1"), {}, [](const Row&) {}); });
  EXPECT_TRUE(record.names(another->dialect()).contains("test.recorded"));
  const Dialect other = another->dialect() == Dialect::sqlite ? Dialect::postgres : Dialect::sqlite;
  EXPECT_TRUE(record.names(other).empty());
}

WAKEFUL_ON_EVERY_DATABASE(Transactions);

}  // namespace
}  // namespace wakeful::db
