#pragma once
// Pages by key: a token holds the sort keys of the last row shown, so a page costs the same wherever it lies and rows
// that come and go do not shift it. Tokens are opaque, URL-safe and bound to their query; they are no secret and no
// proof, so everything in them is checked and only ever bound. Pure.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/search/sql.hpp"

namespace wakeful::search {

/// `query` is any text that determines the rows and their order (filter, order_by, view type, ids), joined by the
/// caller; only its checksum goes into the token.
std::string make_page_token(std::string_view query, std::span<const KeyValue> values);

/// The values of make_page_token. `shape` has one letter for each: 'i' integer, 'd' double, 's' text; a '?' after it
/// allows NULL ("d?is"). An empty token: nothing, the first page.
/// Errors: invalid naming `page_token` for a token that is damaged, of another query or of another shape.
std::optional<std::vector<KeyValue>> read_page_token(std::string_view token, std::string_view query,
                                                     std::string_view shape);

struct PageLimits {
  std::int64_t standard = 100;
  std::int64_t most = 10'000;
};

/// How many rows a page has. Errors: invalid naming `max_results` below 1 or above `most`.
std::int64_t page_size(std::optional<std::int64_t> asked, PageLimits limits);

}  // namespace wakeful::search
