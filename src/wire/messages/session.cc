// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/messages/session.h"

#include "wire/messages/common_fields.h"

namespace zerok::wire {
namespace {

constexpr std::uint32_t kNumber32Max = std::numeric_limits<std::uint32_t>::max();

template <class Io>
void fields(Io& io, Of<Io, Hello>& m) {
  io.record(13);
  io.number(m.minor, 0, kNumber32Max);
  io.number(m.features, 0, std::numeric_limits<std::uint64_t>::max());
  io.id(m.group);
  io.id(m.device);
  io.fixed(m.device_signature);
  io.fixed(m.membership_key);
  io.fixed(m.membership_signature);
  position_fields(io, m.position);
  io.number(m.roster_length, 0, kRosterEntriesMax);
  io.id(m.roster_head);
  io.require(m.roster_length > 0 || m.roster_head == RosterHead(), "a head of an empty roster");
  io.optional(m.create, [&](auto& entry) { io.bytes(entry, 1, kRosterEntryBytesMax); });
  io.optional(m.admission_token, [&](auto& t) { io.bytes(t, 1, kAdmissionTokenBytesMax); });
  io.require(m.create || !m.admission_token, "an admission token without a group to make");
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, SessionLimits>& m) {
  io.record(10);
  io.number(m.sealed_bytes_max, 1, kSealedBytesMax);
  io.number(m.push_blobs_max, 1, kPushBlobsMax);
  io.number(m.pull_lines_max, 1, kPullLinesMax);
  io.number(m.pull_bytes_max, 1, kBatchBytesMax);
  io.number(m.blobs_per_minute, 1, kNumber32Max);
  io.number(m.blobs_burst, 1, kNumber32Max);
  io.number(m.bytes_per_minute, 1, kCountMax);
  io.number(m.group_bytes_max, 1, kCountMax);
  io.number(m.group_bytes_used, 0, kCountMax);
  io.number(m.ttl_s, 1, kSecondsMax);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, StateOfDevice>& m) {
  io.record(2);
  io.id(m.device);
  io.bytes(m.state, 1, kDeviceStateBytesMax);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, Welcome>& m) {
  io.record(11);
  io.number(m.minor, 0, kNumber32Max);
  io.number(m.features, 0, std::numeric_limits<std::uint64_t>::max());
  io.optional(m.hash_at_position, [&](auto& hash) { io.id(hash); });
  io.number(m.highest, 0, kCountMax);
  position_fields(io, m.floor);
  io.number(m.pending, 0, kCountMax);
  io.number(m.own_lines, 0, kCountMax);
  io.require(m.floor.cursor <= m.highest && m.pending <= m.highest - m.floor.cursor &&
                 m.own_lines <= m.highest,
             "positions contradict each other");
  roster_part_fields(io, m.roster);
  io.list(m.states, 0, kDevicesMax - 1, [&](auto& state) { fields(io, state); });
  require_ascending(io, m.states, [](const StateOfDevice& state) { return state.device; });
  fields(io, m.limits);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, Done>&) {
  io.record(0);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, ErrorMessage>& m) {
  io.record(3);
  refusal_items(io, m.refusal);
  io.flag(m.ends_session);
  io.end();
}

}  // namespace

Result<Bytes> Hello::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Hello> Hello::decode(ByteView body) {
  return read_message<Hello>(body, [](Reader& io, Hello& m) { fields(io, m); });
}

Bytes hello_signed_bytes(HelloSigner signer, std::span<const std::uint8_t, 32> handshake_hash,
                         const EndpointId& relay, const GroupId& group, const DeviceId& device) {
  const std::string_view label =
      signer == HelloSigner::kDevice ? "0k-sync/2 hello device" : "0k-sync/2 hello membership";
  Bytes out;
  out.push_back(static_cast<std::uint8_t>(label.size()));
  for (const ByteView part : {as_bytes(label), ByteView(handshake_hash), ByteView(relay.bytes()),
                              ByteView(group.bytes()), ByteView(device.bytes())}) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

Result<Bytes> Welcome::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Welcome> Welcome::decode(ByteView body) {
  return read_message<Welcome>(body, [](Reader& io, Welcome& m) { fields(io, m); });
}

Result<Bytes> Done::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Done> Done::decode(ByteView body) {
  return read_message<Done>(body, [](Reader& io, Done& m) { fields(io, m); });
}

RefusalKind refusal_kind(WireErrorCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  if (number < 2000) return RefusalKind::kRequest;
  return number < 3000 ? RefusalKind::kLimit : RefusalKind::kRelay;
}

Result<Bytes> ErrorMessage::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<ErrorMessage> ErrorMessage::decode(ByteView body) {
  return read_message<ErrorMessage>(body, [](Reader& io, ErrorMessage& m) { fields(io, m); });
}

}  // namespace zerok::wire
