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

expect 2 "whole number" ./dev sim --seeds 12345678901234567890

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# A copy of the script alone, in a folder with a space, on a machine where everything is missing and
# nothing can be installed: neither root nor sudo, and apt-get is not the real one.
mkdir "$work/a clone" "$work/bin"
cp -r dev tools CMakePresets.json "$work/a clone/"
ln -s /usr/bin/* "$work/bin/" 2>/dev/null || true
rm -f "$work/bin/"{sudo,id,dpkg-query,apt-get}
printf '#!/bin/sh\necho 59999\n' >"$work/bin/id"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/dpkg-query"
printf '#!/bin/sh\necho apt-get was called\n' >"$work/bin/apt-get"
chmod +x "$work/bin/"{id,dpkg-query,apt-get}
printf 'DISTRO=debian DISTRO_VERSION=12 DISTRO_CODENAME=bookworm ARCH=amd64\n' >"$work/machine"
# bare [NAME=VALUE...] COMMAND: ./dev COMMAND there.
bare() { (cd "$work/a clone" && env -i PATH="$work/bin" BASH_ENV="$work/machine" "$@"); }
expect 1 'needs root: run as root, or install sudo' bare HOME="$work" ZEROK_CACHE_DIR="$work/a cache" ./dev setup
expect 1 'needs root: run as root, or install sudo' bare HOME="$work" ZEROK_CACHE_DIR="$work/a cache" ./dev test
expect 1 'set ZEROK_CACHE_DIR' bare HOME="$work" ZEROK_CACHE_DIR=/proc/none ./dev setup
expect 1 'HOME is not set' bare ./dev setup # that user has no home folder

# clean --cache takes what is ours and leaves what is not.
mkdir -p "$work/top/debian-12-amd64/log" "$work/top/roots/trixie-amd64.77/etc" "$work/top/mine"
touch "$work/top/roots/trixie-amd64.tar" "$work/top/roots/notes" "$work/a clone/kept"
(
  cd "$work/a clone"
  mkdir build
  if [[ "$(id -u)" == 0 ]]; then
    ZEROK_CACHE_DIR="$work/top" BASH_ENV="$work/machine" ./dev clean --cache >/dev/null
    [[ "$(cd "$work/top" && find . | sort | tr '\n' ' ')" == ". ./mine ./roots ./roots/notes " ]] ||
      fail "clean --cache left: $(find "$work/top")"
  else
    ./dev clean >/dev/null
  fi
  [[ ! -e build && -e kept ]] || fail "clean took too much or too little"
)

# The closing line of ./dev test.
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
