# SPDX-License-Identifier: MIT OR Apache-2.0
# Flags every target shares: the interface target zerok_options.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

find_program(ZEROK_CCACHE ccache)
if(ZEROK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR};CCACHE_NOHASHDIR=1;${ZEROK_CCACHE}")
endif()

if("${CMAKE_CXX_FLAGS} $ENV{CXXFLAGS}" MATCHES "ZEROK_PLANTED_BUGS")
  message(FATAL_ERROR "ZEROK_PLANTED_BUGS puts bugs in on purpose. It is for zerok_sim_planted alone (docs/testing.md).")
endif()

add_library(zerok_options INTERFACE)
target_include_directories(zerok_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_options(zerok_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # At -O3 GCC 12 sees overlaps inside std::string that can't be (GCC bug 105651), and lengths beyond
  # all memory where two std::vector<std::uint8_t> are ordered.
  target_compile_options(zerok_options INTERFACE -Wno-restrict -Wno-stringop-overread)
endif()
if(ZEROK_WERROR)
  target_compile_options(zerok_options INTERFACE -Werror)
endif()
if(ZEROK_SANITIZE)
  target_compile_options(zerok_options INTERFACE -fsanitize=${ZEROK_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(zerok_options INTERFACE -fsanitize=${ZEROK_SANITIZE})
endif()
if(ZEROK_COVERAGE)
  target_compile_options(zerok_options INTERFACE --coverage)
  target_link_options(zerok_options INTERFACE --coverage)
endif()
if(ZEROK_LIBFUZZER)
  target_compile_options(zerok_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
