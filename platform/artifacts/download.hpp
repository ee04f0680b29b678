#pragma once
// An artifact as the answer to a GET: ranges, conditions, a fixed content type, and a name to save it under. The type
// is guessed from the name alone and everything is an attachment: what one client stores must not run in another's
// browser.
#include <string>
#include <string_view>

#include "platform/artifacts/store.hpp"

namespace wakeful::artifacts {

/// 200, 206 for one range, 304 for a tag that the caller has, 416. Several ranges, or a range of an older version
/// (If-Range), give the whole file.
/// Errors: as Store::open.
http::Response download(Store& store, const Path& path, const http::Request& request);

/// "text/plain" for what people read, the usual type for pictures and the like, else "application/octet-stream".
/// Source: mlflow-registry.md §5.3.
std::string_view content_type_of(std::string_view name);

/// "attachment; filename=…", and the UTF-8 form where the name is no plain word.
std::string disposition_of(std::string_view name);

/// The one range of a "bytes=…" header for a file of `size` bytes; nothing where the header is to be ignored.
std::optional<Range> parse_range(std::string_view header, std::uint64_t size);

}  // namespace wakeful::artifacts
