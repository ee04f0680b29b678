#pragma once
// Ends the program, with status 0, when its orderly end takes longer than people wait for Ctrl-C: a fit under way knows
// no way out. That is as good as being killed, which loses nothing: what was answered is durable, and a job that was
// worked on is claimed again.
#include <condition_variable>
#include <mutex>
#include <thread>

namespace wakeful::server {

/// Made when the end begins, destroyed when it is reached.
class LastResort {
 public:
  LastResort();

 private:
  std::mutex mutex_;
  std::condition_variable_any reached_;
  std::jthread thread_;
};

}  // namespace wakeful::server
