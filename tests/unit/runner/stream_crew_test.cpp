// Streams of a server, run by crews that ask it through a wire on which one can listen.
#include "runner/streams/crew.hpp"

#include <condition_variable>
#include <mutex>

#include "unit/runner/stage.hpp"

namespace wakeful::runner {
namespace {

using namespace std::chrono_literals;

/// Passes requests on, remembers them, and does something before the first one of a kind.
class Wire {
 public:
  struct Exchange {
    std::string target;
    std::string body;
    int status = 0;
  };
  explicit Wire(http::Transport inner) : inner_(std::move(inner)) {}

  client::Server server() {
    return client::Server([this](http::Request request) { return pass(std::move(request)); });
  }
  void before_first(std::string verb, std::function<void()> deed) {
    verb_ = std::move(verb);
    deed_ = std::move(deed);
  }
  std::vector<Exchange> seen(std::string_view verb) {
    const std::lock_guard lock(mutex_);
    return of(verb);
  }
  /// What was asked of that kind, once `is_enough` says so of it; fails after a minute.
  template <class Enough>
  std::vector<Exchange> wait_for(std::string_view verb, const Enough& is_enough) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 60s, [&] { return is_enough(of(verb)); })) << verb;
    return of(verb);
  }

 private:
  http::Response pass(http::Request request) {
    Exchange exchange{.target = request.target, .body = request.read_body()};
    if (exchange.target.ends_with(verb_) && deed_) std::exchange(deed_, {})();
    request.body = std::make_unique<http::TextBody>(exchange.body);
    http::Response answer = inner_(std::move(request));
    exchange.status = answer.status;
    const std::lock_guard lock(mutex_);
    exchanges_.push_back(std::move(exchange));
    changed_.notify_all();
    return answer;
  }
  std::vector<Exchange> of(std::string_view verb) const {
    std::vector<Exchange> out;
    for (const Exchange& e : exchanges_)
      if (e.target.ends_with(verb)) out.push_back(e);
    return out;
  }

  http::Transport inner_;
  std::string verb_;
  std::function<void()> deed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Exchange> exchanges_;
};

bool has_taken(const std::vector<Wire::Exchange>& takes) { return !takes.empty() && takes.back().status == 200; }

class StreamCrewTest : public ::testing::Test {
 protected:
  void apply(const std::string& size, const std::string& name = "hot") {
    server_.send(client::make_request(
        "PUT", "/api/v1/detectors/" + name,
        fmt::format(R"({{"name":"{}","schedule":"stream","stream":{{"input":{{"push":"r"}},"value":"t",)"
                    R"("window":{{"kind":"tumbling","size":"{}"}},"alert":{{"when":">= 90"}}}}}})",
                    name, size)));
  }
  void remove(const std::string& name = "hot") {
    server_.send(client::make_request("DELETE", "/api/v1/detectors/" + name));
  }

  Stage stage_;
  client::Server server_ = stage_.server();
  Wire wire_{stage_.transport()};
  StreamCrew crew_{wire_.server(), "host-a"};
};

TEST_F(StreamCrewTest, WorksNoStateByTheDefinitionOfADetectorThatIsGone) {
  apply("5s");
  wire_.before_first("/take", [this] {
    remove();
    stage_.clock().advance(1ms);
    apply("9s");
  });
  crew_.start();
  const auto takes = wire_.wait_for("/take", has_taken);
  crew_.stop();
  EXPECT_EQ(takes.front().status, 409);
  EXPECT_NE(takes.back().body.find(" 9000 "), std::string::npos) << takes.back().body;
}

TEST_F(StreamCrewTest, WaitsForTheLeaseOfAnotherAndCallsItNoFailure) {
  apply("5s");
  constexpr const char* kTake = R"({"owner":"another","fingerprint":"push r hot t  1 0 5000 5000 0","lease_ms":60000,)"
                                R"("is_assigned":false,"lanes":[0]})";
  server_.post("/api/v1/runner/streams/hot/take", kTake);
  crew_.start();
  const auto refused = wire_.wait_for("/take", [](const auto& takes) { return takes.size() >= 2; });
  EXPECT_EQ(refused.front().status, 409);
  EXPECT_TRUE(wire_.seen("/fail").empty());
  stage_.clock().advance(61s);
  wire_.wait_for("/take", has_taken);
  crew_.stop();
  EXPECT_TRUE(wire_.seen("/fail").empty());
}

TEST_F(StreamCrewTest, TellsWhyAStreamDoesNotRun) {
  apply("5s");
  wire_.before_first("/take", [] { throw core::unavailable("no way"); });
  crew_.start();
  const auto told = wire_.wait_for("/fail", [](const auto& fails) { return !fails.empty(); });
  crew_.stop();
  EXPECT_NE(told.front().body.find("no way"), std::string::npos) << told.front().body;
}

TEST_F(StreamCrewTest, TellsTheStreamForWhichThereIsNoRoomAndRunsItOnceThereIs) {
  for (int i = 10; i < 75; ++i) apply("5s", fmt::format("stream-{}", i));
  crew_.start();
  const auto told = wire_.wait_for("/fail", [](const auto& fails) { return !fails.empty(); });
  EXPECT_EQ(told.front().target, "/api/v1/runner/streams/stream-74/fail");
  EXPECT_NE(told.front().body.find("64 streams at most"), std::string::npos) << told.front().body;
  const auto answer = server_.get("/api/v1/streams/stream-74");
  EXPECT_NE(core::ObjectReader(answer.root()).object("stream").text("error").find("64 streams at most"),
            std::string::npos);
  remove("stream-20");
  wire_.wait_for("/streams/stream-74/take", has_taken);
  crew_.stop();
}

}  // namespace
}  // namespace wakeful::runner
