#include "platform/db/open.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::db {
namespace {

TEST(Open, SaysWhatAUriMustLookLike) {
  for (const char* bad :
       {"", "wakeful.db", "mysql://root@localhost/db", "sqlite://file.db", "sqlite:///a.db?mode=ro"}) {
    try {
      db::open(bad);
      FAIL() << bad;
    } catch (const core::Error& error) {
      EXPECT_EQ(core::ErrorCode::invalid, error.code()) << bad;
      EXPECT_EQ("backend-store-uri", error.field()) << bad;
    }
  }
}

TEST(Migrations, HaveOneNumberEachOnBothDatabases) {
  const auto sqlite = migrations(Dialect::sqlite);
  const auto postgres = migrations(Dialect::postgres);
  ASSERT_EQ(sqlite.size(), postgres.size());
  for (std::size_t i = 0; i < sqlite.size(); ++i) {
    EXPECT_EQ(sqlite[i].number, postgres[i].number);
    EXPECT_EQ(sqlite[i].name, postgres[i].name);
    if (i > 0) {
      EXPECT_LT(sqlite[i - 1].number, sqlite[i].number);
    }
  }
}

}  // namespace
}  // namespace wakeful::db
