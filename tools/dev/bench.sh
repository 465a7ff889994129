# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev bench
# shellcheck shell=bash

help_bench() {
  cat <<'TEXT'
usage: ./dev bench [--json] [--list] [--seconds S] [--samples N] [FILTER]

Builds the release preset and runs the benchmarks: a table, or JSON with --json. FILTER picks the
values whose key contains it; --list names them all. docs/performance.md explains the figures.
TEXT
}

cmd_bench() {
  ensure_setup build
  # The table is the output; what the build says goes to the other stream.
  build_preset release zerok_bench >&2
  local program="build/release/bench/zerok_bench"
  [[ -x "$program" ]] || die "there is no $program in this build"
  exec "$program" "$@"
}
