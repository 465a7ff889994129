// SPDX-License-Identifier: MIT OR Apache-2.0
// StoreHarness: what the contract tests need of an implementation to hold it to the promises of
// relay_store.h and client_store.h. A test program lists the ../contract_*_test.cc among its
// sources and defines make_store_harness(). Also rows made from a number, and their comparison.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "store/client_store.h"
#include "store/relay_store.h"

namespace zerok::store {

// One disk, empty at first. Destroying a store is a crash; opening it again is what comes after.
class StoreHarness {
 public:
  virtual ~StoreHarness() = default;

  virtual Result<std::unique_ptr<RelayStore>> open_relay() = 0;
  virtual Result<std::unique_ptr<ClientStore>> open_client() = 0;
};

std::unique_ptr<StoreHarness> make_store_harness();

// The same with a disk that fails on demand: for contract_faults_test.cc.
class FaultyStoreHarness : public StoreHarness {
 public:
  // The next `count` commits that have changes fail.
  virtual void fail_commits(std::uint64_t count) = 0;
  // From now on nothing more can be written, or again.
  virtual void set_full(bool full) = 0;
};

std::unique_ptr<FaultyStoreHarness> make_faulty_store_harness();

template <typename AnyId>
AnyId id_of(std::uint64_t number) {
  AnyId id;
  const auto bytes = id.mutable_bytes();
  // Spread over all bytes, so that order by id is not the order of the numbers.
  std::uint64_t word = number;
  for (auto& byte : bytes) {
    word = word * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::uint8_t>(word >> 56);
  }
  store_be64(bytes.last(8), number);
  return id;
}

inline Bytes content(std::uint64_t number, std::size_t size) {
  Bytes bytes(size);
  std::uint64_t word = number + 1;
  for (auto& byte : bytes) {
    word = word * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::uint8_t>(word >> 56);
  }
  return bytes;
}

inline LogHash log_hash_of(std::uint64_t cursor) {
  return cursor == 0 ? LogHash() : id_of<LogHash>(cursor);
}

// A line whose blob id is made of `blob` and whose other fields of the cursor; `sealed` has to live
// as long as it does.
inline NewLine line_of(std::uint64_t cursor, std::uint64_t blob, const DeviceId& sender,
                       UnixMs committed, ByteView sealed) {
  return {.cursor = cursor,
          .log_hash = log_hash_of(cursor),
          .blob = id_of<BlobId>(blob),
          .sender = sender,
          .epoch_group = id_of<GroupId>(1000 + cursor),
          .ciphertext_hash = id_of<CiphertextHash>(cursor),
          .committed = committed,
          .sealed = sealed};
}

// Fields as a tuple of values, to compare and to print by.
inline auto fields(const LineInfo& line) {
  return std::tuple(line.cursor, to_hex(line.log_hash.bytes()), to_hex(line.blob.bytes()),
                    to_hex(line.sender.bytes()), to_hex(line.epoch_group.bytes()),
                    to_hex(line.ciphertext_hash.bytes()), line.committed, line.sealed_bytes,
                    line.stub ? static_cast<int>(*line.stub) : 0);
}
inline auto fields(const StoredLine& line) {
  return std::tuple(fields(line.info), to_hex(line.sealed));
}
inline auto fields(const LineRef& line) {
  return std::pair(static_cast<std::uint64_t>(line.group), line.cursor);
}
inline auto fields(const wire::Position& position) {
  return std::pair(position.cursor, to_hex(position.log_hash.bytes()));
}
inline auto fields(const RelayTotals& totals) {
  return std::tuple(totals.groups, totals.payload_bytes, totals.lines);
}
inline auto fields(const RelayDevice& device) {
  return std::tuple(to_hex(device.device.bytes()), device.acknowledged, device.own_lines,
                    device.last_seen, to_hex(device.state));
}
inline auto fields(const OutboxBlob& b) {
  return std::tuple(std::tuple(b.number, to_hex(b.blob.bytes()), to_hex(b.epoch_group.bytes()),
                               to_hex(b.incarnation.bytes()), b.sequence, to_hex(b.chain.bytes())),
                    b.lamport, b.cursor, b.refusal, b.payload_bytes, b.pushed, b.sealed_bytes);
}
inline auto fields(const InboxBlob& b) {
  return std::tuple(
      std::tuple(b.arrival, b.number, static_cast<int>(b.state), int{b.refusal},
                 to_hex(b.blob.bytes()), to_hex(b.epoch_group.bytes()), to_hex(b.sender.bytes())),
      std::tuple(to_hex(b.incarnation.bytes()), b.sequence, to_hex(b.previous.bytes()),
                 to_hex(b.chain.bytes()), b.lamport, to_hex(b.ciphertext_hash.bytes()),
                 b.sealed_bytes));
}
inline auto fields(const ChainHead& head) {
  return std::tuple(to_hex(head.sender.bytes()), to_hex(head.incarnation.bytes()), head.sequence,
                    to_hex(head.hash.bytes()));
}
inline auto fields(const StoredEpoch& epoch) {
  return std::tuple(to_hex(epoch.epoch_group.bytes()), to_hex(epoch.epoch.bytes()), epoch.number,
                    to_hex(epoch.wrapped_secret));
}
inline auto fields(const PeerState& state) {
  return std::tuple(to_hex(state.device.bytes()), state.counter, to_hex(state.state));
}
inline auto fields(const Notice& notice) {
  return std::tuple(notice.number, notice.kind, to_hex(notice.detail));
}
inline auto fields(const PushKeyRecord& record) {
  return std::pair(record.number, to_hex(record.blob.bytes()));
}
template <typename Row>
auto all_fields(const std::vector<Row>& rows) {
  std::vector<decltype(fields(rows.front()))> all;
  for (const Row& row : rows) all.push_back(fields(row));
  return all;
}
inline auto fields(const RelayGroup& group) {
  std::vector<std::string> roster;
  for (const Bytes& entry : group.roster) roster.push_back(to_hex(entry));
  return std::tuple(static_cast<std::uint64_t>(group.key), to_hex(group.group.bytes()),
                    fields(group.head), fields(group.floor), group.payload_bytes, roster,
                    all_fields(group.devices));
}

}  // namespace zerok::store
