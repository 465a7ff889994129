# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev build
# shellcheck shell=bash

help_build() {
  cat <<'TEXT'
usage: ./dev build [PRESET] [TARGET...]

Builds everything, or the named ninja targets, into build/PRESET. The default preset is `dev` (GCC,
optimised, with debug information); the others: dev-clang, release, asan, tsan, fuzz, tidy, coverage.
TEXT
}

cmd_build() {
  local preset=dev
  if [[ $# -gt 0 ]]; then
    known_preset "$1" || usage_error "there is no preset '$1'" "see ./dev build --help"
    preset="$1"
    shift
  fi
  # shellcheck disable=SC2046
  ensure_setup $(preset_needs "$preset")
  build_preset "$preset" "$@"
  say "built into build/$preset"
}
