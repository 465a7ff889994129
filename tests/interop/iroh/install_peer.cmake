# SPDX-License-Identifier: MIT OR Apache-2.0
# Installs the iroh peer into PEER_DIR and writes PEER_DIR/status: "ready", or one line that says
# why not. Quick when nothing changed; what failed is tried again by the next build.
# cmake -DNODE= -DNPM= -DSOURCE_DIR= -DPEER_DIR= -P install_peer.cmake
cmake_minimum_required(VERSION 3.25)

function(finish status)
  file(WRITE "${PEER_DIR}/status" "${status}\n")
  if(NOT status STREQUAL "ready")
    message(WARNING "iroh_interop_test will be skipped: ${status}")
  endif()
endfunction()

file(MAKE_DIRECTORY "${PEER_DIR}")
set(version)
if(NODE)
  execute_process(COMMAND "${NODE}" --version OUTPUT_VARIABLE version ERROR_QUIET
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX REPLACE "^v" "" version "${version}")
endif()
if(NOT version OR version VERSION_LESS 18)
  finish("node 18 or newer is not installed")
  return()
elseif(NOT NPM)
  finish("npm is not installed")
  return()
endif()

# Only a file that differs is copied, and only other pins make npm run again.
file(COPY "${SOURCE_DIR}/peer.mjs" "${SOURCE_DIR}/package.json" DESTINATION "${PEER_DIR}")
file(READ "${SOURCE_DIR}/package-lock.json" wanted)
if(EXISTS "${PEER_DIR}/status" AND EXISTS "${PEER_DIR}/package-lock.json")
  file(READ "${PEER_DIR}/package-lock.json" installed)
  file(READ "${PEER_DIR}/status" status)
  if(installed STREQUAL wanted AND status STREQUAL "ready\n")
    return()
  endif()
endif()
file(COPY "${SOURCE_DIR}/package-lock.json" DESTINATION "${PEER_DIR}")

# --ignore-scripts: the package needs none, and nothing from outside runs while building.
execute_process(
  COMMAND "${NPM}" ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000
  WORKING_DIRECTORY "${PEER_DIR}"
  OUTPUT_FILE "${PEER_DIR}/npm.log" ERROR_FILE "${PEER_DIR}/npm.log"
  RESULT_VARIABLE failed TIMEOUT 180)
if(failed)
  finish("npm could not install the iroh package (see npm.log beside this file)")
  return()
endif()
execute_process(COMMAND "${NODE}" --input-type=module --eval "import '@number0/iroh'"
  WORKING_DIRECTORY "${PEER_DIR}" OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  finish("the iroh package does not load here: no native build for this machine or node ${version}")
else()
  finish("ready")
endif()
