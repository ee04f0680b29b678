#include "platform/db/write_queue.hpp"

#include <algorithm>

#include "platform/core/error.hpp"

namespace wakeful::db {
namespace {

constexpr std::chrono::seconds kBulkPatience{1};

bool take(std::deque<WriteRequest*>& queue, const WriteRequest& request) {
  const auto found = std::find(queue.begin(), queue.end(), &request);
  if (found == queue.end()) return false;
  queue.erase(found);
  return true;
}

WriteRequest* pop(std::deque<WriteRequest*>& queue) {
  WriteRequest* request = queue.front();
  queue.pop_front();
  return request;
}

}  // namespace

void WriteQueue::added() {
  if (wake_at_ != 0 && (requests() >= wake_at_ || !tasks_.empty())) {
    wake_at_ = 0;
    wake_.notify_one();
  }
}

void WriteQueue::push(WriteRequest& request, Priority priority) {
  request.queued_at = core::Deadline::Clock::now();
  core::Lock lock(mutex_);
  if (closed_) throw core::unavailable("the database is closed");
  if (requests() >= capacity_) throw core::unavailable("too many writes are waiting; try again");
  (priority == Priority::interactive ? interactive_ : bulk_).push_back(&request);
  added();
}

void WriteQueue::push(BetweenWrites& task) {
  core::Lock lock(mutex_);
  if (closed_) throw core::unavailable("the database is closed");
  tasks_.push_back(&task);
  added();
}

bool WriteQueue::cancel(WriteRequest& request) {
  core::Lock lock(mutex_);
  return take(interactive_, request) || take(bulk_, request);
}

void WriteQueue::close() {
  core::Lock lock(mutex_);
  closed_ = true;
  wake_at_ = 0;
  wake_.notify_one();
}

std::size_t WriteQueue::size() const {
  core::Lock lock(mutex_);
  return requests();
}

bool WriteQueue::try_take_turn() {
  core::Lock lock(mutex_);
  if (turn_is_taken_ || has_work() || outlook_.expected > 1 || closed_) return false;
  turn_is_taken_ = true;
  return true;
}

void WriteQueue::end_turn(const Outlook& outlook) {
  core::Lock lock(mutex_);
  turn_is_taken_ = false;
  outlook_ = outlook;
  last_turn_ = core::Deadline::Clock::now();
  if (wake_at_ == 0 || (!has_work() && !closed_)) return;
  wake_at_ = 0;
  wake_.notify_one();
}

WriteQueue::Wake WriteQueue::gather(core::Deadline::Clock::duration rest) {
  core::Lock lock(mutex_);
  while (turn_is_taken_ || !has_work()) {
    if (!turn_is_taken_ && closed_) return Wake::closed;
    const TimePoint now = core::Deadline::Clock::now();
    const TimePoint rested = (turn_is_taken_ ? now : last_turn_) + rest;
    if (!turn_is_taken_ && now >= rested) {
      turn_is_taken_ = true;
      return Wake::idle;
    }
    wake_at_ = 1;
    wake_.wait_until(mutex_, rested);
  }
  turn_is_taken_ = true;
  const TimePoint enough = core::Deadline::Clock::now() + outlook_.patience;
  while (requests() < outlook_.expected && tasks_.empty() && !closed_ && core::Deadline::Clock::now() < enough) {
    wake_at_ = outlook_.expected;
    wake_.wait_until(mutex_, enough);
  }
  wake_at_ = 0;
  outlook_.chores = false;
  return Wake::work;
}

WriteRequest* WriteQueue::find_request() {
  core::Lock lock(mutex_);
  const bool bulk_is_due = !bulk_.empty() && (interactive_.empty() ||
                                              core::Deadline::Clock::now() - bulk_.front()->queued_at > kBulkPatience);
  if (bulk_is_due) return pop(bulk_);
  return interactive_.empty() ? nullptr : pop(interactive_);
}

BetweenWrites* WriteQueue::find_task() {
  core::Lock lock(mutex_);
  if (tasks_.empty()) return nullptr;
  BetweenWrites* task = tasks_.front();
  tasks_.pop_front();
  return task;
}

}  // namespace wakeful::db
