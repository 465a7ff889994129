// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests and fuzz targets only: an epoch, a header and contents to seal, fixed or drawn.
#pragma once

#include "base/check.h"
#include "core/blob.h"
#include "crypto/testing/hex.h"

namespace zerok::core::testing {

// The first epoch of the group whose secret is 40 41 42 ... (keys.txt, "group, first epoch").
inline BlobEpoch sample_epoch(std::uint8_t first = 0x40) {
  using namespace crypto;
  auto keys = GroupKeys::derive(
      crypto::testing::key_of<GroupSecret>(crypto::testing::counting_bytes(32, first)));
  const EpochId epoch = keys.epoch_id({}, {});
  return {keys.group_id(), epoch, std::move(keys.blob)};
}

inline BlobHeader sample_header() {
  using crypto::testing::counting_bytes;
  using crypto::testing::key_of;
  BlobHeader header;
  header.device = key_of<DeviceId>(ByteView(counting_bytes(32, 0x10)));
  header.incarnation = key_of<Incarnation>(ByteView(counting_bytes(16, 0x80)));
  header.sequence = 1;
  header.lamport = 1;
  return header;
}

inline BlobContent sample_content(std::string_view payload = "hello") {
  return BlobContent::make(sample_header(), as_bytes(payload)).value();
}

// Any content within the bounds, of every order of size up to payload_bytes_max.
inline BlobContent draw_content(Rng& rng, std::size_t payload_bytes_max) {
  BlobHeader header;
  rng.fill(header.device.mutable_bytes());
  rng.fill(header.incarnation.mutable_bytes());
  header.sequence = 1 + (rng.next_u64() >> (1 + rng.below(63))) % kSequenceMax;
  if (header.sequence > 1) rng.fill(header.previous.mutable_bytes());
  header.lamport = 1 + (rng.next_u64() >> (1 + rng.below(63))) % kLamportMax;
  if (rng.below(2) == 0) {
    header.tag.emplace(1 + rng.below(kTagBytesMax));
    rng.fill(*header.tag);
  }
  Bytes payload(rng.below(1 + (payload_bytes_max >> rng.below(12))));
  rng.fill(payload);
  return BlobContent::make(std::move(header), payload).value();
}

}  // namespace zerok::core::testing
