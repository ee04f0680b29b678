#pragma once
// Which named statements ran on which database: "one text for both" is worth what was tried on both. Tests hand one
// record to every database they open and compare; the server runs without. Threads: any.
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "platform/core/mutex.hpp"
#include "platform/db/database.hpp"

namespace wakeful::db {

class StatementRecord {
 public:
  void add(Dialect dialect, std::string_view name) EXCLUDES(mutex_);
  std::set<std::string> names(Dialect dialect) const EXCLUDES(mutex_);

 private:
  mutable core::Mutex mutex_;
  std::map<Dialect, std::set<std::string, std::less<>>> names_ GUARDED_BY(mutex_);
};

}  // namespace wakeful::db
