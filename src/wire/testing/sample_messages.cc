// SPDX-License-Identifier: MIT OR Apache-2.0
// The samples that docs/protocol/vectors/messages.txt publishes.
#include "wire/testing/messages.h"

#include <algorithm>

#include "wire/messages/limits.h"

namespace zerok::wire::testing {
namespace {

template <class IdT>
IdT id(std::uint8_t first) {
  return *IdT::from_bytes(counting(first, IdT::kSize));
}
template <std::size_t N>
ByteArray<N> array(std::uint8_t first) {
  ByteArray<N> out;
  std::ranges::copy(counting(first, N), out.begin());
  return out;
}

const auto kGroup = id<GroupId>(0x10);
const auto kDevice = id<DeviceId>(0x20);
const auto kOther = id<DeviceId>(0x21);

Hello sample_hello() {
  return {.minor = kMinorVersion,
          .features = kFeaturePresence | kFeatureInline,
          .group = kGroup,
          .device = kDevice,
          .device_signature = array<64>(0x30),
          .membership_key = array<32>(0x40),
          .membership_signature = array<64>(0x50),
          .position = {.cursor = 1000, .log_hash = id<LogHash>(0x60)},
          .roster_length = 3,
          .roster_head = id<RosterHead>(0x70),
          .create = std::nullopt,
          .admission_token = std::nullopt};
}

Hello sample_creating_hello() {
  Hello hello = sample_hello();
  hello.position = {};
  hello.roster_length = 1;
  hello.create = counting(0xa0, 12);
  hello.admission_token = counting(0xb0, 16);
  return hello;
}

SessionLimits sample_limits() {
  return {.sealed_bytes_max = kSealedBytesMax,
          .push_blobs_max = 256,
          .pull_lines_max = 100,
          .pull_bytes_max = kBatchBytesMax,
          .blobs_per_minute = 600,
          .blobs_burst = 1000,
          .bytes_per_minute = 64 << 20,
          .group_bytes_max = 100 << 20,
          .group_bytes_used = 123456,
          .ttl_s = 604800};
}

Welcome sample_welcome() {
  return {.minor = kMinorVersion,
          .features = kFeaturePresence,
          .hash_at_position = id<LogHash>(0x60),
          .highest = 1007,
          .floor = {.cursor = 900, .log_hash = id<LogHash>(0x61)},
          .pending = 5,
          .own_lines = 130,
          .roster = {.first = 3,
                     .entries = {counting(0xa0, 12), counting(0xa8, 12)},
                     .head = id<RosterHead>(0x71)},
          .states = {{kDevice, counting(0xc0, 10)}, {kOther, counting(0xc1, 11)}},
          .limits = sample_limits()};
}

Welcome sample_welcome_to_a_shorter_log() {
  return {.minor = kMinorVersion + 1,
          .features = 0x8000000000000000,
          .hash_at_position = std::nullopt,
          .highest = 0,
          .floor = {},
          .pending = 0,
          .own_lines = 0,
          .roster = {.first = 1, .entries = {}, .head = id<RosterHead>(0x70)},
          .states = {},
          .limits = sample_limits()};
}

Line blob_line(std::size_t size) {
  return {.kind = LineKind::kBlob,
          .blob = id<BlobId>(0x80),
          .sender = kOther,
          .group = kGroup,
          .sealed = counting(0xd0, size)};
}
Line own_line() {
  return {.kind = LineKind::kOwn,
          .blob = id<BlobId>(0x81),
          .ciphertext_hash = id<CiphertextHash>(0x90)};
}
Line stub_line() {
  return {.kind = LineKind::kStub,
          .blob = id<BlobId>(0x82),
          .sender = kOther,
          .ciphertext_hash = id<CiphertextHash>(0x91),
          .reason = StubReason::kExpired};
}

}  // namespace

std::vector<Sample> sample_messages() {
  const auto mailbox = id<MailboxId>(0xe0);
  return {
      {"HELLO", sample_hello()},
      {"HELLO that makes a group", sample_creating_hello()},
      {"WELCOME", sample_welcome()},
      {"WELCOME to a shorter log", sample_welcome_to_a_shorter_log()},
      {"DONE", Done{}},
      {"PUSH",
       Push{kGroup,
            {{id<BlobId>(0x80), counting(0xd0, 8)}, {id<BlobId>(0x81), counting(0xd8, 9)}}}},
      {"PUSH_ACK", PushAck{{1006, 1007}, std::nullopt}},
      {"PUSH_ACK of a part", PushAck{{1006}, Refusal{WireErrorCode::kRateLimited, 1500}}},
      {"PUSH_ACK of nothing", PushAck{{}, Refusal{WireErrorCode::kStaleEpoch, 0}}},
      {"PULL", Pull{1000, 998, 100, 1 << 20, false}},
      {"PULL_RESPONSE",
       PullResponse{{1000, id<LogHash>(0x60)}, {blob_line(8), own_line(), stub_line()}, 1007}},
      {"PULL_RESPONSE at the end", PullResponse{{}, {}, 0}},
      {"ACK", Ack{1003}},
      {"PRESENCE", Presence{{{kDevice, true, std::nullopt},
                             {kOther, false, 86400},
                             {id<DeviceId>(0x22), false, std::nullopt}}}},
      {"NOTIFY", Notify{1008, std::nullopt}},
      {"NOTIFY with a blob", Notify{1009, InlineLine{1008, blob_line(8)}}},
      {"DEVICE_STATE", DeviceState{kDevice, counting(0xc0, 10)}},
      {"QUOTA", Quota{84 << 20, 100 << 20, Laggard{kOther, 17}}},
      {"QUOTA without a laggard", Quota{0, 1, std::nullopt}},
      {"DELETE", Delete{id<BlobId>(0x80)}},
      {"ROSTER_GET", RosterGet{3}},
      {"ROSTER", Roster{{3, {counting(0xa0, 12), counting(0xa8, 12)}, id<RosterHead>(0x71)}}},
      {"ROSTER after an append", Roster{{5, {}, id<RosterHead>(0x71)}}},
      {"ROSTER_APPEND", RosterAppend{4, {counting(0xa8, 12)}}},
      {"MAILBOX_CREATE", MailboxCreate{mailbox, 600}},
      {"MAILBOX_JOIN", MailboxJoin{kMinorVersion, 0, mailbox}},
      {"MAILBOX_READY", MailboxReady{kMinorVersion, 0, 571}},
      {"MAILBOX_PUT", MailboxPut{mailbox, 1, counting(0xf0, 12)}},
      {"MAILBOX_TAKE", MailboxTake{mailbox, 1}},
      {"MAILBOX_MESSAGE", MailboxMessage{1, counting(0xf0, 12)}},
      {"MAILBOX_CLOSE", MailboxClose{mailbox}},
      {"ERROR", ErrorMessage{{WireErrorCode::kGroupQuotaExceeded, 60000}, false}},
      {"ERROR that ends the session", ErrorMessage{{WireErrorCode::kUnknownGroup, 0}, true}},
  };
}

}  // namespace zerok::wire::testing
