# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev clean
# shellcheck shell=bash

source tools/dev/roots.sh

help_clean() {
  cat <<'TEXT'
usage: ./dev clean [--cache]

Removes build/ and what the interop tests fetched. With --cache also what is ours in the cache
folder: this machine's built libraries, and Debian roots. Installed packages stay.
TEXT
}

# clean_cache: ZEROK_CACHE_DIR may hold other things too, so only what we put there goes. A root that an
# interrupted ./dev check left may still have this machine's /dev mounted in it.
clean_cache() {
  local top folder
  top="$(cache_top)"
  for folder in "$top"/roots/{bookworm,trixie}-*/; do
    [[ ! -d "$folder" ]] || release_root "${folder%/}"
  done
  [[ -z "$(mounted_in "$top")" ]] || die "something is still mounted in $top; nothing was removed"
  rm -rf --one-file-system "$(cache_dir)" "$top"/roots/{bookworm,trixie}[-.]*
  rmdir --ignore-fail-on-non-empty "$top/roots" "$top" 2>/dev/null || true
  say "removed what was ours in $top"
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
  [[ -z "$cache" ]] || clean_cache
}
