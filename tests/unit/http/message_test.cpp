#include "platform/http/message.hpp"

#include <gtest/gtest.h>

#include <array>

#include "platform/core/error.hpp"

namespace wakeful::http {
namespace {

/// A body that arrives in pieces of one size.
class Pieces final : public BodyReader {
 public:
  Pieces(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}
  std::size_t read(std::span<char> out) override {
    const std::size_t n = std::min({piece_, out.size(), text_.size() - at_});
    text_.copy(out.data(), n, at_);
    at_ += n;
    return n;
  }

 private:
  std::string text_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

TEST(Headers, AreFoundWithoutCase) {
  Headers headers;
  headers.add("Content-Type", "a");
  headers.add("content-type", "b");
  EXPECT_EQ(headers.find("CONTENT-TYPE"), "a");
  headers.set("Content-type", "c");
  ASSERT_EQ(headers.all().size(), 1U);
  EXPECT_EQ(headers.find("content-type"), "c");
  headers.remove("CONTENT-type");
  EXPECT_FALSE(headers.find("content-type").has_value());
}

TEST(Headers, RefuseWhatWouldSplitTheAnswer) {
  Headers headers;
  for (const char* value : {"a\r\nSet-Cookie: b", "a\nb", "a\x7f"}) EXPECT_THROW(headers.add("X", value), core::Error);
  EXPECT_THROW(headers.set("X", std::string("a\0b", 3)), core::Error);
  EXPECT_THROW(headers.add("X: y", "a"), core::Error);
  EXPECT_THROW(headers.add("", "a"), core::Error);
  EXPECT_TRUE(headers.all().empty());
}

TEST(Query, KeepsOrderAndDuplicatesAndDecodesOnce) {
  const Query query = Query::parse("run_ids=b&filter=a+%3D+%27x%2525%27&run_ids=a&flag&empty=&=odd");
  EXPECT_EQ(query.all("run_ids"), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(query.find("filter"), "a = 'x%25'");
  EXPECT_EQ(query.find("flag"), "");
  EXPECT_EQ(query.find("empty"), "");
  EXPECT_FALSE(query.find("absent").has_value());
  EXPECT_EQ(query.items().size(), 6U);
}

TEST(Query, RefusesBadEscapesAndNul) {
  for (const char* raw : {"a=%", "a=%4", "a=%zz", "a=b%00", "%00=b"})
    EXPECT_THROW(Query::parse(raw), core::Error) << raw;
}

TEST(Query, NamesTheParameterThatIsNoText) {
  for (const char* raw : {"ok=1&experiment_name=%FF", "experiment_name=%ED%A0%80", "experiment_name=a%00"}) {
    try {
      Query::parse(raw);
      ADD_FAILURE() << raw;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ErrorCode::invalid);
      EXPECT_EQ(error.field(), "experiment_name");
      EXPECT_NE(std::string(error.what()).find("experiment_name"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(Query::parse("%FF=a"), core::Error);
}

TEST(Request, ReadsAWholeBodyWhateverItsPieces) {
  const std::string text(300'000, 'x');
  for (const std::size_t piece : {1'000U, 65'536U, 400'000U}) {
    Request request;
    request.body = std::make_unique<Pieces>(text, piece);
    EXPECT_EQ(request.read_body(), text);
  }
}

TEST(Request, DoesNotBelieveADeclaredLength) {
  Request request;
  request.body = std::make_unique<Pieces>("abc", 2);
  request.content_length = std::uint64_t{1} << 60U;
  EXPECT_EQ(request.read_body(), "abc");
}

TEST(Request, StopsAtTheLimitOfTheReader) {
  Request request;
  request.body = std::make_unique<Pieces>(std::string(100, 'x'), 10);
  try {
    request.read_body(99);
    FAIL() << "a body of 100 passed a limit of 99";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::exhausted);
  }
}

TEST(Request, WithoutBodyReadsNothing) {
  Request request;
  EXPECT_EQ(request.read_body(), "");
  EXPECT_THROW(request.path_param("name"), core::Error);
}

TEST(Response, ReadsTextAndStreamsAlike) {
  Response text = Response::json("{}", 201);
  EXPECT_EQ(text.headers.find("content-type"), "application/json");
  EXPECT_EQ(text.status, 201);
  EXPECT_EQ(text.read_all(), "{}");
  Response stream;
  stream.body = std::make_unique<Pieces>("streamed", 3);
  EXPECT_EQ(stream.read_all(), "streamed");
}

TEST(TextBody, GivesWhatIsLeft) {
  TextBody body("abcdef");
  std::array<char, 2> two{};
  EXPECT_EQ(body.read(two), 2U);
  EXPECT_EQ(body.take_rest(), "cdef");
  EXPECT_EQ(body.read(two), 0U);
}

}  // namespace
}  // namespace wakeful::http
