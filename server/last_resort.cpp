#include "server/last_resort.hpp"

#include <chrono>
#include <cstdlib>
#include <stop_token>

#include "platform/core/log.hpp"

namespace wakeful::server {

constexpr std::chrono::milliseconds kPatience{4'500};  // people are promised five seconds

LastResort::LastResort()
    : thread_([this](const std::stop_token& end) {
        std::unique_lock lock(mutex_);
        if (reached_.wait_for(lock, end, kPatience, [&] { return end.stop_requested(); })) return;
        core::log::warn("stopping_takes_too_long", {});
        std::_Exit(0);
      }) {}

}  // namespace wakeful::server
