// What only the PostgreSQL adaptor promises: closures run again after a lost session or a deadlock, but never after a
// COMMIT whose answer nobody heard; a bounded pool.
#include <future>

#include "contract/db/fixture.hpp"

namespace wakeful::db {
namespace {

using core::ErrorCode;
using namespace std::chrono_literals;

constexpr Sql kInsert{"test.insert_number", "INSERT INTO numbers (n) VALUES ($1)"};
// Differs because a server on SQLite has no sessions: these run on PostgreSQL only.
constexpr Sql kSession{"test.session", "SELECT 0", "SELECT pg_backend_pid()"};
constexpr Sql kEnd{"test.end_session", "SELECT 0", "SELECT pg_terminate_backend($1, 5000)"};

class Postgres : public DatabaseContract {
 protected:
  void SetUp() override {
    DatabaseContract::SetUp();
    if (IsSkipped()) return;
    run("CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)");
    other_ = store().open();
  }
  void TearDown() override {
    other_.reset();
    DatabaseContract::TearDown();
  }
  static std::int64_t session(Tx& tx) {
    return *tx.find(kSession, {}, [](const Row& row) { return row.integer(0); });
  }
  /// From a thread of its own: inside a closure this one may not.
  void end_session(std::int64_t pid) {
    std::async(std::launch::async, [&] {
      EXPECT_EQ(1,
                other_->read([&](Tx& tx) { return tx.find(kEnd, {pid}, [](const Row& r) { return r.integer(0); }); }));
    }).get();
  }

 private:
  std::unique_ptr<Database> other_;
};

TEST_P(Postgres, ASessionThatEndedWhileIdleIsNotNoticed) {
  end_session(db().read([](Tx& tx) { return session(tx); }));
  EXPECT_EQ(0, count("numbers"));
}

TEST_P(Postgres, AClosureWhoseSessionEndsRunsAgain) {
  int runs = 0;
  db().write([&](Tx& tx) {
    tx.execute(kInsert, {1});
    if (++runs == 1) end_session(session(tx));
    tx.execute(kInsert, {2});
  });
  EXPECT_EQ(2, runs);
  EXPECT_EQ(2, count("numbers"));
}

TEST_P(Postgres, ACommitThatNobodyAnswersIsUnknownAndNotRepeated) {
  int runs = 0;
  EXPECT_EQ(ErrorCode::unavailable, code_of([&] {
              db().write([&](Tx& tx) {
                ++runs;
                tx.execute(kInsert, {1});
                end_session(session(tx));
              });
            }));
  EXPECT_EQ(1, runs);
}

TEST_P(Postgres, TwoThatBlockEachOtherBothEndWell) {
  run("INSERT INTO numbers (n) VALUES (1), (2)");
  std::latch both(2);
  std::vector<std::thread> threads;
  std::atomic<int> runs = 0;
  for (const int first : {1, 2})
    threads.emplace_back([&, first] {
      bool waited = false;
      db().write([&](Tx& tx) {
        ++runs;
        tx.execute(Sql("test.touch", "UPDATE numbers SET n = n WHERE n = $1"), {first});
        if (!waited) {
          waited = true;
          both.arrive_and_wait();
        }
        tx.execute(Sql("test.touch", "UPDATE numbers SET n = n WHERE n = $1"), {3 - first});
      });
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(3, runs);
}

TEST_P(Postgres, StatementsAreKeptUntilTheirTextsAreTooLong) {
  const auto one = store().open({.readers = 1});
  const auto run_long = [&](const std::string& end) {
    const std::string text = "SELECT LENGTH('" + std::string(400'000, 'x') + end + "')";
    one->read([&](Tx& tx) { tx.query(Sql("test.long_text", text), {}, [](const Row&) {}); });
  };
  for (const char* end : {"a", "b", "c", "d"}) run_long(end);
  // Differs because SQLite tells nobody what it has prepared; this runs on PostgreSQL only.
  const Sql count("test.count_prepared", "SELECT 0",
                  "SELECT COUNT(*) FROM pg_prepared_statements WHERE LENGTH(statement) > 1000");
  EXPECT_LE(one->read([&](Tx& tx) { return *tx.find(count, {}, [](const Row& row) { return row.integer(0); }); }), 2);
}

TEST_P(Postgres, NoStatementIsCompiled) {
  // Differs because SQLite has no such setting; this runs on PostgreSQL only.
  const Sql setting("test.show_jit", "SELECT 'off'", "SHOW jit");
  EXPECT_EQ("off", db().read([&](Tx& tx) {
    return *tx.find(setting, {}, [](const Row& row) { return std::string(row.text(0)); });
  }));
}

TEST_P(Postgres, WhoAsksLaterIsNotToldWhatTheServerSaid) {
  try {
    db().write([&](Tx& tx) {
      end_session(session(tx));
      tx.execute(kInsert, {1});
    });
    ADD_FAILURE() << "written";
  } catch (const core::Error& error) {
    EXPECT_EQ(ErrorCode::unavailable, error.code());
    EXPECT_STREQ("PostgreSQL does not answer", error.what());
  }
}

TEST_P(Postgres, ThePoolIsBounded) {
  auto small = store().open({.readers = 1});
  std::promise<void> go;
  auto gone = go.get_future().share();
  std::atomic<bool> held = false;
  std::thread holder([&] {
    small->read([&](Tx&) {
      held = true;
      gone.wait();
    });
  });
  EXPECT_TRUE(eventually([&] { return held.load(); }));
  EXPECT_EQ(ErrorCode::unavailable,
            code_of([&] { small->read([](Tx&) {}, {.deadline = core::Deadline::after(20ms)}); }));
  go.set_value();
  holder.join();
  small->read([](Tx&) {});
}

TEST_P(Postgres, SaysWhyAServerCannotBeReached) {
  try {
    db::open("postgresql://nobody@127.0.0.1:1/nothing");
    ADD_FAILURE() << "opened";
  } catch (const core::Error& error) {
    EXPECT_EQ(ErrorCode::unavailable, error.code());
    EXPECT_NE(std::string(error.what()).find("port 1"), std::string::npos) << error.what();
  }
  EXPECT_EQ(ErrorCode::invalid, code_of([&] { db().backup("/tmp/nowhere"); }));
}

INSTANTIATE_TEST_SUITE_P(Databases, Postgres, ::testing::Values("postgres", "postgres_locale"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace wakeful::db
