// SPDX-License-Identifier: MIT OR Apache-2.0
// The tables of a client's store. A published migration never changes; another is added behind it.
#include <array>

#include "store/sqlite/sqlite_client_store.h"

namespace zerok::store {
namespace {

// outbox and inbox hold what changes, outbox_sealed and inbox_sealed the blobs, each with its
// checksum. Rows are named by their local numbers. An inbox row has a number only while it is
// ready, and then nobody else has it.
constexpr const char* kVersion1 = R"(
CREATE TABLE named_values (name BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE roster (number INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;
CREATE TABLE epochs (
  epoch_group BLOB PRIMARY KEY, epoch BLOB NOT NULL, number INTEGER NOT NULL, wrapped_secret BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
  number INTEGER PRIMARY KEY, blob BLOB NOT NULL UNIQUE, epoch_group BLOB NOT NULL,
  incarnation BLOB NOT NULL, sequence INTEGER NOT NULL, chain BLOB NOT NULL, lamport INTEGER NOT NULL,
  cursor INTEGER NOT NULL, refusal INTEGER NOT NULL, payload_bytes INTEGER NOT NULL,
  pushed INTEGER NOT NULL, sealed_bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE outbox_sealed (
  number INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, sealed BLOB NOT NULL
) STRICT;
CREATE TABLE push_keys (
  key BLOB PRIMARY KEY, number INTEGER NOT NULL, blob BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE inbox (
  arrival INTEGER PRIMARY KEY, number INTEGER NOT NULL, state INTEGER NOT NULL, refusal INTEGER NOT NULL,
  blob BLOB NOT NULL, epoch_group BLOB NOT NULL, sender BLOB NOT NULL, incarnation BLOB NOT NULL,
  sequence INTEGER NOT NULL, previous BLOB NOT NULL, chain BLOB NOT NULL, lamport INTEGER NOT NULL,
  ciphertext_hash BLOB NOT NULL, sealed_bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX inbox_by_state ON inbox (state, arrival);
CREATE UNIQUE INDEX inbox_by_number ON inbox (number) WHERE number > 0;
CREATE TABLE inbox_sealed (
  arrival INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, sealed BLOB NOT NULL
) STRICT;
CREATE TABLE chain_heads (
  sender BLOB NOT NULL, incarnation BLOB NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (sender, incarnation)
) STRICT, WITHOUT ROWID;
CREATE TABLE peer_states (
  device BLOB PRIMARY KEY, counter INTEGER NOT NULL, state BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notices (
  number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, detail BLOB NOT NULL
) STRICT;
)";

constexpr std::array kMigrations = {kVersion1};

}  // namespace

const Schema kClientSchema = {
    .application_id = 0x306b4331,  // "0kC1"
    .migrations = kMigrations,
};

}  // namespace zerok::store
