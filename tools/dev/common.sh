# SPDX-License-Identifier: MIT OR Apache-2.0
# What all commands share: messages, the machine, the cache folder, configure and build.
# shellcheck shell=bash

say() { printf '%s\n' "dev: $*"; }
warn() { printf '%s\n' "dev: $*" >&2; }
die() {
  printf '%s\n' "dev: error: $*" >&2
  exit 1
}

# usage_error WHAT HINT: the caller typed something we do not know.
usage_error() {
  printf '%s\n' "dev: error: $1" "dev: hint: $2" >&2
  exit 2
}

# need_number OPTION VALUE: refuses anything but a whole number above zero.
need_number() {
  [[ "${2:-}" =~ ^[1-9][0-9]{0,8}$ ]] || usage_error "$1 needs a whole number above zero, got '${2:-nothing}'" "for example: $1 10"
}

have() { command -v "$1" >/dev/null 2>&1; }

cpu_count() { nproc; }

# Called before a command whose output goes to a file, or the person would never see why it stopped.
need_root() {
  [[ "$(id -u)" == 0 ]] || have sudo || die "this needs root: run as root, or install sudo"
}

# as_root COMMAND...: runs it as root, through sudo when we are not root.
as_root() {
  need_root
  if [[ "$(id -u)" == 0 ]]; then
    "$@"
  else
    sudo -- "$@"
  fi
}

# Sets DISTRO (debian), DISTRO_VERSION (12), DISTRO_CODENAME (bookworm) and ARCH (amd64).
read_machine() {
  [[ -n "${ARCH:-}" ]] && return
  local ID='' VERSION_ID='' VERSION_CODENAME=''
  # shellcheck source=/dev/null
  [[ -r /etc/os-release ]] && source /etc/os-release
  DISTRO="${ID:-unknown}"
  DISTRO_VERSION="${VERSION_ID:-rolling}"
  DISTRO_CODENAME="${VERSION_CODENAME:-}"
  have dpkg || die "this is not a Debian machine (no dpkg); see docs/decisions/0001-dependencies.md for what to install by hand"
  ARCH="$(dpkg --print-architecture)"
}

# A service may run without it; the cache folder, cargo and npm need it.
if [[ -z "${HOME:-}" ]]; then
  HOME="$(getent passwd "$(id -u)" | cut -d: -f6 || true)"
  [[ -n "$HOME" ]] || die "HOME is not set, and this user has no home folder"
  export HOME
fi

# The folder for what outlives a clone: built libraries, downloaded roots.
cache_top() { printf '%s\n' "${ZEROK_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/0k-sync}"; }

# The part of it that fits this machine.
cache_dir() {
  read_machine
  printf '%s\n' "$(cache_top)/$DISTRO-$DISTRO_VERSION-$ARCH"
}

# run_logged LOG COMMAND...: output goes to the file; on failure its end is shown.
run_logged() {
  local log="$1"
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    warn "this failed: $*"
    warn "the whole output is in $log"
    return 1
  fi
}

# configure_preset PRESET: quick when nothing changed.
configure_preset() {
  local preset="$1" deps fresh=()
  deps="$(deps_prefix)"
  if [[ -f "build/$preset/CMakeCache.txt" ]] &&
    ! grep -qxF "ZEROK_DEPS_DIR:PATH=$deps" "build/$preset/CMakeCache.txt"; then
    fresh=(--fresh) # found paths are cached; they must not mix two prefixes
  fi
  run_logged "build/$preset/configure.log" \
    cmake "${fresh[@]}" --preset "$preset" "-DZEROK_DEPS_DIR=$deps" || die "could not configure the preset '$preset'"
}

# build_preset PRESET [ninja targets...]
build_preset() {
  local preset="$1" ninja_args=()
  shift
  configure_preset "$preset"
  [[ -t 1 ]] || ninja_args=(--quiet) # without a terminal ninja prints a line per file
  say "building build/$preset"
  ninja -C "build/$preset" "${ninja_args[@]}" "$@" || die "the build failed (preset '$preset')"
}

# known_preset NAME: whether CMakePresets.json lists it as a build preset.
known_preset() { grep -q "\"name\": \"$1\", \"configurePreset\"" CMakePresets.json; }

# clang_preset NAME: whether the preset needs Clang.
clang_preset() {
  case "$1" in
    dev-clang | asan | tsan | fuzz | tidy) return 0 ;;
    *) return 1 ;;
  esac
}

# preset_needs NAME: the package groups its build needs, for ensure_setup.
preset_needs() { if clang_preset "$1"; then echo build check; else echo build; fi; }

source tools/dev/packages.sh
