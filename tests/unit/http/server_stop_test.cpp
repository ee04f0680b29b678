// What clients see of a server that stops.
#include "unit/http/server_fixture.hpp"

namespace wakeful::http {
namespace {

TEST_F(ServerTest, AHandlerThatWaitsSeesItsClientGoAndTheServerStop) {
  Gate& began = gate_;
  std::atomic<int>& saw = count_;
  add("GET", "/wait", [&](Request& r) {
    began.pass();
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!r.is_cancelled() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (r.is_cancelled()) ++saw;
    return Response::text("gone");
  });
  began.open();
  start();
  {
    RawClient client = connect();
    client.send(get("/wait"));
    ASSERT_TRUE(began.wait_for_arrivals(1));
  }
  EXPECT_TRUE(wait_for_connections(0));
  EXPECT_EQ(saw, 1);
  RawClient client = connect();
  client.send(get("/wait"));
  ASSERT_TRUE(began.wait_for_arrivals(2));
  server_->stop();
  EXPECT_EQ(saw, 2);
}

TEST_F(ServerTest, StopLetsARequestUnderWayFinish) {
  Gate& gate = gate_;
  add("GET", "/slow", [&gate](Request&) { return Response::text(gate.pass() ? "finished" : "late"); });
  start();
  RawClient idle = connect();
  EXPECT_EQ(idle.ask(get("/health")).body, "OK");
  RawClient client = connect();
  client.send(get("/slow"));
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  std::thread stopper([&] { server_->stop(); });
  EXPECT_TRUE(idle.is_closed());
  gate.open();
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.body, "finished");
  EXPECT_EQ(answer.header("Connection"), "close");
  stopper.join();
  EXPECT_EQ(connections(), 0);
  EXPECT_THROW(connect(), std::runtime_error);
}

TEST_F(ServerTest, StopCutsWhoDoesNotFinishInTime) {
  ServerOptions options;
  options.drain_timeout = std::chrono::milliseconds(50);
  start(options);
  RawClient client = connect();
  client.send("PUT /count HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nonly a part");
  ASSERT_TRUE(wait_for_connections(1));
  server_->stop();
  EXPECT_EQ(connections(), 0);
  server_->stop();
}

}  // namespace
}  // namespace wakeful::http
