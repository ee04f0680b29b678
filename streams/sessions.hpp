#pragma once
// What reads or writes a topic works in sessions: whatever goes wrong ends the session, and the next one finds its
// place again as a process does that was killed (DESIGN.md, "One way back"). Threads: one calls.
#include <functional>
#include <string>

namespace wakeful::streams {

/// Runs `session` until it returns or `is_stopped` says so, with longer and longer rests after failures, which
/// `on_failure` is told. Errors: invalid; not_found; conflict, field "state"; nothing else, for a later session may do
/// better.
void run_sessions(const std::string& stream, const std::function<bool()>& is_stopped,
                  const std::function<void(const std::string& why)>& on_failure, const std::function<void()>& session);

}  // namespace wakeful::streams
