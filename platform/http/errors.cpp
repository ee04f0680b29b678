#include "platform/http/errors.hpp"

#include <array>

#include <fmt/format.h>

#include "platform/core/json.hpp"
#include "platform/core/text.hpp"

namespace wakeful::http {
namespace {

using core::ErrorCode;

constexpr std::array<WireError, 7> kCodes = {{
    {ErrorCode::invalid, 400, "INVALID_PARAMETER_VALUE"},
    {ErrorCode::not_found, 404, "RESOURCE_DOES_NOT_EXIST"},
    {ErrorCode::conflict, 409, "RESOURCE_CONFLICT"},
    {ErrorCode::denied, 403, "PERMISSION_DENIED"},
    {ErrorCode::exhausted, 429, "REQUEST_LIMIT_EXCEEDED"},
    {ErrorCode::unavailable, 503, "TEMPORARILY_UNAVAILABLE"},
    {ErrorCode::internal, 500, "INTERNAL_ERROR"},
}};

// What a client makes of a name that is not one of ours, then of a status without a name.
// Source: mlflow-tracking.md §3.2, read backwards.
struct NamedCode {
  std::string_view name;
  ErrorCode code;
};
constexpr std::array<NamedCode, 12> kOtherNames = {{
    {"BAD_REQUEST", ErrorCode::invalid},
    {"RESOURCE_ALREADY_EXISTS", ErrorCode::conflict},
    {"ALREADY_EXISTS", ErrorCode::conflict},
    {"ABORTED", ErrorCode::conflict},
    {"NOT_FOUND", ErrorCode::not_found},
    {"ENDPOINT_NOT_FOUND", ErrorCode::not_found},
    {"UNAUTHENTICATED", ErrorCode::denied},
    {"CUSTOMER_UNAUTHORIZED", ErrorCode::denied},
    {"RESOURCE_EXHAUSTED", ErrorCode::exhausted},
    {"DEADLINE_EXCEEDED", ErrorCode::unavailable},
    {"INVALID_STATE", ErrorCode::invalid},
    {"NOT_IMPLEMENTED", ErrorCode::invalid},
}};

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::denied;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 413:
    case 429:
    case 431:
      return ErrorCode::exhausted;
    case 408:
    case 502:
    case 503:
    case 504:
      return ErrorCode::unavailable;
    default:
      return status >= 500 && status != 501 ? ErrorCode::internal : ErrorCode::invalid;
  }
}

std::optional<ErrorCode> code_of_name(std::string_view name) {
  for (const WireError& row : kCodes)
    if (row.name == name) return row.code;
  for (const NamedCode& row : kOtherNames)
    if (row.name == name) return row.code;
  return std::nullopt;
}

/// A message may repeat bytes of the request; JSON takes only UTF-8.
std::string printable(std::string_view message) {
  std::string text(message);
  if (core::is_utf8(text)) return text;
  for (char& c : text)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return text;
}

std::string own_body(std::string_view name, std::string_view message, std::string_view field,
                     std::string_view request_id) {
  core::JsonWriter json;
  json.begin_object().member("error_code", name).member("message", message);
  if (!field.empty()) json.member("field", field);
  return json.member("request_id", request_id).end_object().take();
}

std::string mlflow_body(std::string_view name, std::string_view message) {
  core::JsonWriter json;
  return json.begin_object().member("error_code", name).member("message", message).end_object().take();
}

std::string detail_body(std::string_view message) {
  core::JsonWriter json;
  return json.begin_object().member("detail", message).end_object().take();
}

core::Error with_code(ErrorCode code, std::string message, std::string field, std::string_view name, int status) {
  core::Error error(code, std::move(message), std::move(field));
  const WireError& usual = wire_error(code);
  if (name == usual.name && status == usual.status) return error;
  return std::move(error).with_wire(name.empty() ? usual.name : name, status);
}

}  // namespace

const WireError& wire_error(core::ErrorCode code) {
  for (const WireError& row : kCodes)
    if (row.code == code) return row;
  return kCodes.back();
}

Response error_response(const core::Error& error, Surface surface, std::string_view request_id) {
  const WireError& usual = wire_error(error.code());
  const std::string_view name = error.wire_name().empty() ? usual.name : std::string_view(error.wire_name());
  const int status = error.wire_status() == 0 ? usual.status : error.wire_status();
  const std::string message = error.code() == core::ErrorCode::internal
                                  ? fmt::format("Internal error. The server's log has it under {}.", request_id)
                                  : printable(error.what());
  Response response;
  switch (surface) {
    case Surface::own:
      response = Response::json(own_body(name, message, printable(error.field()), request_id));
      break;
    case Surface::mlflow:
      response = Response::json(mlflow_body(name, message));
      break;
    case Surface::fit_predict:
      response = Response::json(detail_body(message));
      break;
    case Surface::plain:
      response = Response::text(message + "\n");
      break;
  }
  response.status = status;
  if (status == 429 || status == 503) response.headers.add("Retry-After", "1");
  return response;
}

core::Error read_error(int status, std::string_view body) {
  std::string name;
  std::string message;
  std::string field;
  try {
    const core::JsonDocument document = core::parse_json(body);
    const core::ObjectReader object(document.root());
    name = object.find_text("error_code").value_or("");
    message = object.find_text("message").value_or("");
    field = object.find_text("field").value_or("");
    if (message.empty()) message = object.find_text("detail").value_or("");
  } catch (const core::Error&) {
    // Not one of our bodies: a proxy's page, or text.
  }
  if (message.empty()) message = fmt::format("HTTP status {}: {}", status, core::trim(body.substr(0, 500)));
  const core::ErrorCode code = code_of_name(name).value_or(code_of_status(status));
  return with_code(code, std::move(message), std::move(field), name, status);
}

}  // namespace wakeful::http
