// What clients that keep the rules may count on.
#include <zlib.h>

#include "unit/http/server_fixture.hpp"

namespace wakeful::http {
namespace {

std::string post(std::string_view target, std::string_view body, std::string_view headers = {},
                 std::string_view method = "POST") {
  return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string gzip_of_zeros(std::size_t size) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string in(size, '\0');
  std::string out(deflateBound(&stream, size), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(ServerTest, AnswersManyRequestsOnOneConnection) {
  start();
  RawClient client = connect();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ask(get("/health")).body, "OK");
  EXPECT_EQ(connections(), 1);
}

TEST_F(ServerTest, SendsAnAnswerAsOnePacket) {
  start();
  RawClient client = connect();
  client.send(get("/health"));
  const std::string packet = client.receive_once();
  EXPECT_TRUE(packet.starts_with("HTTP/1.1 200 OK\r\n")) << packet;
  EXPECT_TRUE(packet.ends_with("\r\n\r\nOK")) << packet;
}

TEST_F(ServerTest, AnswersThreePipelinedRequestsInOrder) {
  start();
  RawClient client = connect();
  client.send(post("/echo", "first") + post("/echo", "second") + get("/health", "Connection: close\r\n"));
  EXPECT_EQ(client.answer().body, "first");
  EXPECT_EQ(client.answer().body, "second");
  const RawAnswer third = client.answer();
  EXPECT_EQ(third.body, "OK");
  EXPECT_EQ(third.header("Connection"), "close");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ServerTest, AnswersAPipelineLongerThanTheQueue) {
  ServerOptions options;
  options.workers = 1;
  options.queue = 1;
  start(options);
  RawClient client = connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += post("/echo", std::to_string(i));
  client.send(requests);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(client.answer().body, std::to_string(i));
}

TEST_F(ServerTest, AnswersARequestThatArrivesByteByByte) {
  start();
  RawClient client = connect();
  for (const char byte : post("/echo", "slow but whole")) ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_EQ(client.answer().body, "slow but whole");
}

TEST_F(ServerTest, CarriesABodyOnEveryMethodThatMayHaveOne) {
  start();
  RawClient client = connect();
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
    EXPECT_EQ(client.ask(post("/echo", method, {}, method)).body, method);
  EXPECT_EQ(client.ask(post("/get-body", "{\"a\":1}", {}, "GET")).body, "{\"a\":1}");
}

TEST_F(ServerTest, ReadsChunksWithExtensionsAndTrailers) {
  start();
  RawClient client = connect();
  const std::string head = "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(client.ask(head + "3;name=\"v\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n").body,
            "abc0123456789");
  EXPECT_EQ(client.ask(head + "0\r\n\r\n").body, "");
  EXPECT_EQ(client.ask(get("/health")).body, "OK");
}

TEST_F(ServerTest, StreamsALargeUploadByLengthAndByChunks) {
  start();
  RawClient client = connect();
  const std::string piece(1U << 20U, 'x');
  client.send("PUT /count HTTP/1.1\r\nHost: h\r\nContent-Length: 8388608\r\n\r\n");
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(client.send(piece));
  EXPECT_EQ(client.answer().body, "8388608");
  client.send("PUT /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(client.send("100000\r\n" + piece + "\r\n"));
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.answer().body, "8388608");
  EXPECT_EQ(client.ask(get("/health")).body, "OK");
}

TEST_F(ServerTest, SaysContinueOnlyWhenTheBodyIsWanted) {
  start();
  RawClient client = connect();
  client.send("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer().status, 100);
  EXPECT_EQ(client.ask("body").body, "body");

  RawClient refused = connect();
  refused.send("POST /deny HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  const RawAnswer answer = refused.answer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.header("Connection"), "close");
}

TEST_F(ServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  RawClient client = connect();
  client.send("HEAD /health HTTP/1.1\r\nHost: h\r\n\r\n");
  const RawAnswer answer = client.answer(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Length"), "2");
  EXPECT_EQ(client.ask(get("/health")).body, "OK");
}

TEST_F(ServerTest, ListensOnIpv6) {
  ServerOptions options;
  options.host = "::1";
  try {
    start(options);
  } catch (const core::Error&) {
    GTEST_SKIP() << "this machine has no IPv6 loopback";
  }
  EXPECT_EQ(RawClient(server_->port(), true).ask(get("/health")).body, "OK");
}

TEST_F(ServerTest, StreamsAnAnswerOfKnownLength) {
  add("GET", "/file", [](Request&) {
    Response response;
    response.headers.set("Content-Type", "application/x-file");
    auto left = std::make_shared<int>(100);
    response.body = std::make_unique<MadeBody>([left] { return std::string((*left)-- > 0 ? 1000 : 0, 'f'); });
    response.content_length = 100'000;
    return response;
  });
  start();
  RawClient client = connect();
  const RawAnswer answer = client.ask(get("/file"));
  EXPECT_EQ(answer.header("Content-Length"), "100000");
  EXPECT_EQ(answer.header("Content-Type"), "application/x-file");
  EXPECT_EQ(answer.body, std::string(100'000, 'f'));
  EXPECT_EQ(client.ask(get("/health")).body, "OK");
}

TEST_F(ServerTest, SendsEachPieceOfAStreamWhenItIsMade) {
  Gate& gate = gate_;
  add("GET", "/events", [&gate](Request&) {
    Response response;
    auto step = std::make_shared<int>(0);
    response.body = std::make_unique<MadeBody>([step, &gate]() -> std::string {
      if (++*step == 1) return "event 1";
      if (*step == 2) return gate.pass() ? "event 2" : "";
      return "";
    });
    return response;
  });
  start();
  RawClient client = connect();
  client.send(get("/events"));
  std::string head = client.receive_once();
  EXPECT_NE(head.find("Transfer-Encoding: chunked"), std::string::npos);
  while (head.find("event 1") == std::string::npos) {
    const std::string more = client.receive_once();
    ASSERT_FALSE(more.empty());
    head += more;
  }
  EXPECT_EQ(head.find("event 2"), std::string::npos);
  gate.open();
  while (head.find("0\r\n\r\n") == std::string::npos) {
    const std::string more = client.receive_once();
    ASSERT_FALSE(more.empty());
    head += more;
  }
  EXPECT_NE(head.find("event 2"), std::string::npos);
}

TEST_F(ServerTest, CutsAStreamThatFailsSoThatTheClientSeesIt) {
  for (const bool counted : {true, false}) {
    add("GET", counted ? "/counted" : "/chunked", [counted](Request&) {
      Response response;
      auto step = std::make_shared<int>(0);
      response.body = std::make_unique<MadeBody>([step]() -> std::string {
        if (++*step == 1) return "some";
        throw core::unavailable("the disk is gone");
      });
      if (counted) response.content_length = 1'000;
      return response;
    });
  }
  start();
  RawClient counted = connect();
  EXPECT_EQ(counted.ask(get("/counted")).body, "some");
  EXPECT_TRUE(counted.is_closed());
  RawClient chunked = connect();
  EXPECT_EQ(chunked.ask(get("/chunked")).body, "some");
  EXPECT_TRUE(chunked.is_closed());
}

TEST_F(ServerTest, SpeaksHttp10WithoutChunks) {
  add("GET", "/stream", [](Request&) {
    Response response;
    auto step = std::make_shared<int>(0);
    response.body = std::make_unique<MadeBody>([step] { return std::string(++*step <= 2 ? 3 : 0, 's'); });
    return response;
  });
  start();
  RawClient streamed = connect();
  const RawAnswer answer = streamed.ask("GET /stream HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.header("Transfer-Encoding"), "");
  EXPECT_EQ(answer.body, "ssssss");
  EXPECT_TRUE(streamed.is_closed());
  RawClient kept = connect();
  EXPECT_EQ(kept.ask("GET /health HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").header("Connection"), "keep-alive");
  EXPECT_EQ(kept.ask("GET /health HTTP/1.0\r\n\r\n").body, "OK");
  EXPECT_TRUE(kept.is_closed());
}

TEST_F(ServerTest, LeavesOutBodyAndLengthWhereTheStatusForbidsThem) {
  add("GET", "/none", [](Request&) { return Response::text("", 204); });
  add("GET", "/same", [](Request&) { return Response::text("ignored", 304); });
  start();
  RawClient client = connect();
  const RawAnswer none = client.ask(get("/none"));
  EXPECT_EQ(none.status, 204);
  EXPECT_EQ(none.header("Content-Length"), "");
  EXPECT_EQ(client.ask(get("/same")).status, 304);
  EXPECT_EQ(client.ask(get("/health")).body, "OK");
}

TEST_F(ServerTest, LeavesRangesToTheHandler) {
  add("GET", "/large", [](Request&) { return Response::text(std::string(1'000'000, 'x')); });
  start();
  RawClient client = connect();
  for (const char* range : {"bytes=2000000-", "bytes=9-2", "bytes=0-1,0-1,0-1,0-1", "bytes=x"}) {
    const RawAnswer answer = client.ask(get("/large", "Range: " + std::string(range) + "\r\n"));
    EXPECT_EQ(answer.status, 200) << range;
    EXPECT_EQ(answer.body.size(), 1'000'000U) << range;
    EXPECT_EQ(client.ask(get("/header/Range", "Range: " + std::string(range) + "\r\n")).body, range);
  }
}

TEST_F(ServerTest, NeverCompressesByItself) {
  add("GET", "/packed", [](Request&) {
    Response response = Response::text("already packed");
    response.headers.set("Content-Encoding", "gzip");
    return response;
  });
  start();
  RawClient client = connect();
  const RawAnswer answer = client.ask(get("/packed", "Accept-Encoding: gzip, br\r\n"));
  EXPECT_EQ(answer.body, "already packed");
  EXPECT_EQ(answer.header("Content-Encoding"), "gzip");
  EXPECT_EQ(client.ask(get("/health", "Accept-Encoding: gzip, br\r\n")).header("Content-Encoding"), "");
}

TEST_F(ServerTest, UndoesGzipOfABodyAndCountsWhatComesOut) {
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask(post("/echo", gzip_of_zeros(3'000), "Content-Encoding: gzip\r\n")).body,
            std::string(3'000, '\0'));
  EXPECT_EQ(client.ask(post("/echo", gzip_of_zeros(20U << 20U), "Content-Encoding: gzip\r\n")).status, 413);
  EXPECT_TRUE(answers());
}

TEST_F(ServerTest, IgnoresAnUpgradeItDoesNotKnow) {
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask(get("/health", "Connection: Upgrade\r\nUpgrade: websocket\r\n")).body, "OK");
}

TEST_F(ServerTest, TwoServersNeverShareAPort) {
  start();
  ServerOptions options;
  options.port = server_->port();
  Server second(router_.transport(), telemetry_, options);
  try {
    second.start();
    FAIL() << "a second server listens on the same port";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::unavailable);
  }
  EXPECT_TRUE(answers());
}

TEST_F(ServerTest, AnAddressThatCannotBeBoundIsAMistakeOfTheCaller) {
  ServerOptions options;
  options.host = "no.such.host.invalid";
  try {
    start(options);
    FAIL() << "listens on nowhere";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::invalid);
  }
}

TEST_F(ServerTest, AHandlerThatThrowsPastTheRouterIsStillAnswered) {
  Server bare([](Request) -> Response { throw std::runtime_error("secret"); }, telemetry_, {});
  bare.start();
  const RawAnswer answer = RawClient(bare.port()).ask(get("/"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ((answer.head + answer.body).find("secret"), std::string::npos);
}

TEST_F(ServerTest, FramesAnswersItselfWhateverAHandlerSays) {
  add("GET", "/odd", [](Request&) {
    Response response = Response::text("four");
    response.headers.add("Content-Length", "400");
    response.headers.add("Transfer-Encoding", "chunked");
    response.headers.add("Connection", "upgrade");
    return response;
  });
  add("GET", "/typed", [](Request&) {
    Response response;
    response.headers.add("Content-Type", "text/x");
    auto step = std::make_shared<int>(0);
    response.body = std::make_unique<MadeBody>([step] { return std::string(++*step <= 2 ? 3 : 0, 's'); });
    return response;
  });
  start();
  RawClient client = connect();
  const RawAnswer odd = client.ask(get("/odd"));
  EXPECT_EQ(odd.body, "four");
  EXPECT_EQ(odd.header("Transfer-Encoding") + odd.header("Connection"), "");
  EXPECT_EQ(odd.header("Content-Length"), "4");
  EXPECT_EQ(odd.head.find("\r\nContent-Length:"), odd.head.rfind("\r\nContent-Length:"));
  EXPECT_TRUE(odd.header("Date").ends_with(" GMT"));
  const RawAnswer typed = client.ask(get("/typed"));
  EXPECT_EQ(typed.header("Content-Type"), "text/x");
  EXPECT_EQ(typed.head.find("\r\nContent-Type:"), typed.head.rfind("\r\nContent-Type:"));
  EXPECT_EQ(client.ask(get("/health")).body, "OK");
}

}  // namespace
}  // namespace wakeful::http
