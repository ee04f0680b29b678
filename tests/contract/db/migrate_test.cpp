// The schema moves forward only, once, whoever starts first; what this program did not write it leaves alone.
#include "contract/db/fixture.hpp"

namespace wakeful::db {
namespace {

using core::ErrorCode;

class Migrate : public DatabaseContract {
 protected:
  static std::vector<Migration> two() {
    return {{1, "first", "CREATE TABLE a (n BIGINT); -- a comment; with a semicolon\nINSERT INTO a (n) VALUES (1);"},
            {2, "second", "CREATE TABLE b (t TEXT);\nINSERT INTO b (t) VALUES ('x;y');\n"}};
  }
  std::string message_of(const std::vector<Migration>& known) {
    try {
      upgrade(db(), known);
    } catch (const core::Error& error) {
      EXPECT_EQ(ErrorCode::invalid, error.code());
      return error.what();
    }
    return "";
  }
};

TEST_P(Migrate, AppliesWhatIsMissingAndNothingTwice) {
  upgrade(db(), {two()[0]});
  upgrade(db(), two());
  upgrade(db(), two());
  EXPECT_EQ(1, count("a"));
  EXPECT_EQ(1, count("b"));
  EXPECT_EQ(2, count("schema_migrations"));
}

TEST_P(Migrate, AppliesTheProgramsOwn) {
  const SchemaStatus before = schema_status(db());
  EXPECT_EQ(0, before.applied);
  EXPECT_EQ(migrations(db().dialect()).size(), before.pending.size());
  upgrade(db());
  const SchemaStatus after = schema_status(db());
  EXPECT_EQ(after.known, after.applied);
  EXPECT_TRUE(after.pending.empty());
}

TEST_P(Migrate, RefusesAStoreThatANewerProgramWrote) {
  upgrade(db(), two());
  const std::string message = message_of({two()[0]});
  EXPECT_NE(std::string::npos, message.find("0002_second")) << message;
  EXPECT_NE(std::string::npos, message.find("newer program")) << message;
}

TEST_P(Migrate, RefusesAMigrationThatWasChanged) {
  upgrade(db(), two());
  auto changed = two();
  changed[0].sql += "-- and more";
  const std::string message = message_of(changed);
  EXPECT_NE(std::string::npos, message.find("0001_first was applied with another text")) << message;
}

TEST_P(Migrate, RefusesTheStoreOfAnotherServer) {
  run("CREATE TABLE alembic_version (version_num TEXT)");
  EXPECT_NE(std::string::npos, message_of(two()).find("another tracking server"));
  EXPECT_EQ(ErrorCode::internal, code_of([&] { count("a"); }));
}

TEST_P(Migrate, AMigrationThatFailsLeavesNothing) {
  auto broken = two();
  broken[1].sql = "CREATE TABLE b (t TEXT); INSERT INTO nowhere (t) VALUES (1);";
  EXPECT_EQ(ErrorCode::internal, code_of([&] { upgrade(db(), broken); }));
  EXPECT_EQ(1, count("schema_migrations"));
  upgrade(db(), two());
  EXPECT_EQ(1, count("b"));
}

TEST_P(Migrate, SeveralAtOnceApplyEverythingOnce) {
  if (store().kind() == "sqlite_memory") GTEST_SKIP() << "a store in memory has one program";
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { upgrade(*store().open({.exclusive = false}), two()); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(1, count("a"));
  EXPECT_EQ(2, count("schema_migrations"));
}

WAKEFUL_ON_EVERY_DATABASE(Migrate);

}  // namespace
}  // namespace wakeful::db
