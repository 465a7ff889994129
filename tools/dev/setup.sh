# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev setup
# shellcheck shell=bash

help_setup() {
  cat <<'TEXT'
usage: ./dev setup [--all]

Installs what building and testing needs, with this machine's own apt (as root or through sudo), and
puts libraries that the system is too old for into a cache folder (ZEROK_CACHE_DIR, else
~/.cache/0k-sync). Says what it installs and why; does nothing when nothing is missing.

  --all   also Clang 19 and its tools (./dev check, ./dev fuzz) and debootstrap
TEXT
}

cmd_setup() {
  local groups=(build)
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --all) groups=(build check roots) ;;
      *) usage_error "./dev setup does not know '$1'" "see ./dev setup --help" ;;
    esac
    shift
  done
  ensure_setup "${groups[@]}"
  say "everything is there"
}
