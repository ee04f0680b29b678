#pragma once
// What holds for every closure on a transaction, whichever adaptor runs it: no db call inside one, and only text that
// both databases can keep. Threads: any; the mark of a running closure belongs to its thread.
#include <string_view>

namespace wakeful::db {

/// True while this thread runs a closure of write() or read().
bool inside_closure();

/// Refuses what would wait for itself: aborts in debug builds, throws internal otherwise.
void require_outside_closure(std::string_view call);

/// Marks this thread as running a closure, for the life of the mark.
class ClosureMark {
 public:
  ClosureMark();
  ~ClosureMark();
  ClosureMark(const ClosureMark&) = delete;
  ClosureMark& operator=(const ClosureMark&) = delete;
};

/// Errors: invalid for text with a NUL or with bytes that are not UTF-8: PostgreSQL keeps neither.
void require_storable(std::string_view text);

}  // namespace wakeful::db
