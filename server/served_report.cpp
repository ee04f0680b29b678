#include "server/served_report.hpp"

#include <chrono>
#include <utility>

#include "platform/core/log.hpp"
#include "serving/model_servers.hpp"

namespace wakeful::server {
namespace {

using Steady = std::chrono::steady_clock;

constexpr auto kEvery = std::chrono::seconds(3);

bool is_prediction(const http::Request& request) {
  return request.method == "POST" &&
         (request.target.starts_with("/invocations") || request.target.starts_with("/prediction"));
}

}  // namespace

http::Transport ServedReport::counted(http::Transport next) {
  return [this, next = std::move(next)](http::Request request) {
    if (!is_prediction(request)) return next(std::move(request));
    const auto began = Steady::now();
    http::Response response = next(std::move(request));
    activity_.count(core::SystemClock().now(), Steady::now() - began);
    return response;
  };
}

void ServedReport::start(std::string address) {
  thread_ = std::thread([this, address = std::move(address)] {
    auto next = Steady::now();
    while (!is_stopped_) {
      if (Steady::now() >= next) {
        tell(address);
        next = Steady::now() + kEvery;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
}

void ServedReport::stop() {
  is_stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

void ServedReport::tell(const std::string& address) const {
  try {
    tell_anew(address);
  } catch (const std::exception& e) {
    core::log::debug("served_untold", {{"message", e.what()}});
  }
}

void ServedReport::tell_anew(const std::string& address) const {
  const auto latency = activity_.latency();
  const registry::ModelVersion version = slot_.get()->version();
  const serving::ModelServer served{
      .address = address,
      .model = version.name,
      .version = version.version,
      .last_minute = static_cast<std::int64_t>(activity_.last_minute(core::SystemClock().now())),
      .average_ms = latency.average_ms,
      .p95_ms = latency.p95_ms};
  tracking_.post("/api/v1/model-servers", client::json_of(served));
}

}  // namespace wakeful::server
