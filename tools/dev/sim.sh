# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev sim
# shellcheck shell=bash

help_sim() {
  cat <<'TEXT'
usage: ./dev sim [--seeds N] [--from K] [--jobs J] [--json]
       ./dev sim --seed S [--without FAULT,...] [--trace]

Runs simulated worlds: the real client and relay over a simulated network, disk and clock, with
faults, and checkers that look on. N worlds (default 1000) from seed K (default 1) on, J at a time
(default: one per core). The same seed is the same world on every machine. A failure prints its
seed, the faults it needs, and how to replay it with every event. docs/testing.md tells more.
TEXT
}

cmd_sim() {
  local seeds=1000 from=1 jobs arguments=() one=''
  jobs="$(cpu_count)"
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --seeds | --from | --jobs | --seed)
        need_number "$1" "${2:-}"
        case "$1" in
          --seeds) seeds="$2" ;;
          --from) from="$2" ;;
          --jobs) jobs="$2" ;;
          --seed) one="$2" ;;
        esac
        shift
        ;;
      --without)
        [[ -n "${2:-}" ]] || usage_error "--without needs names of faults" "see docs/testing.md"
        arguments+=(--without "$2")
        shift
        ;;
      --trace | --json) arguments+=("$1") ;;
      *) usage_error "./dev sim does not know '$1'" "see ./dev sim --help" ;;
    esac
    shift
  done
  ensure_setup build
  build_preset dev zerok_sim
  if [[ -n "$one" ]]; then
    build/dev/sim/zerok_sim --seed "$one" "${arguments[@]}"
    return
  fi
  [[ -t 2 ]] && arguments+=(--progress)
  build/dev/sim/zerok_sim --seeds "$seeds" --from "$from" --jobs "$jobs" "${arguments[@]}"
}
