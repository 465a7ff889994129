# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev test, and run_tests for the commands that test another build.
# shellcheck shell=bash

help_test() {
  cat <<'TEXT'
usage: ./dev test [--preset PRESET] [ctest options]

Builds everything and runs every test, two at a time. Other options go to ctest: -R NAME picks tests,
-L LABEL picks a label, -V shows their output. Ends with one line: N passed, N failed, N skipped; what
was skipped is listed with its reason. Fails when a test fails and when no test ran.
TEXT
}

# run_tests PRESET [ctest options]: expects the build to be there.
run_tests() {
  local preset="$1" status=0
  shift
  local report="$ZEROK_ROOT/build/$preset/ctest-report.xml"
  rm -f "$report"
  ctest --test-dir "build/$preset" -j "${ZEROK_TEST_JOBS:-2}" --output-on-failure --no-tests=error \
    --output-junit "$report" "$@" || status=$?
  python3 tools/dev/test_report.py "$report" || status=1
  return "$status"
}

cmd_test() {
  local preset=dev
  if [[ "${1:-}" == --preset ]]; then
    known_preset "${2:-}" || usage_error "there is no preset '${2:-}'" "see ./dev build --help"
    preset="$2"
    shift 2
  fi
  # shellcheck disable=SC2046
  ensure_setup $(preset_needs "$preset")
  build_preset "$preset"
  run_tests "$preset" "$@"
}
