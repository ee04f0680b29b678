#pragma once
// Where artifacts go, as text: locations that users give are checked, those of runs and models derived. Pure.
#include <string>
#include <string_view>

#include "tracker/settings.hpp"

namespace wakeful::tracker {

/// The location to keep for one that a user gave; relative paths become absolute below the working directory.
/// Errors: invalid naming artifact_location: a fragment, `runs:`, ".." or control characters, percent-encoded or not;
/// too long.
std::string check_artifact_location(std::string_view location, const Settings& settings);

/// Appends to the path of a URI, before its query: "s3://b/p?v=1" and "r/artifacts" give "s3://b/p/r/artifacts?v=1".
std::string append_to_uri(std::string_view uri, std::string_view path);

/// "<default root>/<id>".
std::string default_location(const Settings& settings, std::int64_t experiment_id);

}  // namespace wakeful::tracker
