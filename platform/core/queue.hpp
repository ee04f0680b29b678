#pragma once
// A bounded queue between threads. Full: try_push says no at once, so that the caller can answer "busy".
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "platform/core/mutex.hpp"

namespace wakeful::core {

template <class T>
class Queue {
 public:
  explicit Queue(std::size_t capacity) : capacity_(capacity) {}

  bool try_push(T item) {
    {
      Lock lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }
  /// Waits for an item; nothing once the queue is closed and empty.
  std::optional<T> pop() {
    Lock lock(mutex_);
    while (items_.empty() && !closed_) ready_.wait(mutex_);
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  void close() {
    {
      Lock lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }
  std::size_t size() const {
    Lock lock(mutex_);
    return items_.size();
  }

 private:
  mutable Mutex mutex_;
  Condition ready_;
  std::deque<T> items_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  const std::size_t capacity_;
};

}  // namespace wakeful::core
