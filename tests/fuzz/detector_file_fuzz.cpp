// Any bytes are detector files, or refused as the caller's mistake; what was read is written in a form that reads back
// to the same text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "monitor/wire/definition.hpp"
#include "monitor/wire/yaml.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wakeful;
  try {
    for (const core::JsonDocument& document : monitor::parse_yaml({reinterpret_cast<const char*>(data), size})) {
      const std::string once = monitor::to_json(monitor::read_definition(core::ObjectReader(document.root())));
      const core::JsonDocument again = core::parse_json(once);
      if (monitor::to_json(monitor::read_definition(core::ObjectReader(again.root()))) != once) std::abort();
    }
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) std::abort();
  }
  return 0;
}
