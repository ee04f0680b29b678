#include "platform/core/error.hpp"

#include <utility>

namespace wakeful::core {

// Taken by value as every text here is; runtime_error keeps a copy of its own, whatever it is given.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
Error::Error(ErrorCode code, std::string message, std::string field)
    : std::runtime_error(message), code_(code), field_(std::move(field)) {}

Error&& Error::with_wire(std::string_view name, int status) && {
  wire_name_ = name;
  wire_status_ = status;
  return std::move(*this);
}

Error invalid(std::string message, std::string field) {
  return {ErrorCode::invalid, std::move(message), std::move(field)};
}
Error not_found(std::string message, std::string field) {
  return {ErrorCode::not_found, std::move(message), std::move(field)};
}
Error conflict(std::string message, std::string field) {
  return {ErrorCode::conflict, std::move(message), std::move(field)};
}
Error denied(std::string message) { return {ErrorCode::denied, std::move(message)}; }
Error exhausted(std::string message, std::string field) {
  return {ErrorCode::exhausted, std::move(message), std::move(field)};
}
Error unavailable(std::string message) { return {ErrorCode::unavailable, std::move(message)}; }
Error internal(std::string message) { return {ErrorCode::internal, std::move(message)}; }

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::exhausted:
      return "exhausted";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace wakeful::core
