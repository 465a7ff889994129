// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/blob_content.h"

#include "core/label.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint32_t kItems = 8;
constexpr std::string_view kChainLabel = "0k-sync/2 blob chain";

bool is_valid(const BlobHeader& header) {
  const bool starts_chain = header.previous == ChainHash{};
  return header.sequence >= 1 && header.sequence <= kSequenceMax && header.lamport >= 1 &&
         header.lamport <= kLamportMax && (header.sequence > 1 || starts_chain) &&
         (!header.tag || (!header.tag->empty() && header.tag->size() <= kTagBytesMax));
}

}  // namespace

Result<BlobContent> BlobContent::make(BlobHeader header, ByteView payload) {
  if (payload.size() > kPayloadBytesMax) {
    return fail(ErrorCode::kTooLarge, "a payload has at most 1 MiB");
  }
  if (!is_valid(header)) {
    return fail(ErrorCode::kInvalidArgument, "a blob's header is outside of its bounds");
  }
  wire::Encoder encoder(kBytesMax);
  encoder.add_array(kItems)
      .add_unsigned(kVersion)
      .add_bin(header.device.bytes())
      .add_bin(header.incarnation.bytes())
      .add_unsigned(header.sequence)
      .add_bin(header.previous.bytes())
      .add_unsigned(header.lamport);
  if (header.tag) {
    encoder.add_bin(*header.tag);
  } else {
    encoder.add_nil();
  }
  encoder.add_bin(payload);
  ZEROK_TRY(Bytes bytes, encoder.take());
  return BlobContent(std::move(header), payload.size(), std::move(bytes));
}

Result<BlobContent> BlobContent::parse(Bytes bytes) {
  wire::Decoder decoder(bytes, wire::Extras::kRefused);
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const std::uint64_t version, decoder.read_unsigned());
  if (version > kVersion) {
    return fail(ErrorCode::kUnsupported, "the blob is of a newer version: update 0k-Sync");
  }
  if (version < kVersion) return fail(ErrorCode::kMalformed, "a blob without a version");
  if (bytes.size() > kBytesMax) return fail(ErrorCode::kTooLarge, "a blob past its bound");
  BlobHeader header;
  ZEROK_TRY(const auto device, decoder.read_fixed<DeviceId::kSize>());
  header.device = DeviceId(device);
  ZEROK_TRY(const auto incarnation, decoder.read_fixed<Incarnation::kSize>());
  header.incarnation = Incarnation(incarnation);
  ZEROK_TRY(header.sequence, decoder.read_unsigned(kSequenceMax));
  ZEROK_TRY(const auto previous, decoder.read_fixed<ChainHash::kSize>());
  header.previous = ChainHash(previous);
  ZEROK_TRY(header.lamport, decoder.read_unsigned(kLamportMax));
  if (decoder.next_is_nil()) {
    ZEROK_TRY_VOID(decoder.read_nil());
  } else {
    ZEROK_TRY(const ByteView tag, decoder.read_bin(kTagBytesMax));
    header.tag.emplace(tag.begin(), tag.end());
  }
  ZEROK_TRY(const ByteView payload, decoder.read_bin(kPayloadBytesMax));
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  if (!is_valid(header)) return fail(ErrorCode::kMalformed, "a blob's header breaks its bounds");
  return BlobContent(std::move(header), payload.size(), std::move(bytes));
}

ChainHash BlobContent::chain_hash() const { return ChainHash(labelled_hash(kChainLabel, bytes_)); }

}  // namespace zerok::core
