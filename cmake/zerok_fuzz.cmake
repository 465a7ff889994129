# SPDX-License-Identifier: MIT OR Apache-2.0
# zerok_fuzz(name SOURCES ... DEPS ... RUNS n): the program <name>_fuzz around LLVMFuzzerTestOneInput.
# With ZEROK_LIBFUZZER it is a libFuzzer program. Otherwise it is linked with replay_main.cc and is
# a ctest test of its own: it replays fuzz/corpus/<name>/ and RUNS seeded mutations of it.
function(zerok_fuzz name)
  cmake_parse_arguments(arg "" "RUNS" "SOURCES;DEPS" ${ARGN})
  string(REGEX REPLACE "_fuzz$" "" name "${name}")
  if(NOT arg_RUNS)
    set(arg_RUNS 20000)
  endif()
  add_executable(${name}_fuzz ${arg_SOURCES})
  target_link_libraries(${name}_fuzz PRIVATE zerok_options)
  target_include_directories(${name}_fuzz PRIVATE "${CMAKE_SOURCE_DIR}")
  zerok_link(${name}_fuzz PRIVATE ${arg_DEPS})
  if(ZEROK_LIBFUZZER)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_sources(${name}_fuzz PRIVATE "${CMAKE_SOURCE_DIR}/fuzz/replay_main.cc")
  if(ZEROK_BUILD_TESTS)
    add_test(NAME ${name}_fuzz COMMAND ${name}_fuzz --runs ${arg_RUNS} --seconds 2
      "${CMAKE_SOURCE_DIR}/fuzz/corpus/${name}")
    set_tests_properties(${name}_fuzz PROPERTIES TIMEOUT 60 LABELS fuzz)
  endif()
endfunction()
