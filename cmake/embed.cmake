# embed_directory(target DIRECTORY dir NAMESPACE ns GLOB pattern…)
#
# Links the bytes of every matching file into `target` and generates <ns>_files.hpp, which declares
#
#   struct EmbeddedFile { std::string_view path; std::string_view bytes; };
#   std::span<const EmbeddedFile> files();      // in namespace wakeful::<ns>, sorted by path
#
# by .incbin: it assembles a megabyte in milliseconds, where a C array of it takes the compiler seconds.
include_guard(GLOBAL)

function(embed_directory target)
  cmake_parse_arguments(E "" "DIRECTORY;NAMESPACE" "GLOB" ${ARGN})
  file(GLOB_RECURSE paths RELATIVE ${E_DIRECTORY} CONFIGURE_DEPENDS LIST_DIRECTORIES false
       ${E_DIRECTORY}/${E_GLOB})
  list(SORT paths)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${E_NAMESPACE})
  set(assembly ".section .rodata\n")
  set(externs "")
  set(rows "")
  set(index 0)
  foreach(path IN LISTS paths)
    set(symbol wakeful_${E_NAMESPACE}_${index})
    string(APPEND assembly
      ".global ${symbol}\n.global ${symbol}_end\n${symbol}:\n.incbin \"${E_DIRECTORY}/${path}\"\n${symbol}_end:\n.byte 0\n")
    string(APPEND externs "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
    string(APPEND rows
      "      {\"${path}\", {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}},\n")
    set_property(SOURCE ${out}_files.S APPEND PROPERTY OBJECT_DEPENDS ${E_DIRECTORY}/${path})
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND assembly ".section .note.GNU-stack,\"\",@progbits\n")  # or the binary gets an executable stack
  file(CONFIGURE OUTPUT ${out}_files.S CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT ${out}_files.hpp @ONLY CONTENT
"#pragma once
#include <span>
#include <string_view>

namespace wakeful::${E_NAMESPACE} {
struct EmbeddedFile {
  std::string_view path;
  std::string_view bytes;
};
std::span<const EmbeddedFile> files();
}  // namespace wakeful::${E_NAMESPACE}
")
  file(CONFIGURE OUTPUT ${out}_files.cpp @ONLY CONTENT
"#include \"${E_NAMESPACE}_files.hpp\"
#include <cstddef>
#include <vector>

${externs}
namespace wakeful::${E_NAMESPACE} {
std::span<const EmbeddedFile> files() {
  static const std::vector<EmbeddedFile> table = {
${rows}  };
  return table;
}
}  // namespace wakeful::${E_NAMESPACE}
")
  target_sources(${target} PRIVATE ${out}_files.S ${out}_files.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
