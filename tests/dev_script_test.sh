#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The entry script's manners: it helps, it refuses what it does not know with a hint, it counts tests
# honestly. Nothing here installs or builds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# expect STATUS PATTERN COMMAND...: the exit status, and a line of the output that matches.
expect() {
  local want="$1" pattern="$2" status=0 output
  shift 2
  output="$("$@" 2>&1)" || status=$?
  [[ "$status" == "$want" ]] || fail "$* ended with $status, not $want: $output"
  grep -qE -- "$pattern" <<<"$output" || fail "$* does not say '$pattern': $output"
}

commands=(setup demo build test check bench sim fuzz clean)
for command in "${commands[@]}"; do
  expect 0 "^  $command " ./dev --help
  expect 0 "^usage: ./dev $command" ./dev "$command" --help
done
expect 2 '^usage: ' ./dev
expect 2 "hint: .*setup demo build" ./dev frobnicate
expect 2 "hint: .*--help" ./dev setup --frobnicate
expect 2 "hint: .*--help" ./dev build no-such-preset
expect 2 "hint: .*--help" ./dev test --preset no-such-preset
expect 2 "hint: .*--help" ./dev check --frobnicate
expect 2 "hint: .*--help" ./dev clean --frobnicate
expect 2 "hint: .*--help" ./dev sim --frobnicate
expect 2 "whole number" ./dev sim --seeds none
expect 2 "whole number" ./dev fuzz --seconds 0
expect 2 "the targets are" ./dev fuzz no_such_target

# It also works when called from elsewhere by its full path.
root="$PWD"
(cd / && expect 0 '^usage: ' "$root/dev" test --help)

# The closing line of ./dev test.
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
report() {
  printf '<testsuite>%s</testsuite>' "$1" >"$work/report.xml"
  python3 tools/dev/test_report.py "$work/report.xml"
}
ran='<testcase name="a" status="run"/>'
broke='<testcase name="b" status="fail"><failure message=""/></testcase>'
lost='<testcase name="c" status="notrun"><skipped message="Unable to find executable: c"/></testcase>'
left='<testcase name="d" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/><system-out>
d_test.cc:3: Skipped
there is no second machine

[  SKIPPED ] D.D (0 ms)</system-out></testcase>'
expect 0 '^2 passed, 0 failed, 0 skipped$' report "$ran$ran"
expect 1 '^1 passed, 1 failed, 0 skipped$' report "$ran$broke"
expect 1 '^1 passed, 1 failed, 0 skipped$' report "$ran$lost"
expect 0 '^1 passed, 0 failed, 1 skipped$' report "$ran$left"
expect 0 'd: there is no second machine$' report "$ran$left"
expect 1 '^0 passed, 0 failed, 1 skipped$' report "$left"
expect 1 '^no test ran$' report ''
expect 1 '^0 passed, 0 failed, 0 skipped$' python3 tools/dev/test_report.py "$work/none.xml"
echo "the entry script keeps its manners"
