#pragma once
// The settings file: YAML whose keys are the flags of the settings table, written with '_', and `connections:`, the
// databases that `sql` sources name. Flags and environment variables win over it.
//
//   port: 5000
//   backend_store_uri: postgresql://wakeful@db/wakeful
//   connections:
//     warehouse: postgresql://reader:secret@warehouse/sales
#include <string>
#include <string_view>

#include "server/settings.hpp"

namespace wakeful::server {

/// The defaults, overridden by what the file says.
/// Errors: invalid naming file and key: broken YAML, more than one document, an unknown key ("did you mean"), a value
/// that cannot be; not_found if it cannot be read.
Settings from_file(const std::string& path);

/// `from_file` on its contents; `path` names it in messages.
Settings from_settings_text(std::string_view text, const std::string& path);

}  // namespace wakeful::server
