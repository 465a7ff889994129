// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/notice.h"

#include "base/check.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/messages/limits.h"

namespace zerok::core {
namespace {

constexpr std::size_t kBytesMax = 256;
constexpr std::uint32_t kItems = 9;

}  // namespace

Bytes NoticeDetail::encode() const {
  wire::Encoder out(kBytesMax);
  out.add_array(kItems).add_bin(device.bytes()).add_bin(other.bytes()).add_bin(blob.bytes());
  out.add_bin(incarnation.bytes()).add_unsigned(number).add_unsigned(first).add_unsigned(last);
  out.add_unsigned(count).add_unsigned(code);
  auto bytes = out.take();
  ZEROK_ASSERT(bytes);  // every item has a fixed bound
  return *std::move(bytes);
}

Result<NoticeDetail> NoticeDetail::decode(ByteView bytes) {
  wire::Decoder in(bytes);
  NoticeDetail out;
  ZEROK_TRY_VOID(in.begin_record(kItems));
  ZEROK_TRY(const auto device_bytes, in.read_fixed<DeviceId::kSize>());
  ZEROK_TRY(const auto other_bytes, in.read_fixed<DeviceId::kSize>());
  ZEROK_TRY(const auto blob_bytes, in.read_fixed<BlobId::kSize>());
  ZEROK_TRY(const auto incarnation_bytes, in.read_fixed<Incarnation::kSize>());
  out.device = DeviceId(device_bytes);
  out.other = DeviceId(other_bytes);
  out.blob = BlobId(blob_bytes);
  out.incarnation = Incarnation(incarnation_bytes);
  ZEROK_TRY(out.number, in.read_unsigned());
  ZEROK_TRY(out.first, in.read_unsigned());
  ZEROK_TRY(out.last, in.read_unsigned());
  ZEROK_TRY(out.count, in.read_unsigned());
  ZEROK_TRY(const std::uint64_t code, in.read_unsigned(0xffffffff));
  out.code = static_cast<std::uint32_t>(code);
  ZEROK_TRY_VOID(in.end());
  ZEROK_TRY_VOID(in.finish());
  return out;
}

}  // namespace zerok::core
