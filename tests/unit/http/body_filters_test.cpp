#include "platform/http/body_filters.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "platform/core/error.hpp"

namespace wakeful::http {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string read(std::unique_ptr<BodyReader> body) {
  Response response;
  response.body = std::move(body);
  return response.read_all();
}

std::string gunzip(std::string bytes) { return read(gunzip_body(std::make_unique<TextBody>(std::move(bytes)))); }

TEST(Gunzip, GivesTheTextBack) {
  const std::string text(1'000'000, 'a');
  EXPECT_EQ(gunzip(gzip(text)), text);
  EXPECT_EQ(gunzip(gzip("")), "");
  EXPECT_EQ(gunzip(gzip("two ") + gzip("members")), "two members");
}

TEST(Gunzip, RefusesWhatIsCutOrNotGzip) {
  const std::string whole = gzip("some text that is long enough");
  for (std::size_t length = 1; length < whole.size(); ++length)
    EXPECT_THROW(gunzip(whole.substr(0, length)), core::Error) << length;
  EXPECT_THROW(gunzip("not gzip at all"), core::Error);
  EXPECT_THROW(gunzip(whole + "trailing"), core::Error);
}

TEST(Limit, CountsWhatComesOutOfABomb) {
  auto bomb = gunzip_body(std::make_unique<TextBody>(gzip(std::string(20'000'000, '\0'))));
  try {
    read(limit_body(std::move(bomb), 1'000'000, core::Deadline::never()));
    FAIL() << "20 MB passed a limit of 1 MB";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.wire_status(), 413);
  }
}

TEST(Limit, LetsExactlyTheLimitPass) {
  EXPECT_EQ(read(limit_body(std::make_unique<TextBody>("12345"), 5, core::Deadline::never())), "12345");
  EXPECT_THROW(read(limit_body(std::make_unique<TextBody>("123456"), 5, core::Deadline::never())), core::Error);
}

TEST(Limit, EndsAtTheDeadline) {
  auto body = limit_body(std::make_unique<TextBody>("12345"), 5, core::Deadline::after(std::chrono::milliseconds(0)));
  try {
    read(std::move(body));
    FAIL() << "read past the deadline";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::unavailable);
  }
}

}  // namespace
}  // namespace wakeful::http
