#pragma once
// Folders that are gone at the end of the test program.
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "platform/artifacts/store.hpp"

namespace wakeful::artifacts::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wakeful-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A folder that lives as long as the program's static objects do.
inline std::filesystem::path lasting_folder() {
  static std::vector<std::unique_ptr<TemporaryFolder>> folders;
  return folders.emplace_back(std::make_unique<TemporaryFolder>())->path();
}

inline std::unique_ptr<Store> fresh_local_store() { return open_store((lasting_folder() / "not" / "yet").string()); }

}  // namespace wakeful::artifacts::testing
