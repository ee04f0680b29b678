#pragma once
// Files before rows: what a runner says it has uploaded is looked at before any row speaks of it.
#include <string_view>

#include "monitor/wire/protocol.hpp"
#include "tracker/artifacts.hpp"

namespace wakeful::control {

/// The file is there, and its bytes are those that were meant. Not in a transaction: it reads the whole file.
/// Errors: invalid naming `field`.sha256, .size_bytes or .uri.
void check_stored_file(const tracker::ArtifactLocator& files, const monitor::StoredFile& file, std::string_view field);

/// Errors: invalid naming `field`.uri for a file that does not lie below `root`, the job's own run.
void check_place(const monitor::StoredFile& file, std::string_view root, std::string_view field);

}  // namespace wakeful::control
