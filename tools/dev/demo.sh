# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev demo
# shellcheck shell=bash

help_demo() {
  cat <<'TEXT'
usage: ./dev demo

Shows what there is so far, for real: two processes, QUIC and Noise between them.
TEXT
}

cmd_demo() {
  [[ $# == 0 ]] || usage_error "./dev demo does not know '$1'" "see ./dev demo --help"
  ensure_setup build
  build_preset dev
  die "the demo program is not part of this build"
}
