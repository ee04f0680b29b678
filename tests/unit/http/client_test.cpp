#include "platform/http/client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/http/server_fixture.hpp"

namespace wakeful::http {
namespace {

using std::chrono::milliseconds;

/// A body whose length nobody knows beforehand.
std::unique_ptr<BodyReader> pieces(int count, std::size_t size) {
  auto left = std::make_shared<int>(count);
  return std::make_unique<MadeBody>([left, size] { return std::string((*left)-- > 0 ? size : 0, 'p'); });
}

class ClientTest : public ServerTest {
 protected:
  Transport client(ClientOptions options = {}, std::string user = {}) {
    return http::connect("http://" + user + "127.0.0.1:" + std::to_string(server_->port()), options);
  }
  static Request request(std::string method, std::string target, std::string body = {}) {
    Request made;
    made.method = std::move(method);
    made.target = std::move(target);
    if (!body.empty()) {
      made.content_length = body.size();
      made.body = std::make_unique<TextBody>(std::move(body));
    }
    return made;
  }
};

TEST_F(ClientTest, CarriesEveryMethodAndItsBody) {
  start();
  const Transport send = client();
  EXPECT_EQ(send(request("GET", "/health")).read_all(), "OK");
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
    EXPECT_EQ(send(request(method, "/echo", "body of " + std::string(method))).read_all(),
              "body of " + std::string(method));
  EXPECT_EQ(send(request("GET", "/get-body", "{}")).read_all(), "{}");
  EXPECT_EQ(send(request("POST", "/echo")).read_all(), "");
  EXPECT_EQ(send(request("DELETE", "/echo")).read_all(), "");
  Response head = send(request("HEAD", "/health"));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.content_length, 2U);
  EXPECT_EQ(head.read_all(), "");
  EXPECT_EQ(connections(), 1) << "the connection is kept";
}

TEST_F(ClientTest, SendsTargetsAndHeadersAsTheyAre) {
  start();
  const Transport send = client();
  EXPECT_EQ(send(request("GET", "/segment/a%2Fb%20c")).read_all(), "a/b c");
  EXPECT_EQ(send(request("GET", "/segment/../health")).status, 400) << "the path is not tidied on the way";
  Request asked = request("GET", "/header/X-Value");
  asked.headers.add("X-Value", "a %20 b");
  EXPECT_EQ(send(std::move(asked)).read_all(), "a %20 b");
  EXPECT_EQ(send(request("POST", "/echo", "x")).headers.find("x-content-type-options"), "nosniff");
}

TEST_F(ClientTest, ReturnsAnswersOfAnyStatus) {
  add("GET", "/moved", [](Request&) {
    Response response = Response::text("elsewhere", 302);
    response.headers.set("Location", "/health");
    return response;
  });
  start();
  const Transport send = client();
  EXPECT_EQ(send(request("GET", "/nothing")).status, 404);
  Response moved = send(request("GET", "/moved"));
  EXPECT_EQ(moved.status, 302);
  EXPECT_EQ(moved.headers.find("Location"), "/health");
}

TEST_F(ClientTest, StreamsLargeBodiesBothWays) {
  add("GET", "/large", [](Request&) {
    Response response;
    response.body = pieces(640, 50'000);
    return response;
  });
  start();
  const Transport send = client();
  Request known = request("PUT", "/count");
  known.body = pieces(400, 50'000);
  known.content_length = 20'000'000;
  EXPECT_EQ(send(std::move(known)).read_all(), "20000000");
  Request unknown = request("PUT", "/count");
  unknown.body = pieces(400, 50'000);
  EXPECT_EQ(send(std::move(unknown)).read_all(), "20000000");
  Response large = send(request("GET", "/large"));
  ASSERT_TRUE(std::holds_alternative<std::unique_ptr<BodyReader>>(large.body));
  EXPECT_EQ(large.read_all().size(), 32'000'000U);
}

TEST_F(ClientTest, AStreamThatIsDroppedDisturbsNothing) {
  add("GET", "/large", [](Request&) {
    Response response;
    response.body = pieces(1'000, 50'000);
    return response;
  });
  start();
  const Transport send = client();
  {
    Response large = send(request("GET", "/large"));
    std::array<char, 10> some{};
    EXPECT_GT(std::get<std::unique_ptr<BodyReader>>(large.body)->read(some), 0U);
  }
  EXPECT_EQ(send(request("GET", "/health")).read_all(), "OK");
}

TEST_F(ClientTest, AStreamThatIsCutIsUnavailable) {
  add("GET", "/cut", [](Request&) {
    Response response;
    auto step = std::make_shared<int>(0);
    response.content_length = 1'000'000;
    response.body = std::make_unique<MadeBody>([step]() -> std::string {
      if (++*step < 5) return std::string(1'000, 'x');
      throw core::unavailable("the disk is gone");
    });
    return response;
  });
  start();
  Response cut = client()(request("GET", "/cut"));
  try {
    cut.read_all();
    FAIL() << "a cut body was read to its end";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::unavailable);
  }
}

TEST_F(ClientTest, AnUploadThatFailsThrowsItsOwnError) {
  start();
  Request upload = request("PUT", "/count");
  upload.body = std::make_unique<MadeBody>([]() -> std::string { throw core::conflict("the file has changed"); });
  try {
    client()(std::move(upload));
    FAIL() << "sent a body that could not be read";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::conflict);
  }
}

TEST_F(ClientTest, AnAnswerBeforeTheWholeBodyCounts) {
  start();
  Request upload = request("POST", "/deny");
  upload.body = pieces(1'000, 50'000);
  upload.content_length = 50'000'000;
  EXPECT_EQ(client()(std::move(upload)).status, 413);
}

TEST_F(ClientTest, SendsCredentialsOnceAndAsToldByTheRequest) {
  start();
  ClientOptions token;
  token.token = "t0k";
  ClientOptions basic;
  basic.username = "user";
  basic.password = "pass";
  const auto authorization = [](const Transport& send) {
    return send(request("GET", "/header/Authorization")).read_all();
  };
  EXPECT_EQ(authorization(client()), "absent");
  EXPECT_EQ(authorization(client(token)), "Bearer t0k");
  EXPECT_EQ(authorization(client(basic)), "Basic dXNlcjpwYXNz");
  EXPECT_EQ(authorization(client({}, "user:p%61ss@")), "Basic dXNlcjpwYXNz");
  Request own = request("GET", "/header/Authorization");
  own.headers.add("Authorization", "AWS4 x");
  EXPECT_EQ(client(basic)(std::move(own)).read_all(), "AWS4 x");
}

TEST_F(ClientTest, NoServerIsUnavailableAndTheMessageHasNoPassword) {
  start();
  const Transport send = client({}, "user:secret@");
  server_->stop();
  try {
    send(request("GET", "/health"));
    FAIL() << "nobody listens there";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::unavailable);
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
  }
}

TEST_F(ClientTest, AServerThatSaysNothingIsUnavailableInTime) {
  Gate& gate = gate_;
  add("GET", "/wait", [&gate](Request&) { return Response::text(gate.pass() ? "late" : "later"); });
  start();
  ClientOptions hurried;
  hurried.timeout = milliseconds(100);
  EXPECT_THROW(client(hurried)(request("GET", "/wait")), core::Error);
  Request bounded = request("GET", "/wait");
  bounded.deadline = core::Deadline::after(milliseconds(100));
  EXPECT_THROW(client()(std::move(bounded)), core::Error);
  gate.open();
}

TEST_F(ClientTest, AKeptConnectionThatTheServerClosedIsReplaced) {
  ServerOptions options;
  options.idle_timeout = milliseconds(20);
  start(options);
  const Transport send = client();
  EXPECT_EQ(send(request("POST", "/echo", "a")).read_all(), "a");
  ASSERT_TRUE(wait_for_connections(0));
  EXPECT_EQ(send(request("POST", "/echo", "b")).read_all(), "b");
}

TEST_F(ClientTest, IsSharedByThreads) {
  start();
  const Transport send = client();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 50; ++k) {
        const std::string text = std::to_string(i * 100 + k);
        if (send(request("POST", "/echo", text)).read_all() == text) ++right;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
}

TEST(Client, RefusesAddressesThatAreNotHttp) {
  for (const char* url : {"", "file:///etc/passwd", "ftp://h", "127.0.0.1:5000", "http://", "http:///x"})
    EXPECT_THROW(http::connect(url), core::Error) << url;
}

}  // namespace
}  // namespace wakeful::http
