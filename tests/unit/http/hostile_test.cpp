// What clients that break the rules get: an answer below 500 or a closed connection, and nobody else notices.
// One scenario for each way in which the library under the server was seen to fail; platform/http/DESIGN.md lists them.
#include "unit/http/server_fixture.hpp"

namespace wakeful::http {
namespace {

using HostileTest = ServerTest;
using std::chrono::milliseconds;
using namespace std::string_view_literals;

constexpr std::string_view kHealth = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";

/// The one answer that a refused head gets, with the connection closed behind it.
void expect_refused(RawClient client, std::string_view bytes, int status) {
  const RawAnswer answer = client.ask(bytes);
  EXPECT_EQ(answer.status, status) << bytes.substr(0, 200);
  EXPECT_EQ(answer.header("Connection"), "close") << bytes.substr(0, 200);
  EXPECT_NE(answer.body.find("\"message\""), std::string::npos) << answer.body;
  EXPECT_TRUE(client.is_closed()) << bytes.substr(0, 200) << client.rest();
}

std::string post(std::string_view headers, std::string_view body) {
  return "POST /echo HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

TEST_F(HostileTest, TwoLengthsAreRefused) {
  start();
  const std::string smuggled = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";
  expect_refused(connect(), post("Content-Length: 0\r\nContent-Length: 40\r\n", smuggled), 400);
  expect_refused(connect(), post("Content-Length: 5\r\nContent-Length: 5\r\n", "12345"), 400);
  expect_refused(connect(), post("Content-Length: abc\r\n", "12345"), 400);
  expect_refused(connect(), post("Content-Length: -5\r\n", "12345"), 400);
}

TEST_F(HostileTest, LengthBesideChunksIsRefused) {
  start();
  expect_refused(connect(), post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400);
  expect_refused(connect(), post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"), 400);
}

TEST_F(HostileTest, AnEncodingOfTheTransferThatIsNotChunkedIsRefused) {
  start();
  expect_refused(connect(), post("Transfer-Encoding: gzip, chunked\r\nContent-Length: 0\r\n", ""), 501);
  expect_refused(connect(), post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501);
}

TEST_F(HostileTest, AnExpectationThatIsNotContinueGetsOneAnswer) {
  start();
  expect_refused(connect(), post("Expect: the-impossible\r\nContent-Length: 2\r\n", "ab"), 417);
}

TEST_F(HostileTest, UnknownMethodsAreRefusedWithABody) {
  start();
  for (const char* line : {"BREW /health", "TRACE /health", "CONNECT h:443", "PRI *"})
    expect_refused(connect(), std::string(line) + " HTTP/1.1\r\nHost: h\r\n\r\n", 501);
  RawClient client = connect();
  EXPECT_EQ(client.ask("OPTIONS /health HTTP/1.1\r\nHost: h\r\n\r\n").header("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(HostileTest, APutWithoutALengthHasNoBodyAndDoesNotWait) {
  start();
  RawClient client = connect();
  const RawAnswer answer = client.ask("PUT /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(client.ask(kHealth).body, "OK");
}

TEST_F(HostileTest, ABodyThatNobodyReadIsNeverTakenForARequest) {
  start();
  const std::string smuggled = "GET /segment/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string length = "Content-Length: " + std::to_string(smuggled.size()) + "\r\n\r\n";
  for (const char* line : {"POST /deny", "POST /nowhere", "GET /health", "PUT /health"}) {
    RawClient client = connect();
    client.send(std::string(line) + " HTTP/1.1\r\nHost: h\r\n" + length + smuggled + std::string(kHealth));
    EXPECT_GT(client.answer().status, 0) << line;
    const RawAnswer second = client.answer();
    EXPECT_EQ(second.body, "OK") << line << second.head;
    EXPECT_TRUE(client.is_quiet()) << line << client.rest();
  }
}

TEST_F(HostileTest, AnUnreadBodyThatHasNotArrivedCostsTheConnection) {
  start();
  RawClient client = connect();
  client.send(
      "POST /deny HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nGET /segment/smuggled HTTP/1.1\r\n\r\n");
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.is_closed()) << client.rest();
}

TEST_F(HostileTest, AnEndlessDeclaredBodyIsRefusedAtOnce) {
  start();
  RawClient client = connect();
  const RawAnswer answer = client.ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99000000000\r\n\r\nsome");
  EXPECT_EQ(answer.status, 413);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HostileTest, AnEndlessChunkedBodyIsRefusedAtTheLimit) {
  start();
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "100000\r\n" + std::string(1U << 20U, 'x') + "\r\n";
  for (int i = 0; i < 17; ++i) client.send(chunk);
  EXPECT_EQ(client.answer().status, 413);
  EXPECT_TRUE(answers());
}

TEST_F(HostileTest, BrokenChunksAreRefusedAndCostTheConnection) {
  start();
  for (const char* body :
       {"-2\r\nab\r\n0\r\n\r\n", "0x2\r\nab\r\n0\r\n\r\n", "\r\n", "2\r\nabc\r\n0\r\n\r\n", "g\r\n",
        "FFFFFFFFFFFFFFFF\r\nab", "10000000000000000\r\nab", "2\nab\n0\n\n", "2 \x01\r\nab\r\n0\r\n\r\n"}) {
    RawClient client = connect();
    const RawAnswer answer = client.ask(post("Transfer-Encoding: chunked\r\n", body));
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_TRUE(client.is_closed()) << body << client.rest();
  }
  RawClient endless = connect();
  EXPECT_EQ(endless.ask(post("Transfer-Encoding: chunked\r\n", "1;" + std::string(1'000, 'x'))).status, 400);
  RawClient trailers = connect();
  trailers.send(post("Transfer-Encoding: chunked\r\n", "0\r\n"));
  for (int i = 0; i < 10; ++i) trailers.send(std::string(1'000, 't') + ": t\r\n");
  EXPECT_EQ(trailers.answer().status, 400);
}

TEST_F(HostileTest, AMultipartBodyIsJustABody) {
  start();
  RawClient client = connect();
  for (const char* type :
       {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=b"}) {
    const std::string headers = "Content-Type: " + std::string(type) + "\r\nContent-Length: 9\r\n";
    EXPECT_EQ(client.ask(post(headers, "--b\r\nbad\r")).body, "--b\r\nbad\r") << type;
  }
}

TEST_F(HostileTest, AFormBodyIsJustABody) {
  start();
  RawClient client = connect();
  const std::string form(20'000, 'f');
  const std::string headers =
      "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + std::to_string(form.size()) + "\r\n";
  EXPECT_EQ(client.ask(post(headers, form)).body, form);
}

TEST_F(HostileTest, HeaderValuesArriveAsTheyWereSent) {
  start();
  RawClient client = connect();
  const std::string value = "a%0d%0aSet-Cookie: b%2Bc%00";
  const RawAnswer answer = client.ask("GET /header/X-Value HTTP/1.1\r\nHost: h\r\nX-Value: " + value + "\r\n\r\n");
  EXPECT_EQ(answer.body, value);
  EXPECT_EQ(answer.header("Set-Cookie"), "");
}

TEST_F(HostileTest, NamesThatShadowTheConnectionsAddressAreRefused) {
  start();
  for (const char* name : {"REMOTE_ADDR", "remote_port", "LOCAL_ADDR", "Local_Port"})
    expect_refused(connect(), "GET /health HTTP/1.1\r\nHost: h\r\n" + std::string(name) + ": 1.2.3.4\r\n\r\n", 400);
}

TEST_F(HostileTest, AnEscapedSlashStaysInsideItsSegment) {
  start();
  RawClient client = connect();
  const auto ask = [&](std::string_view target) {
    return client.ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n");
  };
  EXPECT_EQ(ask("/segment/a%2Fb%20c").body, "a/b c");
  EXPECT_EQ(ask("/segment/..%2f..").body, "../..");
  EXPECT_EQ(ask("/segment/%2e%2e").status, 400);
  EXPECT_EQ(ask("/segment/a%00b").status, 400);
  EXPECT_EQ(ask("/segment/%u002f").status, 400);
  EXPECT_EQ(ask("/segment/%").status, 400);
  EXPECT_EQ(ask("/segment/../health").status, 400);
  EXPECT_EQ(ask("/query?b=2&a=1+%2B&b=3&a=1+%2B").body, "b=2;a=1 +;b=3;a=1 +;");
  EXPECT_EQ(ask("/query?a=%0").status, 400);
}

TEST_F(HostileTest, TheAbsoluteFormNamesItsOwnHost) {
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("GET http://evil.example/header/Host HTTP/1.1\r\nHost: good\r\n\r\n").body, "evil.example");
}

TEST_F(HostileTest, ALineWithoutEndIsRefusedEarlyAndStillGetsItsAnswer) {
  start();
  RawClient client = connect();
  client.send("GET /");
  const std::string piece(64U << 10U, 'a');
  // The client does not listen while it sends; the answer must survive that. It may be cut before all 64 MB.
  for (int i = 0; i < 4; ++i) client.send(piece);
  EXPECT_EQ(client.answer().status, 414);
  for (int i = 0; i < 1'020 && client.send(piece); ++i) {
  }
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(answers());
}

TEST_F(HostileTest, HeadersWithoutEndAreRefusedEarly) {
  start();
  RawClient client = connect();
  client.send("GET /health HTTP/1.1\r\nHost: h\r\n");
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "X-Header: value\r\n";
  client.send(many);
  EXPECT_EQ(client.answer().status, 431);
  EXPECT_TRUE(client.is_closed());
  std::string hundred = "GET /health HTTP/1.1\r\n";
  for (int i = 0; i < 101; ++i) hundred += "X: y\r\n";
  expect_refused(connect(), hundred + "\r\n", 431);
}

TEST_F(HostileTest, LinesThatAreNotHttpAreRefusedBeforeTheyEnd) {
  start();
  expect_refused(connect(), "GET /health HTTP/1.1\n\n", 400);
  expect_refused(connect(), "\x16\x03\x01\x02\n", 400);
  expect_refused(connect(), "GET /health HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", 400);
  expect_refused(connect(), "GET /health HTTP/1.1\r\nHost: h\r\nX: y\r\n z\r\n\r\n", 400);
  expect_refused(connect(), "GET /health HTTP/1.1\r\n\r\n", 400);
  expect_refused(connect(), "GET /health HTTP/3.0\r\nHost: h\r\n\r\n", 505);
  expect_refused(connect(), "GET /health HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"sv, 400);
}

TEST_F(HostileTest, ASlowHeadIsAnsweredWithATimeoutHoweverItDrips) {
  ServerOptions options;
  options.head_timeout = milliseconds(100);
  start(options);
  RawClient client = connect();
  client.send("GET /health HTTP/1.1\r\nX: ");
  std::string answer;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (answer.empty() && std::chrono::steady_clock::now() < deadline) {
    client.send("y");
    answer = client.receive_once(milliseconds(10));
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
}

TEST_F(HostileTest, AnIdleConnectionIsClosedWithoutAWord) {
  ServerOptions options;
  options.idle_timeout = milliseconds(50);
  start(options);
  RawClient fresh = connect();
  EXPECT_TRUE(fresh.is_closed());
  RawClient used = connect();
  EXPECT_EQ(used.ask(kHealth).body, "OK");
  EXPECT_TRUE(used.is_closed());
}

TEST_F(HostileTest, AStalledBodyIsCutWithATimeout) {
  ServerOptions options;
  options.stall_timeout = milliseconds(100);
  start(options);
  RawClient gathered = connect();
  EXPECT_EQ(gathered.ask(post("Content-Length: 100\r\n", "part")).status, 408);
  EXPECT_TRUE(gathered.is_closed());
  RawClient streamed = connect();
  EXPECT_EQ(streamed.ask("PUT /count HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\npart").status, 408);
  EXPECT_TRUE(streamed.is_closed());
}

TEST_F(HostileTest, ADrippingBodyIsCutAtTheLeastRate) {
  ServerOptions options;
  options.stall_timeout = milliseconds(200);
  start(options);
  RawClient client = connect();
  client.send("PUT /count HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  std::string answer;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (answer.empty() && std::chrono::steady_clock::now() < deadline) {
    client.send("y");
    answer = client.receive_once(milliseconds(10));
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
}

TEST_F(HostileTest, AFullQueueSaysWhenToComeBack) {
  Gate& gate = gate_;
  add("GET", "/wait", [&gate](Request&) { return Response::text(gate.pass() ? "went on" : "late"); });
  ServerOptions options;
  options.workers = 1;
  options.queue = 1;
  start(options);
  RawClient first = connect();
  first.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  RawClient second = connect();
  second.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  // One of these two finds the queue full; which one, the poll thread decides.
  RawClient third = connect();
  third.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  RawClient* refused = nullptr;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::string text;
  while (refused == nullptr && std::chrono::steady_clock::now() < deadline) {
    for (RawClient* client : {&second, &third}) {
      text = client->receive_once(milliseconds(10));
      if (text.empty()) continue;
      refused = client;
      break;
    }
  }
  EXPECT_TRUE(text.starts_with("HTTP/1.1 503 ")) << text;
  EXPECT_NE(text.find("Retry-After: 1\r\n"), std::string::npos) << text;
  gate.open();
  EXPECT_EQ(first.answer().body, "went on");
  EXPECT_EQ((refused == &second ? third : second).answer().body, "went on");
}

TEST_F(HostileTest, UnfinishedRequestsTogetherHoldABoundedMemory) {
  ServerOptions options;
  options.max_held_bytes = 10'000;
  start(options);
  const std::string part = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n";
  RawClient first = connect();
  first.send(part + std::string(6'000, 'x'));
  ASSERT_TRUE(wait_for_connections(1));
  ASSERT_TRUE(answers());
  RawClient second = connect();
  const RawAnswer refused = second.ask(part + std::string(6'000, 'x'));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(first.ask(std::string(14'000, 'x')).body.size(), 20'000U);
  RawClient third = connect();
  EXPECT_EQ(third.ask(part + std::string(20'000, 'x')).body.size(), 20'000U);
}

TEST_F(HostileTest, TooManyConnectionsAreToldSo) {
  ServerOptions options;
  options.max_connections = 2;
  start(options);
  RawClient first = connect();
  RawClient second = connect();
  EXPECT_EQ(first.ask(kHealth).body, "OK");
  EXPECT_EQ(second.ask(kHealth).body, "OK");
  RawClient third = connect();
  EXPECT_EQ(third.answer().status, 503);
  EXPECT_EQ(first.ask(kHealth).body, "OK");
}

TEST_F(HostileTest, AClientThatDiesDuringItsBodyIsForgotten) {
  start();
  for (const char* head : {"PUT /count HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\npart",
                           "PUT /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npa",
                           "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\npart", "GET /hea", ""}) {
    RawClient client = connect();
    client.send(head);
    client.reset();
  }
  EXPECT_TRUE(answers());
  EXPECT_TRUE(wait_for_connections(0));
}

TEST_F(HostileTest, AClientThatDiesDuringItsAnswerIsForgotten) {
  add("GET", "/endless", [](Request&) {
    Response response;
    response.body = std::make_unique<MadeBody>([] { return std::string(10'000, 'x'); });
    return response;
  });
  start();
  RawClient client = connect();
  client.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_FALSE(client.receive_once().empty());
  client.reset();
  EXPECT_TRUE(wait_for_connections(0));
  EXPECT_TRUE(answers());
}

TEST_F(HostileTest, AHalfClosedClientStillGetsItsAnswer) {
  start();
  RawClient client = connect();
  client.send(kHealth);
  client.shut_down_sending();
  EXPECT_EQ(client.answer().body, "OK");
  EXPECT_TRUE(client.is_closed());
}

}  // namespace
}  // namespace wakeful::http
