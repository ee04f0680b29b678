#include "platform/http/crew.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace wakeful::http {

Crew::Crew(Options options, std::function<Work()> make_worker)
    : options_(options), make_worker_(std::move(make_worker)) {}

Crew::~Crew() { stop(); }

void Crew::start() {
  const core::Lock lock(mutex_);
  for (std::size_t i = 0; i < options_.workers; ++i) add_thread();
}

void Crew::add_thread() {
  for (const std::thread::id id : std::exchange(ended_, {})) {
    const auto at =
        std::find_if(threads_.begin(), threads_.end(), [&](const std::thread& t) { return t.get_id() == id; });
    at->join();
    threads_.erase(at);
  }
  threads_.emplace_back([this] { run(); });
  ++running_;
}

bool Crew::offer(Connection& connection) {
  {
    const core::Lock lock(mutex_);
    if (queue_.size() >= options_.queue) return false;
    queue_.push_back(&connection);
    if (sleeping_ == 0) return true;
  }
  ready_.notify_one();
  return true;
}

void Crew::push(Connection& connection) {
  {
    const core::Lock lock(mutex_);
    queue_.push_back(&connection);
  }
  ready_.notify_one();
}

bool Crew::begin_wait(std::size_t most) {
  const core::Lock lock(mutex_);
  if (waiting_ >= most) return false;
  ++waiting_;
  if (running_ - waiting_ >= options_.workers || stopping_) return true;
  try {
    add_thread();
    return true;
  } catch (const std::system_error&) {  // no more threads: give the client up, not the worker
    --waiting_;
    return false;
  }
}

void Crew::end_wait() {
  const core::Lock lock(mutex_);
  --waiting_;
}

Connection* Crew::next() {
  const core::Lock lock(mutex_);
  const bool surplus = running_ - waiting_ > options_.workers;
  while (!surplus && queue_.empty() && !stopping_) {
    ++sleeping_;
    ready_.wait(mutex_);
    --sleeping_;
  }
  if (!queue_.empty() && !surplus) {
    Connection* connection = queue_.front();
    queue_.pop_front();
    return connection;
  }
  --running_;
  ended_.push_back(std::this_thread::get_id());
  return nullptr;
}

void Crew::run() {
  const Work work = make_worker_();
  while (Connection* connection = next()) work(*connection);
}

void Crew::stop() {
  std::vector<std::thread> threads;
  {
    const core::Lock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    ended_.clear();
  }
  ready_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace wakeful::http
