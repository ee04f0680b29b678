#pragma once
// A name for this process that no other process anywhere has, and that its successor on this machine gets when it is
// gone.
#include <filesystem>
#include <string>

namespace wakeful::runner {

class Instance {
 public:
  /// The host and the random id in the first lock file of `folder` that is free. It is the owner's until its end, or
  /// the process's, however that ends. Without such a file: a name that a successor does not get.
  explicit Instance(const std::filesystem::path& folder = std::filesystem::temp_directory_path());
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  int lock_ = -1;
};

}  // namespace wakeful::runner
