// How the load generator reads answers: whole or in any pieces, by length or in chunks, and never too early.
#include "bench/tracking/answer.hpp"

#include <gtest/gtest.h>

namespace wakeful::bench {
namespace {

constexpr std::string_view kByLength =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCONTENT-LENGTH: 13\r\n\r\n{\"a\":\r\n\r\n\"b\"}";
constexpr std::string_view kByChunks =
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nConnection: "
    "close\r\n\r\n3\r\n\r\n0\r\nA\r\n0123456789\r\n0\r\n\r\n";

class AnswerIn : public testing::TestWithParam<std::string_view> {};

TEST_P(AnswerIn, IsCompleteWithItsLastByteAndNotBefore) {
  Answer answer;
  for (int round = 0; round < 2; ++round) {
    answer.clear();
    for (std::size_t i = 0; i < GetParam().size(); ++i) {
      EXPECT_FALSE(answer.is_complete()) << "after " << i << " bytes";
      answer.append(GetParam().substr(i, 1));
    }
    EXPECT_TRUE(answer.is_complete());
  }
}

TEST_P(AnswerIn, IsCompleteWhenItComesAtOnce) {
  Answer answer;
  answer.append(GetParam());
  EXPECT_TRUE(answer.is_complete());
}

INSTANTIATE_TEST_SUITE_P(BothForms, AnswerIn, testing::Values(kByLength, kByChunks));

TEST(Answer, TellsStatusBodyAndWhetherTheConnectionCloses) {
  Answer answer;
  answer.append(kByLength);
  ASSERT_TRUE(answer.is_complete());
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body(), "{\"a\":\r\n\r\n\"b\"}");
  EXPECT_FALSE(answer.closes());
  answer.clear();
  answer.append(kByChunks);
  ASSERT_TRUE(answer.is_complete());
  EXPECT_EQ(answer.status(), 404);
  EXPECT_TRUE(answer.closes());
}

TEST(Answer, HasNoStatusBeforeTheFirstLine) {
  Answer answer;
  EXPECT_EQ(answer.status(), 0);
  answer.append("HTTP/1.1");
  EXPECT_EQ(answer.status(), 0);
}

}  // namespace
}  // namespace wakeful::bench
