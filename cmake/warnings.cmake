# One set of warnings for our own code, errors in every preset.
include_guard(GLOBAL)

add_library(wakeful_warnings INTERFACE)
target_compile_options(wakeful_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-qual -Wformat=2 -Wundef -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(wakeful_warnings INTERFACE -Wthread-safety -Wdeprecated-copy-dtor)
else()
  # g++ 12 reports false positives of these inside its own standard library when sanitizers or -O2 are on.
  target_compile_options(wakeful_warnings INTERFACE -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overread
    -Wno-stringop-overflow -Wno-array-bounds -Wno-dangling-pointer)
endif()

# The standard headers that nearly every unit includes, compiled once. Every file still includes what it uses;
# the `clang` preset builds without this header and so checks it.
if(WAKEFUL_PCH)
  file(WRITE ${PROJECT_BINARY_DIR}/pch.cpp "")
  add_library(wakeful_pch STATIC ${PROJECT_BINARY_DIR}/pch.cpp)
  target_compile_options(wakeful_pch PRIVATE -fpch-preprocess)
  # The same warnings as its users: g++ refuses a precompiled header made under another -Wpedantic.
  target_link_libraries(wakeful_pch PRIVATE fmt::fmt wakeful_warnings)
  target_precompile_headers(wakeful_pch PRIVATE
    <algorithm> <array> <atomic> <chrono> <cmath> <cstdint> <functional> <map> <memory> <mutex> <optional> <span>
    <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector> <fmt/core.h>)
endif()

# use_house_rules(target): warnings as errors, and the precompiled header where it is on.
function(use_house_rules target)
  target_link_libraries(${target} PRIVATE wakeful_warnings fmt::fmt)
  if(WAKEFUL_PCH)
    target_precompile_headers(${target} REUSE_FROM wakeful_pch)
    # -fPIC for programs too (CMake gives them -fPIE): the header must be used as it was compiled.
    target_compile_options(${target} PRIVATE -fpch-preprocess -fPIC)
  endif()
endfunction()
