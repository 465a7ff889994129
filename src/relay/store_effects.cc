// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay/store_effects.h"

#include <utility>

namespace zerok::relay {
namespace {

using Answer = Result<std::optional<core::RelayAnswer>>;

store::GroupKey key_of(core::LogKey key) {
  return static_cast<store::GroupKey>(static_cast<std::uint64_t>(key));
}
core::LogKey key_of(store::GroupKey key) {
  return static_cast<core::LogKey>(static_cast<std::uint64_t>(key));
}

core::LineRecord record_of(const store::LineInfo& line) {
  return {.cursor = line.cursor,
          .log_hash = line.log_hash,
          .blob = line.blob,
          .sender = line.sender,
          .epoch_group = line.epoch_group,
          .ciphertext_hash = line.ciphertext_hash,
          .sealed_bytes = line.sealed_bytes,
          .stub = line.stub};
}

core::GroupRecord record_of(store::RelayGroup&& group) {
  core::GroupRecord record{.key = key_of(group.key),
                           .group = group.group,
                           .head = group.head,
                           .floor = group.floor,
                           .payload_bytes = group.payload_bytes,
                           .roster = std::move(group.roster),
                           .devices = {}};
  for (store::RelayDevice& device : group.devices) {
    record.devices.push_back({.device = device.device,
                              .acknowledged = device.acknowledged,
                              .own_lines = device.own_lines,
                              .last_seen = device.last_seen,
                              .state = std::move(device.state)});
  }
  return record;
}

std::vector<core::LineKey> keys_of(const std::vector<store::LineRef>& lines) {
  std::vector<core::LineKey> keys;
  for (const store::LineRef& line : lines) keys.push_back({key_of(line.group), line.cursor});
  return keys;
}

struct Apply {
  store::RelayStore& store;

  Answer operator()(const core::ReadGroup& read) {
    ZEROK_TRY(auto group, store.load_group(read.group));
    if (!group) return core::RelayAnswer(core::ReadGroup::Answer());
    return core::RelayAnswer(core::ReadGroup::Answer(record_of(std::move(*group))));
  }
  Answer operator()(const core::ReadBlobs& read) {
    core::ReadBlobs::Answer found;
    for (const BlobId& blob : read.blobs) {
      ZEROK_TRY(const auto line, store.find_blob(key_of(read.group), blob));
      found.push_back(line ? std::optional(record_of(*line)) : std::nullopt);
    }
    return core::RelayAnswer(std::move(found));
  }
  Answer operator()(const core::ReadStart& read) {
    core::ReadStart::Answer start;
    ZEROK_TRY(start.hash, store.log_hash_at(key_of(read.group), read.cursor));
    ZEROK_TRY(start.foreign, store.count_foreign(key_of(read.group), read.after, read.device));
    return core::RelayAnswer(start);
  }
  Answer operator()(const core::ReadLines& read) {
    core::ReadLines::Answer answer;
    ZEROK_TRY(answer.before, store.log_hash_at(key_of(read.group), read.after));
    auto lines = store.read_lines(key_of(read.group), read.after, read.lines_max, read.bytes_max,
                                  read.without_payload_of);
    if (!lines && lines.error().code == ErrorCode::kMalformed) {
      answer.is_damaged = true;
      return core::RelayAnswer(std::move(answer));
    }
    if (!lines) return std::unexpected(lines.error());
    for (store::StoredLine& line : *lines) {
      answer.lines.push_back({record_of(line.info), std::move(line.sealed)});
    }
    return core::RelayAnswer(std::move(answer));
  }
  Answer operator()(const core::ReadPayloads& read) {
    ZEROK_TRY(const auto lines,
              store.payload_lines(key_of(read.group), read.after, read.lines_max));
    core::ReadPayloads::Answer records;
    for (const store::LineInfo& line : lines) records.push_back(record_of(line));
    return core::RelayAnswer(std::move(records));
  }
  Answer operator()(const core::ReadExpired& read) {
    ZEROK_TRY(const auto lines, store.payloads_older_than(read.before, read.lines_max));
    return core::RelayAnswer(keys_of(lines));
  }
  Answer operator()(const core::ReadOldStubs& read) {
    ZEROK_TRY(const auto lines, store.stubs_older_than(read.before, read.groups_max));
    return core::RelayAnswer(keys_of(lines));
  }
  Answer operator()(const core::CreateGroup& create) {
    ZEROK_TRY(const auto key, store.create_group(create.group, create.entry));
    return core::RelayAnswer(key_of(key));
  }
  Answer operator()(const core::DropStubs& drop) {
    ZEROK_TRY(const auto floor, store.drop_stubs(key_of(drop.group), drop.cursor, drop.lines_max));
    return core::RelayAnswer(floor);
  }
  Answer operator()(const core::AppendRoster& append) {
    return done(store.append_roster(key_of(append.group), append.number, append.entry));
  }
  Answer operator()(const core::PutDevice& put) {
    const store::RelayDevice device{.device = put.device.device,
                                    .acknowledged = put.device.acknowledged,
                                    .own_lines = put.device.own_lines,
                                    .last_seen = put.device.last_seen,
                                    .state = {}};
    return done(store.put_device(key_of(put.group), device));
  }
  Answer operator()(const core::PutState& put) {
    return done(store.put_state(key_of(put.group), put.device, put.state));
  }
  Answer operator()(const core::AppendLine& append) {
    const core::LineRecord& line = append.line;
    return done(store.append_line(key_of(append.group), {.cursor = line.cursor,
                                                         .log_hash = line.log_hash,
                                                         .blob = line.blob,
                                                         .sender = line.sender,
                                                         .epoch_group = line.epoch_group,
                                                         .ciphertext_hash = line.ciphertext_hash,
                                                         .committed = append.committed,
                                                         .sealed = append.sealed}));
  }
  Answer operator()(const core::MakeStub& stub) {
    return done(store.make_stub(key_of(stub.group), stub.cursor, stub.reason, stub.now));
  }
  Answer operator()(const core::SaveClock& clock) {
    return done(store.put_value(kClockValue, clock.saved));
  }
  Answer operator()(const core::Send&) { return std::nullopt; }
  Answer operator()(const core::RaiseBounds&) { return std::nullopt; }
  Answer operator()(const core::CloseSession&) { return std::nullopt; }

  static Answer done(const Result<void>& result) {
    if (!result) return std::unexpected(result.error());
    return std::nullopt;
  }
};

}  // namespace

Result<std::optional<core::RelayAnswer>> apply_to_store(store::RelayStore& store,
                                                        const core::RelayEffect& effect) {
  return std::visit(Apply{store}, effect);
}

Result<core::DiskUse> disk_use(store::RelayStore& store) {
  ZEROK_TRY(const auto totals, store.totals());
  return core::DiskUse{
      .groups = totals.groups, .payload_bytes = totals.payload_bytes, .lines = totals.lines};
}

}  // namespace zerok::relay
