#pragma once
// The one map between an error's code, its HTTP status and its name on the wire. The server reads it forwards, the
// client backwards.
#include <string>
#include <string_view>

#include "platform/core/error.hpp"
#include "platform/http/router.hpp"

namespace wakeful::http {

struct WireError {
  core::ErrorCode code;
  int status;
  std::string_view name;  // MLflow's error_code
};

/// invalid 400 INVALID_PARAMETER_VALUE · not_found 404 RESOURCE_DOES_NOT_EXIST · conflict 409 RESOURCE_CONFLICT ·
/// denied 403 PERMISSION_DENIED · exhausted 429 REQUEST_LIMIT_EXCEEDED · unavailable 503 TEMPORARILY_UNAVAILABLE ·
/// internal 500 INTERNAL_ERROR. An Error's own wire name and status win (RESOURCE_ALREADY_EXISTS 400, 413, …).
const WireError& wire_error(core::ErrorCode code);

Response error_response(const core::Error& error, Surface surface, std::string_view request_id);
/// The error that a response carries, for clients. Call only for status >= 400.
core::Error read_error(int status, std::string_view body);

}  // namespace wakeful::http
