# SPDX-License-Identifier: MIT OR Apache-2.0
# The two libraries that Debian 12 and 13 may be too old for: libsodium and ngtcp2. Where the system's
# are new enough they are simply installed. Otherwise both go into one prefix in the cache folder,
# which CMake is told as ZEROK_DEPS_DIR; the system is not touched. A prefix is complete or absent:
# it is made under another name and renamed. Set ZEROK_DEPS_DIR yourself to use your own prefix.
# shellcheck shell=bash

source tools/dev/private_apt.sh

readonly SODIUM_MIN=1.0.22
readonly NGTCP2_MIN=1.11
readonly NGTCP2_PACKAGES=(libngtcp2-dev libngtcp2-crypto-gnutls-dev)
readonly PREFIX_RECIPE=1 # raise it when what a prefix holds changes

prefix_path() { printf '%s\n' "$(cache_dir)/libraries-$PREFIX_RECIPE"; }

# installed_version PACKAGE: empty when it is not installed.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p' || true
}

system_has_sodium() { at_least "$(installed_version libsodium-dev)" "$SODIUM_MIN"; }
system_has_ngtcp2() {
  local package
  for package in "${NGTCP2_PACKAGES[@]}"; do
    at_least "$(installed_version "$package")" "$NGTCP2_MIN" || return 1
  done
}

prefix_has() { [[ -e "$(prefix_path)/include/$1" ]]; }

libraries_are_current() {
  [[ -n "${ZEROK_DEPS_DIR:-}" ]] && return 0
  { system_has_sodium || prefix_has sodium.h; } && { system_has_ngtcp2 || prefix_has ngtcp2/ngtcp2.h; }
}

# The prefix CMake is told; empty when the system has both libraries.
deps_prefix() {
  if [[ -n "${ZEROK_DEPS_DIR:-}" ]]; then
    printf '%s\n' "$ZEROK_DEPS_DIR"
  elif [[ -d "$(prefix_path)" ]]; then
    prefix_path
  fi
}

# build_sodium WORK PREFIX: from Debian's source package. Static, so that its symbols can be hidden
# in what we ship; position-independent, so that it can go into a shared library.
build_sodium() {
  local work="$1" prefix="$2" version log tarball
  log="$(cache_dir)/log/libsodium.log"
  say "building libsodium from Debian's source package ($SODIUM_MIN or newer; the system has $(candidate_version libsodium-dev)); about a minute"
  install_missing "what building libsodium needs" make gcc libc6-dev
  private_apt_open "$work/apt-sodium" deb-src sid
  private_apt_fetch_source "$work/apt-sodium" libsodium
  tarball="$(find "$work/apt-sodium/download" -name 'libsodium_*.orig.tar.*' ! -name '*.asc')"
  version="$(basename "$tarball" | sed -n 's/^libsodium_\([0-9.]*\)\.orig\..*/\1/p')"
  at_least "$version" "$SODIUM_MIN" || die "Debian's source package of libsodium is '$version', older than $SODIUM_MIN"
  mkdir "$work/sodium"
  tar -xf "$tarball" -C "$work/sodium" --strip-components=1
  (
    cd "$work/sodium"
    run_logged "$log" env CFLAGS='-O2 -g -fstack-protector-strong' ./configure --prefix="$prefix" \
      --enable-static --disable-shared --with-pic --disable-dependency-tracking &&
      run_logged "$log" make -j"$(cpu_count)" &&
      run_logged "$log" make install
  ) || die "libsodium did not build"
  say "libsodium $version is built"
}

# unpack_ngtcp2 WORK PREFIX: the packages of <codename>-backports, unpacked beside the system.
unpack_ngtcp2() {
  local work="$1" prefix="$2" deb version
  read_machine
  say "fetching ngtcp2 from $DISTRO_CODENAME-backports ($NGTCP2_MIN or newer; the system has $(candidate_version libngtcp2-dev))"
  private_apt_open "$work/apt-ngtcp2" deb "$DISTRO_CODENAME-backports"
  private_apt_fetch_packages "$work/apt-ngtcp2" "${NGTCP2_PACKAGES[@]}"
  mkdir "$work/ngtcp2"
  for deb in "$work/apt-ngtcp2/download"/*.deb; do
    version="$(dpkg-deb -f "$deb" Version)"
    at_least "$version" "$NGTCP2_MIN" || die "ngtcp2 in $DISTRO_CODENAME-backports is $version, older than $NGTCP2_MIN"
    dpkg-deb -x "$deb" "$work/ngtcp2"
  done
  mkdir -p "$prefix/include" "$prefix/lib"
  cp -r "$work/ngtcp2/usr/include/." "$prefix/include/"
  find "$work/ngtcp2/usr/lib" -name '*.a' -exec cp {} "$prefix/lib/" \;
  say "ngtcp2 $version is unpacked"
}

install_libraries() {
  libraries_are_current && return
  apt_update_if_needed libsodium-dev libngtcp2-dev
  if at_least "$(candidate_version libsodium-dev)" "$SODIUM_MIN"; then
    install_missing "libsodium" libsodium-dev
  fi
  if at_least "$(candidate_version libngtcp2-dev)" "$NGTCP2_MIN"; then
    install_missing "ngtcp2, for QUIC" "${NGTCP2_PACKAGES[@]}"
  fi
  libraries_are_current && return

  local work target
  target="$(prefix_path)"
  # Outside the home folder: apt drops root for its downloads and must be able to reach the place.
  work="$(mktemp -d)"
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  chmod 755 "$work"
  system_has_sodium || build_sodium "$work" "$work/prefix"
  system_has_ngtcp2 || unpack_ngtcp2 "$work" "$work/prefix"
  rm -rf "$target.new"
  cp -r "$work/prefix" "$target.new"
  sed -i "s|$work/prefix|$target|g" "$target.new"/lib/*.la "$target.new"/lib/pkgconfig/*.pc 2>/dev/null || true
  rm -rf "$target"
  mv "$target.new" "$target"
  rm -rf "$work"
  trap - EXIT
}
