# SPDX-License-Identifier: MIT OR Apache-2.0
# The proof that ./dev test needs nothing but a bare Debian: the committed tree, in a root made by
# debootstrap with the smallest set of packages, from the mirror this machine uses. The made root is
# kept as an archive in the cache folder; every run unpacks it anew, so each starts bare.
# shellcheck shell=bash

# Variables that say how to reach the outside; they are passed on into the root.
readonly PASSED_ON=(http_proxy https_proxy ftp_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY
  NO_PROXY ALL_PROXY CARGO_HTTP_PROXY CARGO_NET_GIT_FETCH_WITH_CLI CARGO_NET_RETRY
  CARGO_REGISTRIES_CRATES_IO_PROTOCOL npm_config_registry NPM_CONFIG_REGISTRY npm_config_proxy
  npm_config_https_proxy ZEROK_TEST_JOBS CI)
readonly CA_BUNDLE_INSIDE=/etc/ssl/host-ca-bundle.crt

# mounted_in ROOT: the mount points at and below it, deepest first.
mounted_in() {
  # The kernel writes a space in a path as \040.
  awk -v root="$1" '{ gsub(/\\040/, " ", $2) } $2 == root || index($2, root "/") == 1 { print $2 }' /proc/mounts | sort -r
}

# release_root ROOT: unmounts what is mounted in it and only then removes it.
release_root() {
  local root="$1" mounted
  while read -r mounted; do
    as_root umount "$mounted" 2>/dev/null || as_root umount -l "$mounted" || true
  done < <(mounted_in "$root")
  if [[ -n "$(mounted_in "$root")" ]]; then
    warn "something is still mounted in $root; it is left there"
    return
  fi
  as_root rm -rf --one-file-system "$root"
}

# make_root_archive CODENAME ARCHIVE
make_root_archive() {
  local codename="$1" archive="$2" mirror signed_by keyring=() work
  mirror="$(main_archive)" || {
    apt_update
    mirror="$(main_archive)" || die "none of this machine's package sources is a Debian archive"
  }
  signed_by="$(sed -n 2p <<<"$mirror")"
  mirror="$(head -n 1 <<<"$mirror")"
  [[ "$signed_by" == /* ]] && keyring=("--keyring=$signed_by")
  work="$archive.making"
  release_root "$work"
  mkdir -p "$work"
  say "making a bare $codename root with debootstrap"
  run_logged "$archive.log" as_root debootstrap --variant=minbase "${keyring[@]}" "$codename" "$work" "$mirror" ||
    die "debootstrap could not make a $codename root"
  printf 'deb %s %s main\n' "$mirror" "$codename" | as_root tee "$work/etc/apt/sources.list" >/dev/null
  as_root tar -C "$work" --one-file-system -cf "$archive.part" .
  as_root mv "$archive.part" "$archive"
  release_root "$work"
}

# let_root_reach_out ROOT: name resolution, proxies and certificates as this machine has them. No
# credentials: of cargo's settings no line that names one is copied, of npm's only the registry.
let_root_reach_out() {
  local root="$1" file bundle='' settings
  for file in /etc/resolv.conf /etc/hosts; do
    [[ -e "$file" ]] && as_root cp -L "$file" "$root$file"
  done
  apt-config dump | grep -iE '^Acquire::[a-z]+::Proxy' | as_root tee "$root/etc/apt/apt.conf.d/90host-proxy" >/dev/null || true
  for file in "${SSL_CERT_FILE:-}" "${NODE_EXTRA_CA_CERTS:-}" "${CARGO_HTTP_CAINFO:-}" /etc/ssl/certs/ca-certificates.crt; do
    if [[ -r "$file" ]]; then
      bundle="$file"
      break
    fi
  done
  if [[ -n "$bundle" ]]; then
    as_root mkdir -p "$root/etc/ssl"
    as_root cp -L "$bundle" "$root$CA_BUNDLE_INSIDE"
  fi
  settings="${CARGO_HOME:-$HOME/.cargo}/config.toml"
  if [[ -r "$settings" ]]; then
    as_root mkdir -p "$root/root/.cargo"
    { grep -viE 'token|secret|password|credential' "$settings" || true; } |
      as_root tee "$root/root/.cargo/config.toml" >/dev/null
  fi
}

# The settings for inside, one NAME=VALUE a line.
root_environment() {
  local name registry
  printf '%s\n' HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  printf '%s\n' "SSL_CERT_FILE=$CA_BUNDLE_INSIDE" "CARGO_HTTP_CAINFO=$CA_BUNDLE_INSIDE" "NODE_EXTRA_CA_CERTS=$CA_BUNDLE_INSIDE"
  if [[ -z "${npm_config_registry:-}" ]] && have npm; then
    registry="$(npm config get registry 2>/dev/null || true)"
    [[ "$registry" == http* ]] && printf '%s\n' "npm_config_registry=$registry"
  fi
  for name in "${PASSED_ON[@]}"; do
    [[ -z "${!name:-}" ]] || printf '%s\n' "$name=${!name}"
  done
}

# test_in_bare_debian CODENAME: runs ./dev test of HEAD inside; prints its closing line.
test_in_bare_debian() {
  local codename="$1" folder archive root status=0 environment line
  need_root
  git rev-parse --verify -q HEAD >/dev/null || die "this is not a git clone; the committed tree is what gets tested"
  [[ -z "$(git status --porcelain --untracked-files=no)" ]] || warn "there are uncommitted changes; they are not tested"
  read_machine
  folder="$(cache_top)/roots"
  archive="$folder/$codename-$ARCH.tar"
  root="$folder/$codename-$ARCH.$$"
  mkdir -p "$folder"
  # shellcheck disable=SC2064
  trap "release_root '$root'; release_root '$archive.making'" EXIT
  trap 'exit 130' INT TERM HUP
  [[ -s "$archive" ]] || make_root_archive "$codename" "$archive"
  say "unpacking the bare $codename root"
  mkdir -p "$root"
  as_root tar -C "$root" -xf "$archive"
  let_root_reach_out "$root"
  as_root mount --bind "$root" "$root" # a mount point, as network namespaces need their / to be
  as_root mount -t proc proc "$root/proc"
  as_root mount --rbind /dev "$root/dev"
  as_root mount --make-rslave "$root/dev" 2>/dev/null || true
  as_root mount -t tmpfs tmpfs "$root/tmp"
  as_root mkdir -p "$root/src/0k-sync"
  git archive HEAD | as_root tar -C "$root/src/0k-sync" -xf -
  # What CI finds beside the clone (test vectors from outside), where this machine has it.
  if [[ -d ../shared/vectors ]]; then
    as_root mkdir -p "$root/src/shared"
    as_root cp -r ../shared/vectors "$root/src/shared/"
  fi
  mapfile -t environment < <(root_environment)
  say "./dev test in bare $codename, commit $(git rev-parse --short HEAD)"
  as_root env -i "${environment[@]}" chroot "$root" bash -c 'cd /src/0k-sync && exec ./dev test' </dev/null 2>&1 |
    tee "$folder/$codename.log" || status=$?
  line="$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$folder/$codename.log" | tail -n 1 || true)"
  release_root "$root"
  trap - EXIT INT TERM HUP
  say "bare $codename: ${line:-no test ran}"
  [[ "$status" == 0 && -n "$line" ]]
}
