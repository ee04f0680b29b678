#include "platform/db/closure.hpp"

#include <cstdlib>

#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/text.hpp"

namespace wakeful::db {
namespace {

// Aligned like what follows it in the program. mold 1.10 begins the pages that become read-only with the thread-locals,
// which take no room: where code ends less than eight bytes before a page does, those of one byte lie in a page that is
// not there, and the program does not start.
alignas(void*) thread_local bool running_closure = false;

bool is_plain_ascii(std::string_view text) {
  unsigned char high = 0;
  bool zero = false;
  for (const char c : text) {
    high |= static_cast<unsigned char>(c);
    zero |= c == '\0';
  }
  return high < 0x80 && !zero;
}

}  // namespace

bool inside_closure() { return running_closure; }

void require_outside_closure(std::string_view call) {
  if (!running_closure) return;
  const std::string message = fmt::format("{} inside a closure on a transaction would wait for itself", call);
#ifndef NDEBUG
  core::log::error("db_nested_call", {{"message", message}});
  std::abort();
#else
  throw core::internal(message);
#endif
}

ClosureMark::ClosureMark() { running_closure = true; }
ClosureMark::~ClosureMark() { running_closure = false; }

void require_storable(std::string_view text) {
  if (is_plain_ascii(text)) return;
  if (text.find('\0') != std::string_view::npos) throw core::invalid("text must not contain a NUL character");
  if (!core::is_utf8(text)) throw core::invalid("text must be UTF-8");
}

void StatementOrder::require_free(std::string_view name) {
  if (failed_) throw core::internal(fmt::format("{} after {} had failed", name, last_));
  if (showing_row_) throw core::internal(fmt::format("{} inside the rows of {}", name, last_));
  last_ = name;
}

void StatementOrder::require_sound() const {
  if (failed_) throw core::internal(fmt::format("the closure went on after {} had failed", last_));
}

}  // namespace wakeful::db
