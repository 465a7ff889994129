# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev fuzz, and fuzz_all for ./dev check.
# shellcheck shell=bash

help_fuzz() {
  cat <<'TEXT'
usage: ./dev fuzz [TARGET...] [--seconds N] | --list

Builds the fuzz targets with libFuzzer, AddressSanitizer and UBSan and runs each for N seconds
(default 60), as many at once as there are processors. Without a TARGET it runs all. New inputs are
kept in build/fuzz/corpus/TARGET, an input that fails in build/fuzz/crashes.
TEXT
}

fuzz_targets() { sed -n 's/^ *zerok_fuzz(\([a-z0-9_]*\).*/\1/p' fuzz/CMakeLists.txt | sed 's/_fuzz$//'; }

# fuzz_one TARGET SECONDS
fuzz_one() {
  local name="$1" seconds="$2" corpus="build/fuzz/corpus/$1" log="build/fuzz/log/$1.log" seeds=()
  mkdir -p "$corpus" build/fuzz/crashes build/fuzz/log
  [[ -d "fuzz/corpus/$name" ]] && seeds=("fuzz/corpus/$name")
  if "build/fuzz/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/crashes/$name-" "$corpus" "${seeds[@]}" >"$log" 2>&1; then
    say "fuzz $name: $(sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/\1 runs in \2 s/p' "$log"), nothing found"
  else
    tail -n 30 "$log" >&2
    warn "fuzz $name FAILED; the whole output is in $log"
    return 1
  fi
}

# fuzz_all SECONDS TARGET...: builds and runs them; fails when one fails or there is none.
fuzz_all() {
  local seconds="$1" running=0 failed=0 name
  shift
  [[ $# -gt 0 ]] || {
    warn "there is no fuzz target"
    return 1
  }
  build_preset fuzz
  for name in "$@"; do
    if ((running >= $(cpu_count))); then
      wait -n || failed=1
      ((running -= 1)) || true
    fi
    fuzz_one "$name" "$seconds" &
    ((running += 1))
  done
  while ((running > 0)); do
    wait -n || failed=1
    ((running -= 1)) || true
  done
  return "$failed"
}

cmd_fuzz() {
  local seconds=60 targets=() all
  mapfile -t all < <(fuzz_targets)
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --list)
        printf '%s\n' "${all[@]}"
        return
        ;;
      --seconds)
        need_number "$1" "${2:-}"
        seconds="$2"
        shift
        ;;
      -*) usage_error "./dev fuzz does not know '$1'" "see ./dev fuzz --help" ;;
      *)
        grep -qxF "$1" <<<"$(printf '%s\n' "${all[@]}")" ||
          usage_error "there is no fuzz target '$1'" "the targets are: ${all[*]}"
        targets+=("$1")
        ;;
    esac
    shift
  done
  [[ ${#targets[@]} -gt 0 ]] || targets=("${all[@]}")
  ensure_setup build check
  fuzz_all "$seconds" "${targets[@]}"
}
