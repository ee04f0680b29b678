#pragma once
// What the slices ask of each other, as functions: the registry knows no runs and the tracker no versions, so the
// server hands each the other's answers. Those that are given a transaction run in it; the others open one of their
// own.
#include "platform/db/database.hpp"
#include "registry/settings.hpp"
#include "server/settings.hpp"
#include "tracker/artifacts.hpp"

namespace wakeful::server {

/// Borrows `database`.
tracker::ArtifactRoots artifact_roots(db::Database& database);

/// `artifact_root`: where this server's artifacts go, as tracker::Settings has it.
registry::Settings registry_settings(const Settings& settings, const std::string& artifact_root);

}  // namespace wakeful::server
