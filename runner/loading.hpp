#pragma once
// The model file of an online model, as it was committed.
#include <string>

#include "client/server.hpp"
#include "monitor/wire/types.hpp"

namespace wakeful::runner {

/// Errors: unavailable if it is not the file that was committed; as client::download.
std::string download_model(const client::Server& server, const monitor::OnlineModel& model);

}  // namespace wakeful::runner
