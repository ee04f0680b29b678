#include "control/bell.hpp"

namespace wakeful::control {

void Bell::ring() {
  {
    core::Lock lock(mutex_);
    ++rung_;
  }
  changed_.notify_all();
}

std::uint64_t Bell::rung() const {
  core::Lock lock(mutex_);
  return rung_;
}

void Bell::wait(std::uint64_t heard, core::Deadline until) {
  core::Lock lock(mutex_);
  while (rung_ == heard && !until.expired()) {
    if (changed_.wait_until(mutex_, until.at()) == std::cv_status::timeout) return;
  }
}

}  // namespace wakeful::control
