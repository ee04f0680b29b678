#pragma once
// Counts the predictions of a model server, and tells the tracking server about them every few seconds, so that the
// console can show them. What cannot be told is left out: the next telling says it again. Threads: count any; one
// owner.
#include <atomic>
#include <string>
#include <thread>

#include "client/server.hpp"
#include "platform/http/message.hpp"
#include "serving/activity.hpp"
#include "serving/model_slot.hpp"

namespace wakeful::server {

class ServedReport {
 public:
  /// Borrows `slot`. Nothing is told before start().
  ServedReport(client::Server tracking, const serving::ModelSlot& slot) : tracking_(std::move(tracking)), slot_(slot) {}
  ~ServedReport() { stop(); }

  /// The transport, whose predictions are counted from then on.
  http::Transport counted(http::Transport next);
  void start(std::string address);
  void stop();

 private:
  void tell(const std::string& address) const;
  void tell_anew(const std::string& address) const;

  client::Server tracking_;
  const serving::ModelSlot& slot_;
  serving::Activity activity_;
  std::atomic<bool> is_stopped_ = false;
  std::thread thread_;
};

}  // namespace wakeful::server
