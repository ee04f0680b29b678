#include "streams/sessions.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"

namespace wakeful::streams {
namespace {

using Steady = std::chrono::steady_clock;

bool is_final(const core::Error& error) {
  return error.code() == core::ErrorCode::invalid || error.code() == core::ErrorCode::not_found ||
         (error.code() == core::ErrorCode::conflict && error.field() == "state");
}

void rest(std::chrono::milliseconds span, const std::function<bool()>& is_stopped) {
  const auto end = Steady::now() + span;
  while (!is_stopped() && Steady::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

}  // namespace

void run_sessions(const std::string& stream, const std::function<bool()>& is_stopped,
                  const std::function<void(const std::string& why)>& on_failure, const std::function<void()>& session) {
  constexpr auto kShortest = std::chrono::milliseconds(100), kLongest = std::chrono::milliseconds(3'000);
  auto pause = kShortest;
  while (!is_stopped()) {
    // Read after an exception, which the analyzer does not follow. NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores)
    const auto began = Steady::now();
    try {
      return session();
    } catch (const core::Error& error) {
      if (is_final(error)) throw;
      if (is_stopped()) return;
      core::log::warn("stream_session", {{"stream", stream}, {"error", error.what()}});
      on_failure(error.what());
    }
    if (Steady::now() - began > 2 * kLongest) pause = kShortest;
    rest(pause, is_stopped);
    pause = std::min(2 * pause, kLongest);
  }
}

}  // namespace wakeful::streams
