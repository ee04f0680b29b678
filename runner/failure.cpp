#include "runner/failure.hpp"

namespace wakeful::runner {

bool is_lease_lost(const core::Error& error) {
  return error.code() == core::ErrorCode::conflict && error.wire_name() == "LEASE_LOST";
}

monitor::FailureClass classify(const core::Error& error) {
  using monitor::FailureClass;
  switch (error.code()) {
    case core::ErrorCode::unavailable:
    case core::ErrorCode::exhausted:
    case core::ErrorCode::conflict:
    case core::ErrorCode::internal:
      return FailureClass::transient;
    case core::ErrorCode::invalid:
      return error.field() == "training" ? FailureClass::waiting : FailureClass::permanent;
    case core::ErrorCode::not_found:
    case core::ErrorCode::denied:
      return FailureClass::permanent;
  }
  return FailureClass::permanent;
}

}  // namespace wakeful::runner
