# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev demo channel: a listener and a dialer as two processes, for a person to watch.
# shellcheck shell=bash

help_demo_channel() {
  cat <<'TEXT'
usage: ./dev demo channel [--file FILE]

The ground that the rest stands on: a listener and a dialer as two processes with QUIC and the
hybrid post-quantum Noise handshake between them. The dialer verifies both pinned identities, echoes
a real file (the licence, or FILE), and refuses a listener whose Noise keys or TLS key are not the
pinned ones. Traffic stays on the loopback address; everything it made is removed at the end.
TEXT
}

# Shows a command as a person would type it, then runs it.
channel_run() {
  printf '\n$ 0k-channel'
  printf ' %s' "${@//$demo_dir\//}"
  printf '\n'
  "$demo_program" "$@"
}

channel_cleanup() {
  local pid
  for pid in "${demo_pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$demo_dir"
}

# channel_listener NAME: makes NAME.key, starts a listener and waits for its ticket in NAME.ticket.
channel_listener() {
  "$demo_program" keygen "$demo_dir/$1.key" >/dev/null
  "$demo_program" listen --key "$demo_dir/$1.key" --ticket-file "$demo_dir/$1.ticket" \
    >"$demo_dir/$1.log" 2>&1 &
  demo_pids+=($!)
  local tries
  for ((tries = 0; tries < 100; ++tries)); do
    if grep -q '^ticket ' "$demo_dir/$1.log"; then return; fi
    kill -0 "$!" 2>/dev/null || break
    sleep 0.05
  done
  cat "$demo_dir/$1.log" >&2
  die "the listener did not start"
}

# channel_refused ARGUMENTS: the command must end with exit code 3, "not who the ticket says".
channel_refused() {
  local status=0
  channel_run "$@" || status=$?
  [[ "$status" == 3 ]] || die "expected a refusal (exit code 3), got exit code $status"
  echo "refused, as it must be (exit code 3)"
}

cmd_demo_channel() {
  local file="$ZEROK_ROOT/LICENSE-APACHE"
  if [[ "${1:-}" == --file ]]; then
    [[ -n "${2:-}" && -r "$2" ]] || usage_error "can't read '${2:-}'" "give --file a readable file"
    file="$(realpath "$2")"
    shift 2
  fi
  [[ $# == 0 ]] || usage_error "./dev demo channel does not know '$1'" "see ./dev demo channel --help"
  ensure_setup build
  build_preset dev 0k-channel

  demo_program="$ZEROK_ROOT/build/dev/apps/channel/0k-channel"
  demo_dir="$(mktemp -d)"
  demo_pids=()
  trap channel_cleanup EXIT

  echo
  echo "== Two listeners, each with its own keys: the relay, and somebody else"
  channel_listener relay
  channel_listener stranger
  sed 's/^/relay: /' "$demo_dir/relay.log"

  echo
  echo "== A dialer that knows the relay by its ticket"
  channel_run keygen "$demo_dir/device.key"
  channel_run dial --key "$demo_dir/device.key" --ticket "@$demo_dir/relay.ticket" \
    --file "$file" --out "$demo_dir/echo"
  cmp "$file" "$demo_dir/echo"
  echo "cmp: the echoed file is the same, byte for byte"

  echo
  echo "== The same relay, but the ticket pins another Noise identity: a man in the middle"
  "$demo_program" mix-ticket --ticket "@$demo_dir/relay.ticket" \
    --noise-from "@$demo_dir/stranger.ticket" >"$demo_dir/wrong-noise.ticket"
  channel_refused dial --key "$demo_dir/device.key" --ticket "@$demo_dir/wrong-noise.ticket"

  echo
  echo "== The relay's address, but the ticket pins another TLS key"
  "$demo_program" mix-ticket --ticket "@$demo_dir/stranger.ticket" \
    --address-from "@$demo_dir/relay.ticket" >"$demo_dir/wrong-tls.ticket"
  channel_refused dial --key "$demo_dir/device.key" --ticket "@$demo_dir/wrong-tls.ticket"

  echo
  echo "== What the relay saw: one channel proven, the others never got past their handshake"
  tail -n +3 "$demo_dir/relay.log" | sed 's/^/relay: /'
}
