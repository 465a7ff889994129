# SPDX-License-Identifier: MIT OR Apache-2.0
# ./dev demo: three devices sync through a real relay, for a person to watch.
# shellcheck shell=bash

source tools/dev/demo_channel.sh

help_demo() {
  cat <<'TEXT'
usage: ./dev demo [--file FILE]

A relay, a group and three devices, all real processes on the loopback address with real stores on
disk. A second device joins by the long code, a third by the short one. A file (the licence, or FILE
of at most 1,048,064 bytes) and texts are pushed on one device and arrive on the others while they
watch. The relay is killed with -9 and started again; nothing is lost, also not what was pushed while
it was down. Everything is compared at the end, the time to sync is measured, and all that was made
is removed.

TEXT
  echo
  help_demo_channel
}

# on DEVICE COMMAND...: shows a command as a person at that device would type it, then runs it.
on() {
  local device="$1" word
  shift
  printf '\n%s$ 0k' "$device"
  for word in "$@"; do
    [[ "$word" == *' '* ]] && word="'$word'"
    printf ' %s' "${word//$demo_dir\//}"
  done
  printf '\n'
  at "$device" "$@"
}

# at DEVICE COMMAND...: runs it there without a word. Each device is a folder.
at() { (cd "$demo_dir/$1" && ZEROK_DATA_DIR=data "$demo_bin/cli/0k" "${@:2}"); }

demo_cleanup() {
  local pid
  for pid in "${demo_pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$demo_dir"
}

# wait_for WHAT COMMAND...: until the command succeeds, 30 s at most.
wait_for() {
  local what="$1" tries
  shift
  for ((tries = 0; tries < 600; ++tries)); do
    "$@" && return
    sleep 0.05
  done
  tail -n 5 "$demo_dir"/*.log >&2
  die "this did not happen in time: $what"
}

says() { grep -qE -- "$2" "$demo_dir/$1"; }
# counts FILE COUNT PATTERN: whether so many lines match.
counts() { [[ "$(grep -cE -- "$3" "$demo_dir/$1")" -ge "$2" ]]; }

demo_start_relay() {
  printf '\n$ 0k-relay --data-dir relay --bind %s &\n' "$demo_address"
  : >"$demo_dir/relay.log"
  "$demo_bin/relay/0k-relay" --data-dir "$demo_dir/relay" --bind "$demo_address" >"$demo_dir/relay.log" 2>&1 &
  demo_relay=$!
  demo_pids+=("$demo_relay")
  wait_for "the relay prints its ticket" says relay.log '0krelay'
}

# demo_pair DEVICE KIND PATTERN: Laptop invites, DEVICE joins with the code that matches.
demo_pair() {
  local invite code
  printf '\nlaptop$ 0k invite --approve\n'
  # Here and not in the background: the codes of the invite before it must be gone.
  : >"$demo_dir/invite.log"
  at laptop invite --approve >>"$demo_dir/invite.log" 2>&1 &
  invite=$!
  demo_pids+=("$invite")
  wait_for "the codes are there" says invite.log "$3"
  code="$(grep -oE -- "$3" "$demo_dir/invite.log" | head -n 1)"
  sed -n '1,3p' "$demo_dir/invite.log" | cut -c 1-100 | sed '/^$/d; 1s/$/.../'
  printf '\n%s$ 0k join        (the %s code)\n' "$1" "$2"
  at "$1" join <<<"$code"
  wait "$invite" || die "the invite failed: $(cat "$demo_dir/invite.log")"
}

# demo_watch DEVICE [--json]: in the background, from now on to the end.
demo_watch() {
  printf '\n%s$ 0k watch --out-dir inbox%s &\n' "$1" "${2:+ $2}"
  at "$1" watch --out-dir inbox "${@:2}" >"$demo_dir/$1.log" 2>"$demo_dir/$1.watch.log" &
  demo_pids+=($!)
}

# demo_push [OPTION...] THING: on the laptop; what it printed is kept, as it has the ids.
demo_push() {
  on laptop push "$@" >"$demo_dir/push.log" 2>&1
  cat "$demo_dir/push.log"
  sed -n 's/.* id \([0-9a-f]\{32\}\)$/\1/p' "$demo_dir/push.log" >>"$demo_dir/ids.pushed"
}

# demo_arrived: waits until phone and tablet have all that was pushed, and shows what is new.
demo_arrived() {
  local want
  want="$(wc -l <"$demo_dir/ids.pushed")"
  wait_for "phone and tablet have all $want" demo_all_arrived "$want"
  echo
  tail -n "+$((demo_shown + 1))" "$demo_dir/phone.log" | sed 's/^/phone: /'
  demo_shown="$want"
}
demo_all_arrived() { counts phone.log "$1" . && counts tablet.log "$1" '"event":"received"'; }

# demo_compare NAME: everything arrived, once, in order, byte for byte.
demo_compare() {
  local device
  echo
  (cd "$demo_dir" && sha256sum "laptop/$1" "phone/inbox/$1" "tablet/inbox/$1")
  for device in phone tablet; do
    cmp "$demo_dir/laptop/$1" "$demo_dir/$device/inbox/$1" || die "the file differs on $device"
  done
  sed -n 's/.*"event":"received".*"id":"\([0-9a-f]*\)".*/\1/p' "$demo_dir/tablet.log" >"$demo_dir/ids.received"
  cmp "$demo_dir/ids.pushed" "$demo_dir/ids.received" || die "what was received is not what was pushed"
  echo "the same bytes, and all $(wc -l <"$demo_dir/ids.pushed") things arrived once and in order"
}

# demo_measure COUNT: texts one by one, each by a program of its own, which has to connect first.
demo_measure() {
  local i
  printf '\nlaptop$ for i in {1..%d}; do 0k push "note $i"; done\n' "$1"
  for ((i = 1; i <= $1; ++i)); do at laptop push --json "note $i" >>"$demo_dir/measured.json"; done
  sed -n 's/.*"event":"pushed",.*"id":"\([0-9a-f]*\)".*/\1/p' "$demo_dir/measured.json" >>"$demo_dir/ids.pushed"
  wait_for "the notes are there" demo_all_arrived "$(wc -l <"$demo_dir/ids.pushed")"
  python3 - "$demo_dir/measured.json" "$demo_dir/tablet.log" <<'PYTHON'
import json, statistics, sys
pushed, received = ([json.loads(line) for line in open(path)] for path in sys.argv[1:])
saved = {event["id"]: event["at_ms"] for event in pushed if event["event"] == "pushed"}
times = sorted(event["at_ms"] - saved[event["id"]] for event in received if event.get("id") in saved)
print(f"time to sync of {len(times)} texts: median {statistics.median(times):.1f} ms, slowest {times[-1]:.1f} ms")
print("(from saved on the laptop, through connecting and the relay's disk, to written down on the tablet)")
PYTHON
}

cmd_demo() {
  if [[ "${1:-}" == channel ]]; then
    shift
    cmd_demo_channel "$@"
    return
  fi
  local file="$ZEROK_ROOT/LICENSE-APACHE" name device
  if [[ "${1:-}" == --file ]]; then
    [[ -n "${2:-}" && -r "$2" ]] || usage_error "can't read '${2:-}'" "give --file a readable file"
    file="$(realpath "$2")"
    shift 2
  fi
  [[ $# == 0 ]] || usage_error "./dev demo does not know '$1'" "see ./dev demo --help"
  ensure_setup build
  build_preset dev 0k 0k-relay

  demo_bin="$ZEROK_ROOT/build/dev/apps"
  demo_dir="$(mktemp -d)"
  demo_pids=()
  demo_shown=0
  trap demo_cleanup EXIT
  trap 'exit 130' INT TERM
  mkdir "$demo_dir"/{laptop,phone,tablet}
  name="$(basename "$file")"
  cp "$file" "$demo_dir/laptop/$name"
  demo_address="127.0.0.1:$(python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"

  echo
  echo "== A relay on its embedded store, and who is allowed to find it: its ticket"
  demo_start_relay
  grep -oE '0krelay[a-z2-7]+' "$demo_dir/relay.log" | head -n 1 >"$demo_dir/relay.ticket"
  cut -c 1-70 "$demo_dir/relay.ticket" | sed 's/$/.../'

  echo
  echo "== The first device makes a group"
  on laptop init --name Laptop --relay "@$demo_dir/relay.ticket"
  on laptop group create

  echo
  echo "== The second joins by the long code, which brings the ticket along; the third by the short one"
  on phone init --name Phone
  demo_pair phone long '^0k://[^ ]+'
  on tablet init --name Tablet --relay "@$demo_dir/relay.ticket"
  demo_pair tablet short '([0-9A-Z]{4}-){3}[0-9A-Z]{4}'
  on laptop devices

  echo
  echo "== Both watch; the laptop pushes a file and texts"
  demo_watch phone
  demo_watch tablet --json
  wait_for "the phone is online" says phone.watch.log 'watching'
  wait_for "the tablet is online" says tablet.log '"online"'
  demo_push --wait delivered --timeout 20 --file "$name"
  demo_push "Buy milk"
  demo_push "The train leaves at nine"
  demo_arrived

  echo
  echo "== The relay is killed, and something is pushed while it is down"
  printf '\n$ kill -9 %s\n' "$demo_relay"
  kill -9 "$demo_relay"
  wait "$demo_relay" 2>/dev/null || true
  demo_push --timeout 1 "Written while the relay was down"
  demo_start_relay
  demo_push --wait relay --timeout 20 "And after it came back"
  demo_arrived

  echo
  echo "== Nothing was lost"
  demo_compare "$name"
  on laptop status

  echo
  echo "== How long it takes"
  demo_measure 20
  demo_compare "$name" >/dev/null
}
