// What is pushed for stream detectors and what their runners say, request by request (a byte 0x1e between two; the
// first byte says which): any body is taken or refused as the caller's mistake, and whatever was taken can be shown,
// listed and taken again.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "monitor/api.hpp"
#include "monitor/stream_detectors.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/json.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/core/text.hpp"
#include "platform/db/open.hpp"
#include "platform/http/router.hpp"
#include "streams/wire.hpp"

using namespace wakeful;

namespace {

constexpr core::Timestamp kNow = core::from_ms(1'700'000'000'000);
constexpr std::string_view kDetector =
    R"({"name":"hot","schedule":"stream","stream":{"input":{"push":"r"},"value":"t",)"
    R"("window":{"kind":"tumbling","size":"5s"},"alert":{"when":">= 90"}}})";
constexpr std::string_view kTake =
    R"({"owner":"a","fingerprint":"push r hot t  1 0 5000 5000 0","is_assigned":true,"lanes":[0]})";
constexpr std::array<std::string_view, 6> kPaths = {"/api/v1/events/r", /* pushed */
                                                    "/api/v1/runner/streams/hot/take",
                                                    "/api/v1/runner/streams/hot/move",
                                                    "/api/v1/runner/streams/hot/settle",
                                                    "/api/v1/runner/streams/hot/hold",
                                                    "/api/v1/runner/streams/hot/fail"};

/// A store, emptied of all that a run has left.
class Stage {
 public:
  Stage() : database_(db::open("sqlite://")) {
    db::upgrade(*database_);
    router_.add(monitor::routes(*database_, clock_));
  }
  void begin_anew() {
    database_->write([](db::Tx& tx) {
      if (monitor::find_stream(tx, "hot")) monitor::remove_stream_detector(tx, "hot");
      const core::JsonDocument file = core::parse_json(kDetector);
      monitor::apply_stream(tx, monitor::read_stream_file(file.root()), kNow);
    });
  }
  http::Response ask(std::string_view method, std::string_view target, std::string_view body = {}) {
    http::Request request;
    request.method = std::string(method);
    request.target = std::string(target);
    if (method == "POST") request.headers.add("Content-Type", "application/json");
    if (method == "POST") request.body = std::make_unique<http::TextBody>(std::string(body));
    return router_.handle(std::move(request));
  }

 private:
  std::unique_ptr<db::Database> database_;
  core::ManualClock clock_{kNow};
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Stage stage;
  stage.begin_anew();
  for (const std::string_view part : core::split({reinterpret_cast<const char*>(data), size}, '\x1e')) {
    if (part.empty()) continue;
    const auto choice = static_cast<std::uint8_t>(part.front()) % kPaths.size();
    require(stage.ask("POST", kPaths[choice], part.substr(1)).status < 500);
  }
  for (const std::string_view target :
       {"/api/v1/streams", "/api/v1/streams/hot", "/api/v1/events/r", "/api/v1/anomalies?detector=hot"})
    require(stage.ask("GET", target).status == 200);
  http::Response taken = stage.ask("POST", kPaths[1], kTake);
  require(taken.status == 200);
  const std::string text = taken.read_all();
  const core::JsonDocument document = core::parse_json(text);
  for (const core::ObjectReader& lane : core::ObjectReader(document.root()).objects("lanes")) streams::read_lane(lane);
  return 0;
}
