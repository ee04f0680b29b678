# add_suite(core_test SOURCES a_test.cpp … USES core …): one GoogleTest program and one ctest entry per module.
# Results are counted from the XML that each program leaves (scripts/test), so a crash cannot read as "fewer tests".
include_guard(GLOBAL)

function(add_suite name)
  cmake_parse_arguments(S "" "" "SOURCES;USES;LIBS" ${ARGN})
  add_executable(${name} ${S_SOURCES})
  use_house_rules(${name})
  target_link_libraries(${name} PRIVATE GTest::gtest_main ${S_LIBS})
  foreach(used IN LISTS S_USES)
    target_link_libraries(${name} PRIVATE wakeful::${used})
  endforeach()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE WAKEFUL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} --gtest_output=xml:${PROJECT_BINARY_DIR}/results/${name}.xml)
  set_property(GLOBAL APPEND PROPERTY WAKEFUL_SUITES ${name})
endfunction()
