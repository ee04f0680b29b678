#include "platform/db/statements.hpp"

namespace wakeful::db {

void StatementRecord::add(Dialect dialect, std::string_view name) {
  core::Lock lock(mutex_);
  auto& names = names_[dialect];
  if (!names.contains(name)) names.emplace(name);
}

std::set<std::string> StatementRecord::names(Dialect dialect) const {
  core::Lock lock(mutex_);
  const auto found = names_.find(dialect);
  if (found == names_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace wakeful::db
