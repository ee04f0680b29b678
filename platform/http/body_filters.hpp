#pragma once
// What the Router puts between a request's body and its handler: the route's limit and deadline, and gzip undone.
#include <memory>

#include "platform/core/deadline.hpp"
#include "platform/http/message.hpp"

namespace wakeful::http {

/// Errors on read: exhausted (413) beyond `limit` bytes, unavailable past the deadline.
std::unique_ptr<BodyReader> limit_body(std::unique_ptr<BodyReader> body, std::uint64_t limit, core::Deadline deadline);

/// The decompressed body; members that follow each other are one, as gzip has it. One limit goes around this, so that
/// a bomb is stopped by what comes out of it, and one below, for members that hold nothing. Errors on read: invalid for
/// what is not gzip, or is cut.
std::unique_ptr<BodyReader> gunzip_body(std::unique_ptr<BodyReader> body);

}  // namespace wakeful::http
