#pragma once
// Splits a migration file into its statements. Knows comments, quoted text and names, and dollar quotes; it does not
// know trigger bodies, which the common subset excludes.
#include <string_view>
#include <vector>

namespace wakeful::db {

/// The statements between the semicolons, without those that are empty or comments only; borrowed from `script`.
/// Errors: invalid for a quote or comment that does not end.
std::vector<std::string_view> split_statements(std::string_view script);

}  // namespace wakeful::db
