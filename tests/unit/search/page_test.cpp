#include "platform/search/page.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::search {
namespace {

using Values = std::vector<KeyValue>;

std::string field_of(const std::string& token, std::string_view query, std::string_view shape) {
  try {
    read_page_token(token, query, shape);
  } catch (const core::Error& error) {
    return error.code() == core::ErrorCode::invalid ? error.field() : "another code";
  }
  return "accepted";
}

TEST(PageToken, GivesBackItsValues) {
  const Values values{std::monostate{}, std::numeric_limits<std::int64_t>::max(), 0.1, "ä/\"+\n",
                      -std::numeric_limits<double>::infinity()};
  const std::string token = make_page_token("q", values);
  EXPECT_EQ(token.find_first_of("+/=&?#% "), std::string::npos);
  EXPECT_EQ(read_page_token(token, "q", "d?idsd"), values);
}

TEST(PageToken, KeepsTheTextNApartFromNull) {
  EXPECT_EQ(read_page_token(make_page_token("q", Values{"n"}), "q", "s?"), Values{"n"});
  EXPECT_EQ(read_page_token(make_page_token("q", Values{std::monostate{}}), "q", "s?"), Values{std::monostate{}});
}

TEST(PageToken, IsTheFirstPageWhenEmpty) { EXPECT_EQ(read_page_token("", "q", "s"), std::nullopt); }

TEST(PageToken, IsRefusedForAnotherQueryOrShape) {
  const std::string token = make_page_token("filter a", Values{std::int64_t{7}, "x"});
  EXPECT_EQ(field_of(token, "filter a", "is"), "accepted");
  EXPECT_EQ(field_of(token, "filter b", "is"), "page_token");
  EXPECT_EQ(field_of(token, "filter a", "ds"), "page_token");
  EXPECT_EQ(field_of(token, "filter a", "i"), "page_token");
  EXPECT_EQ(field_of(token, "filter a", "iss"), "page_token");
  EXPECT_EQ(field_of(make_page_token("q", Values{std::monostate{}}), "q", "i"), "page_token");
}

TEST(PageToken, IsRefusedWhenDamaged) {
  for (const std::string& token : {std::string("%"), std::string("abc"), core::to_base64url("{\"offset\": -1}"),
                                   core::to_base64url("[]"), core::to_base64url("{\"q\":1,\"k\":[[]]}"),
                                   core::to_base64url(std::string(100'000, '[')), std::string(100'000, 'A')}) {
    EXPECT_EQ(field_of(token, "q", "s"), "page_token") << token.substr(0, 40);
  }
  const std::string whole = make_page_token("q", Values{0.5});
  for (std::size_t cut = 1; cut < whole.size(); ++cut)
    EXPECT_EQ(field_of(whole.substr(0, cut), "q", "d"), "page_token");
}

TEST(PageSize, HasADefaultAndBounds) {
  const PageLimits limits{.standard = 100, .most = 1'000};
  EXPECT_EQ(page_size(std::nullopt, limits), 100);
  EXPECT_EQ(page_size(1'000, limits), 1'000);
  for (const std::int64_t asked :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'001}, std::numeric_limits<std::int64_t>::max()}) {
    try {
      page_size(asked, limits);
      FAIL() << asked;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.field(), "max_results");
      EXPECT_NE(std::string(error.what()).find("for parameter 'max_results' supplied"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace wakeful::search
