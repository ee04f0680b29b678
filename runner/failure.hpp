#pragma once
// What becomes of a job whose work threw. Pure.
#include <optional>

#include "monitor/wire/protocol.hpp"
#include "platform/core/error.hpp"

namespace wakeful::runner {

/// The lease is gone: somebody else has the job, or it was cancelled. Nothing is said to the server any more.
bool is_lease_lost(const core::Error& error);

/// unavailable, exhausted, conflict and internal may be otherwise next time; too little training data is waited for;
/// everything else is the detector file's fault, and repeating it changes nothing.
monitor::FailureClass classify(const core::Error& error);

}  // namespace wakeful::runner
