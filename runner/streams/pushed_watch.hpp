#pragma once
// Runs a stream detector over what is pushed to the server. Threads: one.
#include <functional>
#include <string>

#include "client/server.hpp"
#include "runner/streams/remote_keeper.hpp"
#include "streams/definition.hpp"

namespace wakeful::runner {

/// Returns once `is_stopped` says so. `state_id`: as LineDesk's. Errors: whatever goes wrong; the state is then as it
/// was last moved.
void watch_pushed(const streams::StreamDefinition& definition, const client::Server& server, RemoteKeeper& keeper,
                  const std::string& state_id, const std::function<bool()>& is_stopped);

}  // namespace wakeful::runner
