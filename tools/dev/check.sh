# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev check
# shellcheck shell=bash

source tools/dev/test.sh
source tools/dev/fuzz.sh
source tools/dev/roots.sh

readonly FUZZ_SECONDS=10
readonly CHECK_STEPS=(format lint tidy clang asan tsan fuzz)

help_check() {
  cat <<'TEXT'
usage: ./dev check [STEP...] [--fix]

Without a STEP it runs all of these, one after the other, and then says which failed:
  --format   clang-format agrees with every file (--fix: change the files instead)
  --lint     the house lint and its own test
  --tidy     clang-tidy, with the short list of checks in .clang-tidy
  --clang    build with Clang 19 without a warning, and run every test
  --asan     every test under AddressSanitizer and UBSan
  --tsan     the tests labelled `threads` under ThreadSanitizer
  --fuzz     each fuzz target for ten seconds

Only when named (each takes long and needs root):
  --debian12, --debian13   ./dev test of the committed tree in a new, bare Debian
TEXT
}

format_files() {
  local folders=() folder
  for folder in src apps sim fuzz bench tests include; do
    [[ -d "$folder" ]] && folders+=("$folder")
  done
  find "${folders[@]}" \( -name node_modules -o -name target -o -path '*/build' \) -prune -o \
    \( -name '*.cc' -o -name '*.h' -o -name '*.hpp' \) -print0
}

check_format() { format_files | xargs -0 -n 40 -P "$(cpu_count)" clang-format-19 --dry-run -Werror; }
fix_format() { format_files | xargs -0 -n 40 -P "$(cpu_count)" clang-format-19 -i; }

check_lint() { python3 tools/house_lint.py && python3 tools/house_lint_test.py; }

check_tidy() {
  configure_preset dev-clang
  python3 tools/dev/tidy.py build/dev-clang
}

check_clang() {
  build_preset dev-clang
  run_tests dev-clang
}

check_asan() {
  build_preset asan
  ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}" \
    UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}" run_tests asan
}

check_tsan() {
  if ! grep -rsqE '\bLABELS\b.*\bthreads\b' --include=CMakeLists.txt src apps tests; then
    warn "no test is labelled 'threads' yet: there is nothing for ThreadSanitizer to look at"
    return 0
  fi
  build_preset tsan
  TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1}" run_tests tsan -L threads
}

check_fuzz() {
  local targets
  mapfile -t targets < <(fuzz_targets)
  fuzz_all "$FUZZ_SECONDS" "${targets[@]}"
}

check_debian12() { test_in_bare_debian bookworm; }
check_debian13() { test_in_bare_debian trixie; }

cmd_check() {
  local steps=() fix='' step failed=() started
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --fix) fix=yes ;;
      --format | --lint | --tidy | --clang | --asan | --tsan | --fuzz | --debian12 | --debian13)
        steps+=("${1#--}")
        ;;
      *) usage_error "./dev check does not know '$1'" "see ./dev check --help" ;;
    esac
    shift
  done
  if [[ -n "$fix" ]]; then
    [[ ${#steps[@]} == 0 || "${steps[*]}" == format ]] || usage_error "--fix goes with --format only" "./dev check --format --fix"
    ensure_setup check
    fix_format
    say "formatted"
    return
  fi
  [[ ${#steps[@]} -gt 0 ]] || steps=("${CHECK_STEPS[@]}")
  case " ${steps[*]} " in
    *' debian'*) ensure_setup roots ;;
  esac
  if [[ "${steps[*]/debian1[23]/}" =~ [a-z] ]]; then ensure_setup build check; fi

  for step in "${steps[@]}"; do
    started=$SECONDS
    say "== $step"
    # In a shell of its own, so that a step that stops does not stop the others.
    if (set +e; "check_$step"); then
      say "== $step: good ($((SECONDS - started)) s)"
    else
      warn "== $step: FAILED ($((SECONDS - started)) s)"
      failed+=("$step")
    fi
  done
  [[ ${#failed[@]} == 0 ]] || die "failed: ${failed[*]}"
  say "all good: ${steps[*]}"
}
