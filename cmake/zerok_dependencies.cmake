# SPDX-License-Identifier: MIT OR Apache-2.0
# Finds third-party libraries. ZEROK_DEPS_DIR is the prefix `./dev setup` fills with what the system
# is too old for (libsodium, ngtcp2); it wins over the system, and versions are checked here.
set(ZEROK_DEPS_DIR "$ENV{ZEROK_DEPS_DIR}" CACHE PATH "Prefix with libraries newer than the system's")

# zerok_find_library(target header library...): an imported-like interface target with system includes.
function(zerok_find_library target header)
  find_path(${target}_include "${header}" HINTS "${ZEROK_DEPS_DIR}/include" REQUIRED)
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE "${${target}_include}")
  foreach(library IN LISTS ARGN)
    # Static from our own prefix, shared from the system: libb2.a and libsodium.a share internal names.
    if(ZEROK_DEPS_DIR)
      find_library(${target}_${library} NAMES "lib${library}.a" PATHS "${ZEROK_DEPS_DIR}/lib"
        NO_DEFAULT_PATH)
    endif()
    find_library(${target}_${library} NAMES "${library}" REQUIRED)
    target_link_libraries(${target} INTERFACE "${${target}_${library}}")
  endforeach()
endfunction()

# zerok_require_version(what header regex minimum): reads the version out of the header.
function(zerok_require_version what header regex minimum)
  file(STRINGS "${header}" line REGEX "${regex}")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${line}")
  if(NOT version OR version VERSION_LESS minimum)
    message(FATAL_ERROR "${what} ${minimum} or newer is needed, found '${version}'. Run ./dev setup.")
  endif()
  message(STATUS "${what} ${version}")
endfunction()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)

zerok_find_library(zerok_dep_sodium sodium.h sodium)
zerok_require_version(libsodium "${zerok_dep_sodium_include}/sodium/version.h"
  "define SODIUM_VERSION_STRING" 1.0.22)
target_link_libraries(zerok_dep_sodium INTERFACE Threads::Threads)

zerok_find_library(zerok_dep_blake2 blake2.h b2)
zerok_find_library(zerok_dep_nettle nettle/sha2.h nettle)

zerok_find_library(zerok_dep_gnutls gnutls/gnutls.h gnutls)
zerok_find_library(zerok_dep_ngtcp2 ngtcp2/ngtcp2.h ngtcp2_crypto_gnutls ngtcp2)
zerok_require_version(ngtcp2 "${zerok_dep_ngtcp2_include}/ngtcp2/version.h"
  "define NGTCP2_VERSION " 1.11.0)
target_link_libraries(zerok_dep_ngtcp2 INTERFACE zerok_dep_gnutls)

zerok_find_library(zerok_dep_msgpack msgpack.hpp)
target_compile_definitions(zerok_dep_msgpack INTERFACE MSGPACK_NO_BOOST)

zerok_find_library(zerok_dep_sqlite sqlite3.h sqlite3)
zerok_require_version(SQLite "${zerok_dep_sqlite_include}/sqlite3.h"
  "define SQLITE_VERSION  " 3.37.0)

if(ZEROK_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
