// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/record.h"

#include "base/check.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/messages/limits.h"

namespace zerok::core {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint32_t kItems = 23;
constexpr std::size_t kBytesMax = 512;

template <typename IdType>
Result<IdType> read_id(wire::Decoder& in) {
  ZEROK_TRY(const auto bytes, in.read_fixed<IdType::kSize>());
  return IdType(bytes);
}

}  // namespace

Bytes ClientRecord::encode() const {
  wire::Encoder out(kBytesMax);
  out.add_array(kItems).add_unsigned(kVersion).add_bin(device.bytes()).add_bin(install.bytes());
  out.add_unsigned(renewals)
      .add_bin(incarnation.bytes())
      .add_unsigned(sent.sequence)
      .add_bin(sent.hash.bytes());
  out.add_unsigned(acknowledged.sequence).add_bin(acknowledged.hash.bytes());
  out.add_unsigned(lamport).add_unsigned(outbox_number).add_unsigned(arrival);
  out.add_unsigned(ready_number).add_unsigned(notice_number).add_unsigned(state_counter);
  out.add_unsigned(confirmed);
  if (group) {
    out.add_array(2).add_bin(group->bytes()).add_bin(epoch_group.bytes());
  } else {
    out.add_nil();
  }
  out.add_bin(relay.bytes()).add_unsigned(position.cursor).add_bin(position.log_hash.bytes());
  out.add_unsigned(own_lines).add_unsigned(sealed_bytes_max);
  if (read_before) {
    out.add_array(2).add_unsigned(read_before->cursor).add_bin(read_before->log_hash.bytes());
  } else {
    out.add_nil();
  }
  auto bytes = out.take();
  ZEROK_ASSERT(bytes);  // every item has a fixed bound
  return *std::move(bytes);
}

Result<ClientRecord> ClientRecord::decode(ByteView bytes) {
  wire::Decoder in(bytes, wire::Extras::kRefused);
  ClientRecord out;
  ZEROK_TRY_VOID(in.begin_record(1));
  ZEROK_TRY(const std::uint64_t version, in.read_unsigned());
  if (version > kVersion) return fail(ErrorCode::kUnsupported, "a store of a newer 0k-Sync");
  if (version != kVersion) return fail(ErrorCode::kMalformed, "a store of no version");
  ZEROK_TRY(out.device, read_id<DeviceId>(in));
  ZEROK_TRY(out.install, read_id<InstallId>(in));
  ZEROK_TRY(const std::uint64_t renewals, in.read_unsigned(0xffffffff));
  out.renewals = static_cast<std::uint32_t>(renewals);
  ZEROK_TRY(out.incarnation, read_id<Incarnation>(in));
  ZEROK_TRY(out.sent.sequence, in.read_unsigned(kSequenceMax));
  ZEROK_TRY(out.sent.hash, read_id<ChainHash>(in));
  ZEROK_TRY(out.acknowledged.sequence, in.read_unsigned(kSequenceMax));
  ZEROK_TRY(out.acknowledged.hash, read_id<ChainHash>(in));
  ZEROK_TRY(out.lamport, in.read_unsigned(kLamportMax));
  for (std::uint64_t* number : {&out.outbox_number, &out.arrival, &out.ready_number,
                                &out.notice_number, &out.state_counter, &out.confirmed}) {
    ZEROK_TRY(*number, in.read_unsigned(wire::kCountMax));
  }
  if (in.next_is_nil()) {
    ZEROK_TRY_VOID(in.read_nil());
  } else {
    ZEROK_TRY_VOID(in.begin_record(2));
    ZEROK_TRY(out.group, read_id<GroupId>(in));
    ZEROK_TRY(out.epoch_group, read_id<GroupId>(in));
    ZEROK_TRY_VOID(in.end());
  }
  ZEROK_TRY(out.relay, read_id<EndpointId>(in));
  ZEROK_TRY(out.position.cursor, in.read_unsigned(wire::kCountMax));
  ZEROK_TRY(out.position.log_hash, read_id<LogHash>(in));
  ZEROK_TRY(out.own_lines, in.read_unsigned(wire::kCountMax));
  ZEROK_TRY(const std::uint64_t sealed_max, in.read_unsigned(0xffffffff));
  out.sealed_bytes_max = static_cast<std::uint32_t>(sealed_max);
  if (in.next_is_nil()) {
    ZEROK_TRY_VOID(in.read_nil());
  } else {
    wire::Position before;
    ZEROK_TRY_VOID(in.begin_record(2));
    ZEROK_TRY(before.cursor, in.read_unsigned(wire::kCountMax));
    ZEROK_TRY(before.log_hash, read_id<LogHash>(in));
    ZEROK_TRY_VOID(in.end());
    out.read_before = before;
  }
  ZEROK_TRY_VOID(in.end());
  ZEROK_TRY_VOID(in.finish());
  return out;
}

}  // namespace zerok::core
