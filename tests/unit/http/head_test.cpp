#include "platform/http/head.hpp"

#include <gtest/gtest.h>

namespace wakeful::http {
namespace {

int status_of(std::string_view text) {
  auto parsed = parse_head(text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refusal->status;
  return 200;
}

Head head_of(std::string_view text) {
  auto parsed = parse_head(text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) throw std::runtime_error(std::string(refusal->reason));
  return std::get<Head>(std::move(parsed));
}

std::string with(std::string_view headers) { return "POST /a HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n"; }

TEST(Head, KeepsWhatWasSentAsItWasSent) {
  const Head head =
      head_of("GET /a%2Fb?x=%2B HTTP/1.1\r\nHost: h:1\r\nX-Value: \t a%0d%0ab%2B \t\r\nX-Utf8: \xc3\xa9\r\n\r\n");
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a%2Fb?x=%2B");
  EXPECT_EQ(head.headers.find("x-value"), "a%0d%0ab%2B");
  EXPECT_EQ(head.headers.find("x-utf8"), "\xc3\xa9");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.has_body());
}

TEST(Head, ReadsHowLongTheBodyIs) {
  EXPECT_EQ(head_of(with("Content-Length: 12\r\n")).content_length, 12U);
  EXPECT_FALSE(head_of(with("Content-Length: 0\r\n")).has_body());
  EXPECT_TRUE(head_of(with("transfer-encoding: Chunked\r\n")).chunked);
  EXPECT_TRUE(head_of(with("Content-Length: 1\r\nExpect: 100-Continue\r\n")).expects_continue);
}

TEST(Head, ReadsWhetherTheConnectionStays) {
  EXPECT_FALSE(head_of(with("Connection: Close\r\n")).keep_alive);
  EXPECT_FALSE(head_of(with("Connection: keep-alive, close\r\n")).keep_alive);
  EXPECT_TRUE(head_of(with("Connection: upgrade\r\n")).keep_alive);
  EXPECT_FALSE(head_of("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(head_of("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(Head, TakesTheAbsoluteFormApart) {
  const Head head = head_of("GET HTTP://other:8/p?q HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(head.target, "/p?q");
  EXPECT_EQ(head.headers.find("Host"), "other:8");
  EXPECT_EQ(head_of("GET http://other HTTP/1.1\r\nHost: h\r\n\r\n").target, "/");
  EXPECT_EQ(head_of("GET http://other?q HTTP/1.1\r\nHost: h\r\n\r\n").target, "/?q");
  EXPECT_EQ(head_of("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").target, "*");
}

TEST(Head, RefusesEveryRequestLineThatIsNotOne) {
  const std::pair<std::string_view, int> rows[] = {
      {"GET /", 400},
      {"GET  / HTTP/1.1", 400},
      {"GET / HTTP/1.1 ", 400},
      {" GET / HTTP/1.1", 400},
      {"GET /a b HTTP/1.1", 400},
      {"GET /#f HTTP/1.1", 400},
      {"GET /\x01 HTTP/1.1", 400},
      {"GET /\t HTTP/1.1", 400},
      {"GET a HTTP/1.1", 400},
      {"GET * HTTP/1.1", 400},
      {"GET http:///a HTTP/1.1", 400},
      {"GET ftp://h/ HTTP/1.1", 400},
      {"GET / HTTP/1.2", 505},
      {"PRI * HTTP/2.0", 505},
      {"GET / http/1.1", 400},
      {"GET / FTP", 400},
      {"BREW / HTTP/1.1", 501},
      {"TRACE / HTTP/1.1", 501},
      {"CONNECT h:1 HTTP/1.1", 501},
      {"get / HTTP/1.1", 501},
      {"G(T / HTTP/1.1", 400},
      {"", 400},
  };
  for (const auto& [line, status] : rows)
    EXPECT_EQ(status_of(std::string(line) + "\r\nHost: h\r\n\r\n"), status) << line;
}

TEST(Head, RefusesEveryHeaderThatTwoReadersCouldReadDifferently) {
  const std::pair<std::string, int> rows[] = {
      {"Content-Length: 1\r\nContent-Length: 1\r\n", 400},
      {"Content-Length: 1\r\nContent-Length: 2\r\n", 400},
      {"Content-Length: 1, 1\r\n", 400},
      {"Content-Length: abc\r\n", 400},
      {"Content-Length: +1\r\n", 400},
      {"Content-Length: -1\r\n", 400},
      {"Content-Length: 0x1\r\n", 400},
      {"Content-Length: 1 2\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length: 99999999999999999999\r\n", 400},
      {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: gzip, chunked\r\n", 501},
      {"Transfer-Encoding: chunked, identity\r\n", 501},
      {"Transfer-Encoding: xchunked\r\n", 501},
      {"Content-Length : 1\r\n", 400},
      {"X: a\r\n folded\r\n", 400},
      {"X: a\r\n\tfolded\r\n", 400},
      {"X: a\rb\r\n", 400},
      {"X: a\x01\r\n", 400},
      {std::string("X: a\0b\r\n", 8), 400},
      {std::string("X\0: a\r\n", 7), 400},
      {"X\r\n", 400},
      {": a\r\n", 400},
      {"X Y: a\r\n", 400},
      {"Host: other\r\n", 400},
      {"REMOTE_ADDR: 1.2.3.4\r\n", 400},
      {"local_port: 1\r\n", 400},
      {"Expect: 200-ok\r\n", 417},
  };
  for (const auto& [headers, status] : rows) EXPECT_EQ(status_of(with(headers)), status) << headers;
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(Head, TakesAHundredHeadersAndNoMore) {
  std::string headers;
  for (int i = 0; i < 99; ++i) headers += "X: y\r\n";
  EXPECT_EQ(status_of(with(headers)), 200);
  EXPECT_EQ(status_of(with(headers + "X: y\r\n")), 431);
}

TEST(HeadScan, FindsTheEndWhereverTheBytesAreCut) {
  const std::string text = with("X: y\r\n") + "body";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    HeadScan scan;
    auto found = scan.advance(std::string_view(text).substr(0, cut), 1000);
    if (cut < text.size() - 4) {
      ASSERT_TRUE(std::holds_alternative<std::monostate>(found)) << cut;
      found = scan.advance(text, 1000);
    }
    ASSERT_TRUE(std::holds_alternative<std::size_t>(found)) << cut;
    EXPECT_EQ(std::get<std::size_t>(found), text.size() - 4);
  }
}

TEST(HeadScan, RefusesWhatNeverEnds) {
  const auto refused = [](std::string_view text, std::size_t limit) {
    HeadScan scan;
    const auto found = scan.advance(text, limit);
    const auto* refusal = std::get_if<Refusal>(&found);
    return refusal == nullptr ? 0 : refusal->status;
  };
  EXPECT_EQ(refused(std::string(kMaxRequestLine, 'a'), 1U << 20U), 0);
  EXPECT_EQ(refused(std::string(kMaxRequestLine + 1, 'a'), 1U << 20U), 414);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n" + std::string(200, 'a'), 100), 431);
  EXPECT_EQ(refused("GET / HTTP/1.1\n\n", 100), 400);
  EXPECT_EQ(refused("\n", 100), 400);
}

}  // namespace
}  // namespace wakeful::http
