// Any bytes are a path below the root, or refused; what was parsed once parses to itself.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/artifacts/download.hpp"
#include "platform/artifacts/path.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using wakeful::artifacts::Path;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  wakeful::artifacts::parse_range(text, 10);
  const auto path = Path::find(text);
  if (!path) return 0;
  const std::string inside = "/" + path->text() + "/";
  for (const std::string_view bad : {"//", "/./", "/../", "\\", "\n"}) {
    if (!path->is_root() && inside.find(bad) != std::string::npos) std::abort();
  }
  const auto again = Path::find(path->text());
  if (!again || *again != *path) std::abort();
  wakeful::artifacts::disposition_of(path->name());
  return 0;
}
