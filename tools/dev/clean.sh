# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev clean
# shellcheck shell=bash

help_clean() {
  cat <<'TEXT'
usage: ./dev clean [--cache]

Removes build/ and what the interop tests fetched. With --cache also the cache folder: built
libraries and Debian roots. Installed packages stay.
TEXT
}

cmd_clean() {
  local cache=''
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --cache) cache=yes ;;
      *) usage_error "./dev clean does not know '$1'" "see ./dev clean --help" ;;
    esac
    shift
  done
  rm -rf build tests/interop/*/target tests/interop/*/node_modules
  say "removed build/ and what the interop tests fetched"
  if [[ -n "$cache" ]]; then
    rm -rf "$(cache_top)"
    say "removed $(cache_top)"
  fi
}
