#include "platform/search/sql.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "unit/search/grammars.hpp"

namespace wakeful::search {
namespace {

Query where(std::string_view filter) {
  Query query;
  where_all(query, parse_filter(filter, testing::kRuns), [](Query& q, const Comparison& c) { compare(q, c.key, c); });
  return query;
}

TEST(Compare, BindsEveryValueAndCastsNumbers) {
  const Query query = where("status = 'a' and status != 'b' and metrics.m > 5 and metrics.n <= 0.5");
  EXPECT_EQ(
      query.sql(),
      " AND (status = $1) AND (status <> $2) AND (m > CAST($3 AS BIGINT)) AND (n <= CAST($4 AS DOUBLE PRECISION))");
  ASSERT_EQ(query.values().size(), 4U);
  EXPECT_EQ(std::get<std::string>(query.values()[0]), "a");
  EXPECT_EQ(std::get<std::int64_t>(query.values()[2]), 5);
  EXPECT_EQ(std::get<double>(query.values()[3]), 0.5);
}

TEST(Compare, GivesPatternsTheSameMeaningOnBothDatabases) {
  const Query query = where(R"(status LIKE '50!%\_' and status ILIKE 'ÄB%')");
  EXPECT_EQ(query.sql(), " AND (status LIKE $1 ESCAPE '!') AND (lower(status) LIKE $2 ESCAPE '!')");
  EXPECT_EQ(std::get<std::string>(query.values()[0]), R"(50!!%\_)");
  EXPECT_EQ(std::get<std::string>(query.values()[1]), "Äb%");
}

TEST(Compare, WritesListsAndNullTests) {
  EXPECT_EQ(where("run_id IN ('a', 'b') and run_id NOT IN ('c')").sql(),
            " AND (run_id IN ($1, $2)) AND (run_id NOT IN ($3))");
  EXPECT_EQ(where("tags.a IS NULL and tags.b IS NOT NULL").sql(), " AND (a IS NULL) AND (b IS NOT NULL)");
}

TEST(OrderBy, PutsMissingValuesLastInBothDirections) {
  const std::vector<SortKey> keys{{.expression = "m.value", .ascending = false, .nullable = true},
                                  {.expression = "r.id"}};
  Query query;
  order_by(query, keys);
  EXPECT_EQ(query.sql(), " ORDER BY (m.value IS NULL), m.value DESC, r.id ASC");
}

TEST(After, ContinuesBehindARowWithAndWithoutAValue) {
  const std::vector<SortKey> keys{{.expression = "v", .ascending = false, .nullable = true}, {.expression = "id"}};
  Query with_value;
  after(with_value, keys, std::vector<KeyValue>{0.5, "x"});
  EXPECT_EQ(
      with_value.sql(),
      " AND ((v IS NULL OR v < CAST($1 AS DOUBLE PRECISION)) OR (v = CAST($2 AS DOUBLE PRECISION) AND (id > $3)))");
  Query without;
  after(without, keys, std::vector<KeyValue>{std::monostate{}, "x"});
  EXPECT_EQ(without.sql(), " AND (1 = 0 OR (v IS NULL AND (id > $1)))");
  EXPECT_THROW(after(without, keys, std::vector<KeyValue>{"x"}), core::Error);
}

}  // namespace
}  // namespace wakeful::search
