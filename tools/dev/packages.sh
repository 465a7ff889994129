# SPDX-License-Identifier: MIT OR Apache-2.0
# Which system packages each kind of work needs, and ensure_setup, which installs what is missing.
# When nothing is missing it only asks dpkg and two version numbers: no network, well under a second.
# shellcheck shell=bash

source tools/dev/libraries.sh

readonly CARGO_MIN=1.81 # the oldest that builds the crate the Noise interop test is made against
readonly NODE_MIN=18    # the oldest that loads the iroh package of the QUIC interop test

# Compilers, tools and libraries of every build; ca-certificates for cargo and npm; iproute2 for
# tests that move a client between addresses.
readonly BUILD_PACKAGES=(g++ cmake ninja-build pkg-config python3 libgnutls28-dev nettle-dev libb2-dev
  libmsgpack-cxx-dev libsqlite3-dev libfmt-dev libspdlog-dev libcli11-dev libtomlplusplus-dev libgtest-dev
  libgmock-dev
  nlohmann-json3-dev ca-certificates iproute2)
# For ./dev check and ./dev fuzz.
readonly CHECK_PACKAGES=(clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev)
# For the bare Debian roots of ./dev check.
readonly ROOT_PACKAGES=(debootstrap git)

# missing_packages PACKAGE...: those that dpkg does not have, one a line.
missing_packages() {
  local installed package
  installed=" $(dpkg-query -W -f='${db:Status-Status}/${Package} ' "$@" 2>/dev/null || true) "
  for package in "$@"; do
    [[ "$installed" == *" installed/$package "* ]] || printf '%s\n' "$package"
  done
}

# at_least HAVE WANT: Debian version order.
at_least() { [[ -n "$1" ]] && dpkg --compare-versions "$1" ge "$2"; }

candidate_version() {
  apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -vx '(none)' || true
}

cargo_version() { cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9.]*\).*/\1/p' || true; }
node_version() { node --version 2>/dev/null | sed -n 's/^v\([0-9.]*\).*/\1/p' || true; }

cargo_is_fine() { have rustc && at_least "$(cargo_version)" "$CARGO_MIN"; }
node_is_fine() { have npm && at_least "$(node_version)" "$NODE_MIN"; }

# What to install for a cargo: Debian 12 keeps a newer one beside its own, under another name.
cargo_packages() {
  if at_least "$(candidate_version cargo)" "$CARGO_MIN"; then
    echo rustc cargo
  elif at_least "$(candidate_version cargo-web)" "$CARGO_MIN"; then
    echo rustc-web cargo-web
  else
    die "no cargo $CARGO_MIN or newer in this machine's package sources; install one (it is only used by tests)"
  fi
}

# Only what is missing: another vendor's nodejs brings npm along and conflicts with Debian's.
node_packages() {
  at_least "$(node_version)" "$NODE_MIN" || echo nodejs
  have npm || echo npm
}

# apt_update: refreshes the system's package lists.
apt_update() {
  need_root
  say "refreshing the package lists (apt-get update)"
  run_logged "$(cache_dir)/log/apt-update.log" as_root apt-get -q update ||
    die "apt-get update failed; check this machine's package sources"
}

# Refreshes the lists when one of the packages is unknown, or when there are no lists at all.
apt_update_if_needed() {
  local package
  for package in "$@"; do
    if [[ -z "$(candidate_version "$package")" ]]; then
      apt_update
      return
    fi
  done
}

# apt_install WHY PACKAGE...: never removes a package to make room for another.
apt_install() {
  local why="$1" log
  shift
  need_root
  apt_update_if_needed "$@"
  log="$(cache_dir)/log/apt-install.log"
  say "installing $why: $*"
  local command=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300
    --no-install-recommends --no-remove install "$@")
  run_logged "$log" as_root "${command[@]}" && return
  # The lists may be older than the mirror (a package that is gone gives a 404): refresh once.
  apt_update
  run_logged "$log" as_root "${command[@]}" || die "could not install: $*"
}

# install_missing WHY PACKAGE...
install_missing() {
  local why="$1" missing
  shift
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} == 0 ]] || apt_install "$why" "${missing[@]}"
}

setup_is_current() {
  local group
  for group in "$@"; do
    case "$group" in
      build)
        [[ -z "$(missing_packages "${BUILD_PACKAGES[@]}")" ]] && cargo_is_fine && node_is_fine &&
          libraries_are_current || return 1
        ;;
      check) [[ -z "$(missing_packages "${CHECK_PACKAGES[@]}")" ]] || return 1 ;;
      roots) [[ -z "$(missing_packages "${ROOT_PACKAGES[@]}")" ]] || return 1 ;;
      *) die "no package group '$group'" ;;
    esac
  done
}

install_group() {
  local packages
  case "$1" in
    build)
      install_missing "what building and testing needs" "${BUILD_PACKAGES[@]}"
      if ! cargo_is_fine; then
        apt_update_if_needed cargo
        packages="$(cargo_packages)"
        # shellcheck disable=SC2086
        apt_install "cargo, for the Noise interop test" $packages
        hash -r
        cargo_is_fine || die "the cargo on PATH is older than $CARGO_MIN ($(command -v cargo))"
      fi
      if ! node_is_fine; then
        mapfile -t packages < <(node_packages)
        apt_install "Node.js, for the QUIC interop test" "${packages[@]}"
        hash -r
        node_is_fine || die "the node on PATH is older than $NODE_MIN, or has no npm ($(command -v node))"
      fi
      install_libraries
      ;;
    check)
      apt_update_if_needed "${CHECK_PACKAGES[@]}"
      if [[ -z "$(candidate_version clang-19)" ]]; then
        die "Clang 19 is not in this machine's package sources; ./dev check and ./dev fuzz need it (./dev test does not)"
      fi
      install_missing "Clang 19 and its tools, for ./dev check and ./dev fuzz" "${CHECK_PACKAGES[@]}"
      ;;
    roots) install_missing "what makes a bare Debian root" "${ROOT_PACKAGES[@]}" ;;
  esac
}

# ensure_setup GROUP...: installs what is missing; two at once wait for each other.
ensure_setup() {
  setup_is_current "$@" && return
  read_machine
  case "$DISTRO-$DISTRO_VERSION" in
    debian-12 | debian-13) ;;
    debian-*) warn "this is Debian $DISTRO_VERSION; ./dev setup is tested on 12 and 13" ;;
    *) die "./dev setup knows Debian 12 and 13, this is $DISTRO $DISTRO_VERSION; see docs/decisions/0001-dependencies.md for what to install by hand" ;;
  esac
  local lock group cache
  cache="$(cache_dir)"
  mkdir -p "$cache" 2>/dev/null && [[ -w "$cache" ]] ||
    die "can't write to the cache folder $cache: set ZEROK_CACHE_DIR to a folder that can be written"
  exec {lock}>"$cache/setup.lock"
  flock --nonblock "$lock" || {
    say "another setup is running; waiting for it"
    flock "$lock"
  }
  for group in "$@"; do install_group "$group"; done
  exec {lock}>&-
  setup_is_current "$@" || die "something is still missing after setup; run ./dev setup again to see what"
}
