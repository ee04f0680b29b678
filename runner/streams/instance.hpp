#pragma once
// A name for this process that no other living process of its user has, and that its successor gets when it is gone.
#include <string>

namespace wakeful::runner {

class Instance {
 public:
  /// "host-0", "host-1", …: the first whose lock file is free. It is the owner's until its end, or the process's,
  /// however that ends.
  Instance();
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  int lock_ = -1;
};

}  // namespace wakeful::runner
