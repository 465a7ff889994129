// SPDX-License-Identifier: MIT OR Apache-2.0
// The tables of a relay's store. A published migration never changes; another is added behind it.
#include <array>

#include "store/sqlite/sqlite_relay_store.h"

namespace zerok::store {
namespace {

// groups: one row each, written once per transaction whatever happened to the group. first_removed
//   is when the line after the floor became a stub; its index finds logs that begin with old stubs.
// devices and states lie apart: a device's counters change with every push, its state is large.
// lines: in the order of a group's log. The payload is a row of its own, so that removing it does
//   not rewrite its neighbours' lines; payloads are appended at the end of their table whatever
//   group they are of, and those that end together lie together.
//   line_by_blob makes a blob id unique in its group; payload_by_age holds payloads only.
// live: how many payloads there are in each block of lines, by sender: counting is then a sum over
//   blocks and at most one block of lines.
constexpr const char* kVersion1 = R"(
CREATE TABLE groups (
  id INTEGER PRIMARY KEY,
  group_id BLOB NOT NULL UNIQUE,
  head INTEGER NOT NULL, head_hash BLOB NOT NULL,
  floor INTEGER NOT NULL, floor_hash BLOB NOT NULL,
  payload_bytes INTEGER NOT NULL,
  roster_length INTEGER NOT NULL,
  first_removed INTEGER
) STRICT;
CREATE INDEX group_by_first_removed ON groups (first_removed) WHERE first_removed IS NOT NULL;
CREATE TABLE roster (
  group_key INTEGER NOT NULL, number INTEGER NOT NULL, entry BLOB NOT NULL,
  PRIMARY KEY (group_key, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
  group_key INTEGER NOT NULL, device BLOB NOT NULL,
  acknowledged INTEGER NOT NULL, own_lines INTEGER NOT NULL, last_seen INTEGER NOT NULL,
  PRIMARY KEY (group_key, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE states (
  group_key INTEGER NOT NULL, device BLOB NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY (group_key, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE lines (
  group_key INTEGER NOT NULL, cursor INTEGER NOT NULL,
  log_hash BLOB NOT NULL, blob BLOB NOT NULL, sender BLOB NOT NULL, epoch_group BLOB NOT NULL,
  ciphertext_hash BLOB NOT NULL, committed INTEGER NOT NULL, sealed_bytes INTEGER NOT NULL,
  payload INTEGER, reason INTEGER, removed INTEGER NOT NULL,
  payload_checksum INTEGER NOT NULL, checksum INTEGER NOT NULL,
  PRIMARY KEY (group_key, cursor)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX line_by_blob ON lines (group_key, blob);
CREATE INDEX payload_by_age ON lines (committed, group_key, cursor) WHERE payload IS NOT NULL;
CREATE TABLE payloads (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE live (
  group_key INTEGER NOT NULL, block INTEGER NOT NULL, sender BLOB NOT NULL, payloads INTEGER NOT NULL,
  PRIMARY KEY (group_key, block, sender)
) STRICT, WITHOUT ROWID;
CREATE TABLE totals (
  id INTEGER PRIMARY KEY, groups INTEGER NOT NULL, payload_bytes INTEGER NOT NULL, lines INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0);
CREATE TABLE named_values (name BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
)";

constexpr std::array kMigrations = {kVersion1};

}  // namespace

const Schema kRelaySchema = {
    .application_id = 0x306b5231,  // "0kR1"
    .migrations = kMigrations,
};

}  // namespace zerok::store
