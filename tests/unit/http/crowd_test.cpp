// Many clients at once: the idle and the slow cost no one else anything.
#include <fstream>

#include "unit/http/server_fixture.hpp"

namespace wakeful::http {
namespace {

using CrowdTest = ServerTest;
using std::chrono::milliseconds;

constexpr std::string_view kHealth = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";

std::size_t threads_of_this_process() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "Threads:") break;
  std::size_t count = 0;
  status >> count;
  return count;
}

TEST_F(CrowdTest, AThousandIdleConnectionsHoldNoThreadAndAreAllAnsweredAgain) {
  ServerOptions options;
  options.workers = 4;
  start(options);
  const std::size_t threads = threads_of_this_process();
  std::vector<RawClient> crowd;
  crowd.reserve(1'000);
  for (int i = 0; i < 1'000; ++i) {
    crowd.push_back(connect());
    ASSERT_EQ(crowd.back().ask(kHealth).body, "OK") << i;
  }
  EXPECT_EQ(connections(), 1'000);
  EXPECT_EQ(threads_of_this_process(), threads);
  RawClient other = connect();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(other.ask(kHealth).body, "OK");
  for (RawClient& client : crowd) client.send(kHealth);
  for (RawClient& client : crowd) ASSERT_EQ(client.answer().body, "OK");
}

TEST_F(CrowdTest, HandlersThatWaitHoldNoWorkerAndAreBounded) {
  ServerOptions options;
  options.workers = 2;
  options.max_waiting = 8;  // half of them are for slow clients
  add("GET", "/poll", [this](Request& r) {
    const auto aside = r.let_others_work();
    return Response::text(aside ? (gate_.pass() ? "done" : "late") : "too many");
  });
  start(options);
  std::vector<RawClient> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.push_back(connect());
    crowd.back().send("GET /poll HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  ASSERT_TRUE(gate_.wait_for_arrivals(4));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(answers());
  EXPECT_EQ(connect().ask("GET /poll HTTP/1.1\r\nHost: h\r\n\r\n").body, "too many");
  gate_.open();
  for (RawClient& client : crowd) ASSERT_EQ(client.answer().body, "done");
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(answers());
}

TEST_F(CrowdTest, TwoHundredSlowHeadsHoldNoWorker) {
  ServerOptions options;
  options.workers = 2;
  start(options);
  const std::size_t threads = threads_of_this_process();
  std::vector<RawClient> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(connect());
    crowd.back().send("GET /health HTTP/1.1\r\nHo");
  }
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(answers());
  EXPECT_EQ(threads_of_this_process(), threads);
  for (RawClient& client : crowd) client.send("st: h\r\n\r\n");
  for (RawClient& client : crowd) ASSERT_EQ(client.answer().body, "OK");
}

TEST_F(CrowdTest, TwoHundredSlowSmallBodiesHoldNoWorker) {
  ServerOptions options;
  options.workers = 2;
  start(options);
  const std::size_t threads = threads_of_this_process();
  std::vector<RawClient> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(connect());
    crowd.back().send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  }
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(answers());
  EXPECT_EQ(threads_of_this_process(), threads);
  for (RawClient& client : crowd) client.send("67890");
  for (RawClient& client : crowd) ASSERT_EQ(client.answer().body, "1234567890");
}

TEST_F(CrowdTest, TwoHundredSlowUploadsHoldNoWorker) {
  ServerOptions options;
  options.workers = 2;
  start(options);
  std::vector<RawClient> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(connect());
    crowd.back().send("PUT /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123");
  }
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(answers());
  for (RawClient& client : crowd) client.send("45\r\n0\r\n\r\n");
  for (RawClient& client : crowd) ASSERT_EQ(client.answer().body, "5");
}

TEST_F(CrowdTest, BeyondTheBoundASlowUploadIsCutAndOthersAreStillAnswered) {
  ServerOptions options;
  options.workers = 2;
  options.max_waiting = 3;
  start(options);
  std::vector<RawClient> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(connect());
    crowd.back().send("PUT /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123");
  }
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(answers());
  for (RawClient& client : crowd) client.send("45\r\n0\r\n\r\n");
  int served = 0;
  int cut = 0;
  for (RawClient& client : crowd) {
    const RawAnswer answer = client.answer();
    served += answer.body == "5" ? 1 : 0;
    cut += answer.status == 408 ? 1 : 0;
  }
  EXPECT_GE(served, 3);
  EXPECT_EQ(served + cut, 20);
}

TEST_F(CrowdTest, ClientsThatDoNotReadTheirLargeAnswersHoldNoWorker) {
  add("GET", "/large", [](Request&) { return Response::text(std::string(8U << 20U, 'x')); });
  ServerOptions options;
  options.workers = 2;
  options.stall_timeout = std::chrono::minutes(5);  // each waits until those before it have read
  start(options);
  const std::size_t threads = threads_of_this_process();
  std::vector<RawClient> crowd;
  for (int i = 0; i < 10; ++i) {
    crowd.push_back(connect());
    crowd.back().send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(answers());
  EXPECT_EQ(threads_of_this_process(), threads);
  for (RawClient& client : crowd) ASSERT_EQ(client.answer().body.size(), 8U << 20U);
}

TEST_F(CrowdTest, ClientsThatDoNotReadTheirStreamsHoldNoWorker) {
  add("GET", "/stream", [](Request&) {
    Response response;
    response.content_length = 8U << 20U;
    response.body = std::make_unique<MadeBody>([] { return std::string(64U << 10U, 'x'); });
    return response;
  });
  ServerOptions options;
  options.workers = 2;
  options.stall_timeout = std::chrono::minutes(5);  // each waits until those before it have read
  start(options);
  std::vector<RawClient> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(connect());
    crowd.back().send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(answers());
  for (RawClient& client : crowd) ASSERT_EQ(client.answer().body.size(), 8U << 20U);
}

TEST_F(CrowdTest, AStalledReaderOfALargeAnswerIsCut) {
  add("GET", "/large", [](Request&) { return Response::text(std::string(16U << 20U, 'x')); });
  ServerOptions options;
  options.stall_timeout = milliseconds(100);
  start(options);
  RawClient client = connect();
  client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(wait_for_connections(1));
  // The least rate gives so large an answer hours; what ends it is that nothing moves.
  EXPECT_TRUE(wait_for_connections(0));
  EXPECT_LT(client.answer().body.size(), 16U << 20U);
}

TEST_F(CrowdTest, ManyClientsAtOnceAreAllAnswered) {
  start();
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&, i] {
      RawClient client = connect();
      for (int k = 0; k < 200; ++k) {
        const std::string text = std::to_string(i * 1'000 + k);
        if (client
                .ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" +
                     text)
                .body == text)
          ++right;
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 1'600);
}

}  // namespace
}  // namespace wakeful::http
