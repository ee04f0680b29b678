#pragma once
// A mutex that clang's thread-safety analysis understands, and the annotations: shared state says what guards it.
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define WAKEFUL_ANNOTATION(x) __attribute__((x))
#else
#define WAKEFUL_ANNOTATION(x)
#endif
#define GUARDED_BY(m) WAKEFUL_ANNOTATION(guarded_by(m))
#define REQUIRES(m) WAKEFUL_ANNOTATION(requires_capability(m))
#define EXCLUDES(m) WAKEFUL_ANNOTATION(locks_excluded(m))

namespace wakeful::core {

class WAKEFUL_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() WAKEFUL_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() WAKEFUL_ANNOTATION(release_capability()) { mutex_.unlock(); }
  bool try_lock() WAKEFUL_ANNOTATION(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

class WAKEFUL_ANNOTATION(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& m) WAKEFUL_ANNOTATION(acquire_capability(m)) : mutex_(m) { mutex_.lock(); }
  ~Lock() WAKEFUL_ANNOTATION(release_capability()) { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits on a Mutex that the caller holds through a Lock.
using Condition = std::condition_variable_any;

}  // namespace wakeful::core
