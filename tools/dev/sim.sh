# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev sim
# shellcheck shell=bash

help_sim() {
  cat <<'TEXT'
usage: ./dev sim [--seeds N] [--first-seed K]

Runs the simulated network's tests with N seeds (default 1000) starting at K (default 1). The same
seed gives the same run on every machine; a failure names its seed: repeat it with
  ./dev sim --seeds 1 --first-seed SEED
TEXT
}

cmd_sim() {
  local seeds=1000 first=1 program
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --seeds)
        need_number "$1" "${2:-}"
        seeds="$2"
        shift
        ;;
      --first-seed)
        need_number "$1" "${2:-}"
        first="$2"
        shift
        ;;
      *) usage_error "./dev sim does not know '$1'" "see ./dev sim --help" ;;
    esac
    shift
  done
  ensure_setup build
  build_preset dev
  program="$(find build/dev -type f -name simulated_transport_test -perm -u+x -print -quit)"
  [[ -n "$program" ]] || die "there is no simulated_transport_test in this build"
  say "seeds $first to $((first + seeds - 1))"
  ZEROK_SIM_SEEDS="$seeds" ZEROK_SIM_FIRST_SEED="$first" "$program"
}
