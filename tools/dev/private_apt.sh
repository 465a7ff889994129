# SPDX-License-Identifier: MIT OR Apache-2.0
# A second, private apt: another suite of the archive this machine already uses, with its own sources,
# lists and cache in a throw-away folder. The system's own configuration is read (proxies, keys)
# and never written. What is fetched is checked by apt against the archive's signed lists.
# shellcheck shell=bash

# main_archive: prints the address of the Debian archive among the system's sources, then the
# Signed-By value of that entry (maybe several lines, maybe nothing). apt itself reads the sources,
# so both of their formats and every file are covered; the archive is the one whose signed list
# says it is Debian, whatever its host is called.
main_archive() {
  read_machine
  local entry uri file position
  entry="$(apt-get indextargets --format "\$(ORIGIN)|\$(LABEL)|\$(CODENAME)|\$(REPO_URI)|\$(SOURCESENTRY)" \
    'Created-By: Packages' 'Component: main' 2>/dev/null | grep "^Debian|Debian|$DISTRO_CODENAME|" | head -n 1 || true)"
  [[ -n "$entry" ]] || return 1
  uri="$(cut -d'|' -f4 <<<"$entry")"
  file="$(cut -d'|' -f5- <<<"$entry")"
  position="${file##*:}"
  file="${file%:*}"
  printf '%s\n' "$uri"
  case "$file" in
    *.sources) # the position counts stanzas
      awk -v want="$position" '
        /^[ \t]*#/ { next }
        /^[ \t]*$/ { if (inside) { inside = 0; signed = 0 } next }
        !inside { inside = 1; stanza++ }
        stanza != want { next }
        tolower($0) ~ /^signed-by:/ { signed = 1; sub(/^[^:]*:[ \t]*/, ""); print; next }
        /^[ \t]/ { if (signed) print; next }
        { signed = 0 }' "$file"
      ;;
    *) # the position counts lines
      sed -n "${position}p" "$file" | sed -n 's/.*\[.*signed-by=\([^] ]*\).*\].*/\1/p'
      ;;
  esac
}

# private_apt_open DIR TYPE SUITE: makes DIR a private apt with one source of TYPE (deb or deb-src).
private_apt_open() {
  local dir="$1" type="$2" suite="$3" archive uri signed_by
  archive="$(main_archive)" || {
    apt_update
    archive="$(main_archive)" || die "none of this machine's package sources is the Debian archive for '$DISTRO_CODENAME'"
  }
  uri="$(head -n 1 <<<"$archive")"
  signed_by="$(tail -n +2 <<<"$archive")"
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/download"
  {
    printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\n' "$type" "$uri" "$suite"
    [[ -z "$signed_by" ]] || printf 'Signed-By: %s\n' "$signed_by"
  } >"$dir/private.sources"
  cat >"$dir/apt.conf" <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::Etc::sourcelist "$dir/private.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$dir/lists";
Dir::Cache "$dir/cache";
Acquire::Languages "none";
CONF
  # apt downloads as its own user when we are root, and warns when that user cannot write.
  if [[ "$(id -u)" == 0 ]] && id _apt >/dev/null 2>&1; then
    chown _apt "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/download"
  fi
  private_apt_update "$dir" "$suite"
}

private_apt_update() {
  local dir="$1" suite="$2"
  apt-get -q -c "$dir/apt.conf" update >"$dir/update.log" 2>&1 && return
  # A mirror that stands still while the clock runs lets the list's date run out. Only then, and only
  # here, the date is let pass: the signature and every hash are still checked, so what we get was
  # published by Debian, and our own minimum version keeps an old list from taking us back.
  if grep -q 'is expired (invalid since' "$dir/update.log"; then
    warn "the signed list of '$suite' on this mirror is past its date; using it all the same for this one download"
    warn "(signature and hashes are checked as ever, and a version below our minimum is refused)"
    printf 'Acquire::Check-Valid-Until "false";\n' >>"$dir/apt.conf"
    apt-get -q -c "$dir/apt.conf" update >"$dir/update.log" 2>&1 && return
  fi
  cat "$dir/update.log" >&2
  die "could not read the list of '$suite' from this machine's Debian mirror"
}

# private_apt_fetch_source DIR PACKAGE: into DIR/download, checked, not unpacked.
private_apt_fetch_source() {
  (cd "$1/download" && run_logged "$1/source.log" apt-get -q -c "$1/apt.conf" source --download-only "$2") ||
    die "could not fetch the source package '$2'"
}

# private_apt_fetch_packages DIR PACKAGE...: into DIR/download, checked, not installed.
private_apt_fetch_packages() {
  local dir="$1"
  shift
  (cd "$dir/download" && run_logged "$dir/download.log" apt-get -q -c "$dir/apt.conf" download "$@") ||
    die "could not fetch: $*"
}
