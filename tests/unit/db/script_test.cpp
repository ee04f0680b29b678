#include "platform/db/script.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::db {
namespace {

using Statements = std::vector<std::string_view>;

TEST(SplitStatements, CutsAtSemicolons) {
  EXPECT_EQ((Statements{"CREATE TABLE a (n BIGINT)", "SELECT 1"}),
            split_statements("CREATE TABLE a (n BIGINT);\n\n SELECT 1 ;\n"));
  EXPECT_EQ(Statements{"SELECT 1"}, split_statements("SELECT 1"));
}

TEST(SplitStatements, LeavesOutWhatIsEmptyOrOnlyAComment) {
  EXPECT_TRUE(split_statements("").empty());
  EXPECT_TRUE(split_statements(" ; ;\n-- nothing; here\n/* nor; here */ ;").empty());
}

TEST(SplitStatements, KeepsSemicolonsInsideQuotesAndComments) {
  for (const std::string_view one :
       {"SELECT 'a;b'", "SELECT 'it''s;'", "SELECT \"a;b\"", "SELECT 1 -- a;b\n + 2", "SELECT 1 /* a;'b */ + 2",
        "DO $$ BEGIN; END; $$", "DO $x$ $$; $x$", "SELECT $1, $2"})
    EXPECT_EQ(Statements{one}, split_statements(std::string(one) + ";")) << one;
}

TEST(SplitStatements, RefusesWhatDoesNotEnd) {
  for (const char* open : {"SELECT 'a", "SELECT \"a", "/* a", "DO $$ a"})
    EXPECT_THROW(split_statements(open), core::Error) << open;
}

}  // namespace
}  // namespace wakeful::db
