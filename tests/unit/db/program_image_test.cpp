// The program as its loader sees it.
#include <gtest/gtest.h>
#include <link.h>

#include "platform/db/closure.hpp"

namespace wakeful::db {
namespace {

/// Of this program, which comes first; 0 if it has none.
std::size_t alignment_of_thread_locals() {
  std::size_t alignment = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* program, std::size_t, void* out) {
        for (int i = 0; i < program->dlpi_phnum; ++i)
          if (program->dlpi_phdr[i].p_type == PT_TLS) *static_cast<std::size_t*>(out) = program->dlpi_phdr[i].p_align;
        return 1;
      },
      &alignment);
  return alignment;
}

TEST(ProgramImage, ThreadLocalsAreNeverInAPageOfTheirOwn) {
  EXPECT_FALSE(inside_closure()) << "what has the thread-local is linked";
  EXPECT_GE(alignment_of_thread_locals(), alignof(void*)) << "see closure.cpp";
}

}  // namespace
}  // namespace wakeful::db
