#pragma once
// The workers: a bounded queue of connections with a whole request, and threads that answer them.
//
// A worker that must wait (for its client: a slow upload, a slow download; in a handler: a long poll) says so with a
// Waiting; another thread takes its place meanwhile, so that `workers` of them are always free for those who do not
// make us wait. Beyond `max_waiting` the request that would wait is cut instead. Threads: offer() and push() from any.
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "platform/core/mutex.hpp"

namespace wakeful::http {

class Connection;

class Crew {
 public:
  using Work = std::function<void(Connection&)>;
  struct Options {
    std::size_t workers;
    std::size_t queue;
    std::size_t max_waiting;
  };

  /// `make_worker` is called once on each thread; what it returns answers the connections of that thread.
  Crew(Options options, std::function<Work()> make_worker);
  ~Crew();
  void start();

  /// False: the queue is full.
  bool offer(Connection& connection);
  /// For a worker that has more to answer on the same connection: never refused.
  void push(Connection& connection);
  /// What is queued is still answered; returns when all threads have ended. Idempotent.
  void stop();

  /// While it lives, its thread does not count as a worker.
  class Waiting {
   public:
    explicit Waiting(Crew& crew) : Waiting(crew, crew.options_.max_waiting) {}
    /// Allowed only while fewer than `most` wait.
    Waiting(Crew& crew, std::size_t most) : crew_(crew), allowed_(crew.begin_wait(most)) {}
    ~Waiting() {
      if (allowed_) crew_.end_wait();
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    /// False: too many wait already; give this client up.
    bool allowed() const { return allowed_; }

   private:
    Crew& crew_;
    bool allowed_;
  };

 private:
  bool begin_wait(std::size_t most) EXCLUDES(mutex_);
  void end_wait() EXCLUDES(mutex_);
  void run();
  Connection* next() EXCLUDES(mutex_);
  void add_thread() REQUIRES(mutex_);

  const Options options_;
  const std::function<Work()> make_worker_;
  core::Mutex mutex_;
  core::Condition ready_;
  std::deque<Connection*> queue_ GUARDED_BY(mutex_);
  std::size_t sleeping_ GUARDED_BY(mutex_) = 0;  // threads in ready_.wait
  std::size_t waiting_ GUARDED_BY(mutex_) = 0;   // threads that wait
  std::size_t running_ GUARDED_BY(mutex_) = 0;   // threads
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  std::vector<std::thread::id> ended_ GUARDED_BY(mutex_);  // to be joined by the next one that starts
};

}  // namespace wakeful::http
