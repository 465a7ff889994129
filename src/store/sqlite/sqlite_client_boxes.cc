// SPDX-License-Identifier: MIT OR Apache-2.0
// SqliteClientStore: the outbox with the keys of pushes, and the inbox.
#include "store/rules.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/limit.h"
#include "store/sqlite/sqlite_client_store.h"

#define ZEROK_INBOX_COLUMNS                                                                       \
  "arrival, number, state, refusal, blob, epoch_group, sender, incarnation, sequence, previous, " \
  "chain, lamport, ciphertext_hash, sealed_bytes"

namespace zerok::store {

Result<void> SqliteClientStore::add_outbox(const OutboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(check_outbox(blob, sealed));
  ZEROK_TRY_VOID(must_rise("SELECT max(number) FROM outbox", blob.number));
  ZEROK_TRY(const std::uint64_t added,
            database_->change("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                              "ON CONFLICT (blob) DO NOTHING",
                              blob.number, blob.blob, blob.epoch_group, blob.incarnation,
                              blob.sequence, blob.chain, blob.lamport, blob.cursor, blob.refusal,
                              blob.payload_bytes, blob.pushed, blob.sealed_bytes));
  if (added == 0) return blob_is_there();
  ZEROK_TRY_VOID(database_->change("INSERT INTO outbox_sealed VALUES (?, ?, ?)", blob.number,
                                   checksum(sealed, blob.number), sealed));
  return {};
}

Result<std::vector<OutboxBlob>> SqliteClientStore::outbox(std::uint64_t after, std::size_t count) {
  std::vector<OutboxBlob> blobs;
  auto rows = database_->query(
      "SELECT number, blob, epoch_group, incarnation, sequence, chain, lamport, cursor, refusal, "
      "payload_bytes, pushed, sealed_bytes FROM outbox WHERE number > ? ORDER BY number LIMIT ?",
      as_bound(after), as_limit(count));
  while (true) {
    ZEROK_TRY(const bool another, rows.next());
    if (!another) break;
    blobs.push_back({.number = rows.number(0),
                     .blob = rows.id<BlobId>(1),
                     .epoch_group = rows.id<GroupId>(2),
                     .incarnation = rows.id<Incarnation>(3),
                     .sequence = rows.number(4),
                     .chain = rows.id<ChainHash>(5),
                     .lamport = rows.number(6),
                     .cursor = rows.number(7),
                     .refusal = static_cast<std::uint16_t>(rows.number(8)),
                     .payload_bytes = static_cast<std::uint32_t>(rows.number(9)),
                     .pushed = rows.integer(10),
                     .sealed_bytes = static_cast<std::uint32_t>(rows.number(11))});
  }
  ZEROK_TRY_VOID(rows.sound());
  return blobs;
}

Result<Bytes> SqliteClientStore::outbox_sealed(std::uint64_t number) {
  return checked_bytes("SELECT 1 FROM outbox WHERE number = ?",
                       "SELECT sealed, checksum FROM outbox_sealed WHERE number = ?", number);
}

Result<void> SqliteClientStore::mark_outbox(std::uint64_t number, std::uint64_t cursor,
                                            std::uint16_t refusal) {
  ZEROK_TRY_VOID(check_number(cursor));
  if (!check_number(number)) return no_row();
  ZEROK_TRY(const std::uint64_t changed,
            database_->change("UPDATE outbox SET cursor = ?, refusal = ? WHERE number = ?", cursor,
                              refusal, number));
  if (changed == 0) return no_row();
  return {};
}

Result<void> SqliteClientStore::clear_outbox_cursors() {
  ZEROK_TRY_VOID(database_->change("UPDATE outbox SET cursor = 0 WHERE cursor <> 0"));
  return {};
}

Result<void> SqliteClientStore::reseal_outbox(const OutboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(check_outbox(blob, sealed));
  ZEROK_TRY(const bool found, exists("SELECT 1 FROM outbox WHERE number = ?", blob.number));
  if (!found) return no_row();
  ZEROK_TRY(const bool taken,
            exists("SELECT 1 FROM outbox WHERE blob = ? AND number <> ?", blob.blob, blob.number));
  if (taken) return blob_is_there();
  ZEROK_TRY_VOID(database_->change(
      "UPDATE outbox SET blob = ?, epoch_group = ?, incarnation = ?, sequence = ?, chain = ?, "
      "lamport = ?, cursor = ?, refusal = ?, payload_bytes = ?, pushed = ?, sealed_bytes = ? "
      "WHERE number = ?",
      blob.blob, blob.epoch_group, blob.incarnation, blob.sequence, blob.chain, blob.lamport,
      blob.cursor, blob.refusal, blob.payload_bytes, blob.pushed, blob.sealed_bytes, blob.number));
  ZEROK_TRY_VOID(
      database_->change("UPDATE outbox_sealed SET checksum = ?, sealed = ? WHERE number = ?",
                        checksum(sealed, blob.number), sealed, blob.number));
  return {};
}

Result<void> SqliteClientStore::remove_outbox(std::uint64_t number) {
  ZEROK_TRY_VOID(database_->usable());
  if (!check_number(number)) return {};
  ZEROK_TRY_VOID(database_->change("DELETE FROM outbox WHERE number = ?", number));
  const DamageTolerance tolerance(*database_);
  ZEROK_TRY_VOID(database_->change("DELETE FROM outbox_sealed WHERE number = ?", number));
  return {};
}

Result<std::optional<PushKeyRecord>> SqliteClientStore::find_push_key(ByteView key) {
  ZEROK_TRY_VOID(check_push_key(key));
  auto row = database_->query("SELECT number, blob FROM push_keys WHERE key = ?", key);
  ZEROK_TRY(const bool found, row.next());
  if (!found) return std::nullopt;
  const PushKeyRecord record{.number = row.number(0), .blob = row.id<BlobId>(1)};
  ZEROK_TRY_VOID(row.sound());
  return record;
}

Result<void> SqliteClientStore::add_push_key(ByteView key, const PushKeyRecord& record) {
  ZEROK_TRY_VOID(check_push_key(key));
  ZEROK_TRY_VOID(check_number(record.number));
  ZEROK_TRY(const std::uint64_t added,
            database_->change("INSERT INTO push_keys VALUES (?, ?, ?) ON CONFLICT DO NOTHING", key,
                              record.number, record.blob));
  if (added == 0) return push_key_is_there();
  return {};
}

Result<void> SqliteClientStore::add_inbox(const InboxBlob& blob, ByteView sealed) {
  ZEROK_TRY_VOID(check_inbox(blob, sealed));
  ZEROK_TRY_VOID(must_rise("SELECT max(arrival) FROM inbox", blob.arrival));
  ZEROK_TRY(const std::uint64_t added,
            database_->change("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                              "ON CONFLICT DO NOTHING",
                              blob.arrival, blob.number, blob.state, blob.refusal, blob.blob,
                              blob.epoch_group, blob.sender, blob.incarnation, blob.sequence,
                              blob.previous, blob.chain, blob.lamport, blob.ciphertext_hash,
                              blob.sealed_bytes));
  if (added == 0) return hand_over_number_is_there();
  ZEROK_TRY_VOID(database_->change("INSERT INTO inbox_sealed VALUES (?, ?, ?)", blob.arrival,
                                   checksum(sealed, blob.arrival), sealed));
  return {};
}

Result<void> SqliteClientStore::update_inbox(const InboxBlob& blob) {
  ZEROK_TRY_VOID(check_inbox_row(blob));
  ZEROK_TRY(const bool found, exists("SELECT 1 FROM inbox WHERE arrival = ?", blob.arrival));
  if (!found) return no_row();
  ZEROK_TRY(const bool taken,
            exists("SELECT 1 FROM inbox WHERE number = ? AND number > 0 AND arrival <> ?",
                   blob.number, blob.arrival));
  if (taken) return hand_over_number_is_there();
  ZEROK_TRY_VOID(database_->change(
      "UPDATE inbox SET number = ?, state = ?, refusal = ?, epoch_group = ?, sender = ?, "
      "incarnation = ?, sequence = ?, previous = ?, chain = ?, lamport = ?, ciphertext_hash = ? "
      "WHERE arrival = ?",
      blob.number, blob.state, blob.refusal, blob.epoch_group, blob.sender, blob.incarnation,
      blob.sequence, blob.previous, blob.chain, blob.lamport, blob.ciphertext_hash, blob.arrival));
  return {};
}

Result<std::vector<InboxBlob>> SqliteClientStore::read_inbox(Statement& rows) {
  std::vector<InboxBlob> blobs;
  while (true) {
    ZEROK_TRY(const bool another, rows.next());
    if (!another) break;
    blobs.push_back({.arrival = rows.number(0),
                     .number = rows.number(1),
                     .state = static_cast<InboxState>(rows.number(2)),
                     .refusal = static_cast<std::uint8_t>(rows.number(3)),
                     .blob = rows.id<BlobId>(4),
                     .epoch_group = rows.id<GroupId>(5),
                     .sender = rows.id<DeviceId>(6),
                     .incarnation = rows.id<Incarnation>(7),
                     .sequence = rows.number(8),
                     .previous = rows.id<ChainHash>(9),
                     .chain = rows.id<ChainHash>(10),
                     .lamport = rows.number(11),
                     .ciphertext_hash = rows.id<CiphertextHash>(12),
                     .sealed_bytes = static_cast<std::uint32_t>(rows.number(13))});
  }
  ZEROK_TRY_VOID(rows.sound());
  return blobs;
}

Result<std::vector<InboxBlob>> SqliteClientStore::inbox(InboxState state, std::uint64_t after,
                                                        std::size_t count) {
  auto rows = database_->query("SELECT " ZEROK_INBOX_COLUMNS
                               " FROM inbox WHERE state = ? AND arrival > ? "
                               "ORDER BY arrival LIMIT ?",
                               state, as_bound(after), as_limit(count));
  return read_inbox(rows);
}

Result<std::vector<InboxBlob>> SqliteClientStore::ready(std::uint64_t after, std::size_t count) {
  auto rows = database_->query("SELECT " ZEROK_INBOX_COLUMNS
                               " FROM inbox WHERE number > 0 AND number > ? "
                               "ORDER BY number LIMIT ?",
                               as_bound(after), as_limit(count));
  return read_inbox(rows);
}

Result<Bytes> SqliteClientStore::inbox_sealed(std::uint64_t arrival) {
  return checked_bytes("SELECT 1 FROM inbox WHERE arrival = ?",
                       "SELECT sealed, checksum FROM inbox_sealed WHERE arrival = ?", arrival);
}

Result<void> SqliteClientStore::remove_inbox(std::uint64_t arrival) {
  ZEROK_TRY_VOID(database_->usable());
  if (!check_number(arrival)) return {};
  ZEROK_TRY_VOID(database_->change("DELETE FROM inbox WHERE arrival = ?", arrival));
  const DamageTolerance tolerance(*database_);
  ZEROK_TRY_VOID(database_->change("DELETE FROM inbox_sealed WHERE arrival = ?", arrival));
  return {};
}

Result<void> SqliteClientStore::remove_ready(std::uint64_t number) {
  ZEROK_TRY_VOID(
      database_->change("DELETE FROM inbox_sealed WHERE arrival IN "
                        "(SELECT arrival FROM inbox WHERE number > 0 AND number <= ?)",
                        as_bound(number)));
  ZEROK_TRY_VOID(
      database_->change("DELETE FROM inbox WHERE number > 0 AND number <= ?", as_bound(number)));
  return {};
}

}  // namespace zerok::store
