#pragma once
// The store in a local folder. Temporary files and what is being removed lie under ".wakeful-tmp" of the root, so that
// a rename puts them in place or out of sight at once; that name is reserved and never listed.
#include <string>

#include "platform/artifacts/store.hpp"

namespace wakeful::artifacts {

class LocalStore final : public Store {
 public:
  /// Removes what killed processes left under ".wakeful-tmp" more than a day ago. Makes nothing.
  explicit LocalStore(std::string root);

  Stored put(const Path& path, http::BodyReader& body) override;
  Opened open(const Path& path, std::optional<Range> range) override;
  std::vector<Entry> list(const Path& path) override;
  void remove(const Path& path) override;

 private:
  void remove_leftovers() const;

  std::string root_;  // absolute
};

}  // namespace wakeful::artifacts
