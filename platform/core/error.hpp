#pragma once
// The one error type that is thrown, and the seven things that can go wrong.
//
// Thrown anywhere, caught at four frontiers only: Router::handle, the job loop, the worker pool and main. A message is
// written for the user who made the mistake and names the field; messages of `internal` errors are logged, never sent.
// The table code <-> HTTP status <-> wire name is platform/http/errors.hpp.
#include <stdexcept>
#include <string>
#include <string_view>

namespace wakeful::core {

enum class ErrorCode {
  invalid,  // the caller's mistake; repeating it changes nothing
  not_found,
  conflict,     // a name already taken, a lost compare-and-set, a fenced lease
  denied,       // no or not enough rights
  exhausted,    // a limit of the caller: too large, too many, too fast
  unavailable,  // ours for the moment: queue full, database gone; worth a retry
  internal,     // a defect
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string message, std::string field = {});

  ErrorCode code() const { return code_; }
  /// The request's field at fault ("metrics[3].key"), empty if none.
  const std::string& field() const { return field_; }
  /// A protocol's own name and status for this error; empty and 0: those of the code.
  const std::string& wire_name() const { return wire_name_; }
  int wire_status() const { return wire_status_; }

  Error&& with_wire(std::string_view name, int status) &&;

 private:
  ErrorCode code_;
  std::string field_;
  std::string wire_name_;
  int wire_status_ = 0;
};

[[nodiscard]] Error invalid(std::string message, std::string field = {});
[[nodiscard]] Error not_found(std::string message, std::string field = {});
[[nodiscard]] Error conflict(std::string message, std::string field = {});
[[nodiscard]] Error denied(std::string message);
[[nodiscard]] Error exhausted(std::string message, std::string field = {});
[[nodiscard]] Error unavailable(std::string message);
[[nodiscard]] Error internal(std::string message);

/// "invalid", "not_found", …
std::string_view name_of(ErrorCode code);

}  // namespace wakeful::core
