// Any bytes are a filter, an ordering and a page token, or they are refused as the caller's mistake.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "platform/core/error.hpp"
#include "platform/search/filter.hpp"
#include "platform/search/page.hpp"
#include "platform/search/sql.hpp"
#include "unit/search/grammars.hpp"

namespace {

using namespace wakeful;

template <class F>
void accept_or_refuse(F&& f) {
  try {
    f();
  } catch (const core::Error& error) {
    if (error.code() != core::ErrorCode::invalid) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const search::Grammar* grammar : {&search::testing::kRuns, &search::testing::kVersions}) {
    accept_or_refuse([&] {
      const search::Filter filter = search::parse_filter(text, *grammar);
      search::Query query;
      search::where_all(query, filter,
                        [](search::Query& q, const search::Comparison& c) { search::compare(q, "c", c); });
      for (const auto& c : filter.all) {
        if (c.position >= size) std::abort();
      }
    });
  }
  accept_or_refuse([&] { search::parse_order(text, search::testing::kRuns); });
  accept_or_refuse([&] { search::read_page_token(text, "q", "s?id?"); });
  return 0;
}
