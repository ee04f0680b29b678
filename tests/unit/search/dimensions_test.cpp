#include "platform/search/dimensions.hpp"

#include <map>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::search {
namespace {

bool keeps(std::string_view filter, const std::map<std::string, std::string, std::less<>>& row) {
  return holds(parse_dimension_filter(filter, "filters"), [&](std::string_view column) {
    const auto found = row.find(column);
    return found == row.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  });
}

TEST(DimensionFilter, ComparesTextsAndNumbers) {
  const std::map<std::string, std::string, std::less<>> row{{"stage", "prod"}, {"region", "eu-west"}, {"store", "12"}};
  for (const std::string_view filter :
       {"stage = 'prod'", "stage != 'dev'", "stage = 'prod' and region LIKE 'eu-%'", "region ILIKE 'EU_WEST'",
        "region IN ('us', 'eu-west')", "region NOT IN ('us')", "store = 12", "store > 9", "store = '12'",
        "stage IS NOT NULL", "rack IS NULL", "stage > 'dev'", "`region` = \"eu-west\"", "dims.stage = 'prod'"})
    EXPECT_TRUE(keeps(filter, row)) << filter;
  for (const std::string_view filter :
       {"stage = 'dev'", "stage = 'prod' and region = 'us'", "region LIKE 'EU%'", "region IN ('us')", "store > 12",
        "stage > 9", "rack = 'a'", "rack != 'a'", "rack NOT IN ('a')", "stage IS NULL"})
    EXPECT_FALSE(keeps(filter, row)) << filter;
}

TEST(DimensionFilter, NamesTheFieldOfAMistake) {
  for (const std::string_view filter : {"stage", "stage = ", "stage == 'a'", "stage = 'a' or stage = 'b'", "= 'a'"}) {
    try {
      parse_dimension_filter(filter, "metrics[0].dimension_filters[1]");
      ADD_FAILURE() << "accepted " << filter;
    } catch (const core::Error& e) {
      EXPECT_EQ(e.field(), "metrics[0].dimension_filters[1]");
    }
  }
}

TEST(DimensionFilter, TakesInjectionsForText) {
  EXPECT_FALSE(keeps("stage = \"x' OR '1'='1\"", {{"stage", "prod"}}));
  EXPECT_TRUE(keeps("stage = \"x' OR '1'='1\"", {{"stage", "x' OR '1'='1"}}));
}

}  // namespace
}  // namespace wakeful::search
