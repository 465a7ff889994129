// SPDX-License-Identifier: MIT OR Apache-2.0
// Sealed blobs: docs/protocol/blob.md. A content is padded, sealed with the blob key of one epoch
// and bound to the group, the epoch and the blob id; the relay sees a random id and a padded size.
// Opening authenticates that some member of that epoch sealed it. It does not prove which one: that
// rests on the signed heads of DEVICE_STATE (core/sender_chain.h), and that the named device is in
// the roster is for the caller to check.
#pragma once

#include <bit>
#include <map>

#include "base/rng.h"
#include "core/blob_content.h"
#include "crypto/group_keys.h"

namespace zerok::core {

enum class Padding : std::uint8_t { kPadme, kNone };

// The length field in front of a content, and what sealing adds around a plaintext.
inline constexpr std::size_t kLengthBytes = 4;
inline constexpr std::size_t kNonceBytes = 24;
inline constexpr std::size_t kSealBytes = kNonceBytes + crypto::kAeadTagSize;
inline constexpr std::size_t kPaddedBytesMin = 256;

// The size a plaintext of `size` bytes, length field included, is padded to: Padme (PURBs, Nikitin
// et al. 2019) with a floor. It costs at most 12 %, and all blobs share a few hundred sizes.
constexpr std::size_t padded_size(std::size_t size) {
  if (size <= kPaddedBytesMin) return kPaddedBytesMin;
  const auto exponent = static_cast<unsigned>(std::bit_width(size)) - 1;
  const auto kept_bits = static_cast<unsigned>(std::bit_width(exponent));
  const std::size_t low_bits = (std::size_t{1} << (exponent - kept_bits)) - 1;
  return (size + low_bits) & ~low_bits;
}

// The longest sealed blob that a payload of at most payload_bytes_max makes: what a relay or a
// frame has to take in.
constexpr std::size_t sealed_size_max(std::size_t payload_bytes_max) {
  return padded_size(kLengthBytes + BlobContent::kOverheadBytesMax + payload_bytes_max) +
         kSealBytes;
}
inline constexpr std::size_t kSealedBytesMax = sealed_size_max(kPayloadBytesMax);

// What seals and opens the blobs of one epoch.
struct BlobEpoch {
  GroupId group;  // group_id_0, the group's constant name
  EpochId epoch;
  crypto::BlobKey key;
};

// Draws 16 bytes.
BlobId draw_blob_id(Rng& rng);

// Draws 24 bytes. The same content sealed again under another epoch and id keeps incarnation and
// sequence, so whoever had it already knows it. Returns nonce || ciphertext || tag.
Bytes seal_blob(const BlobEpoch& epoch, const BlobId& id, const BlobContent& content,
                Padding padding, Rng& rng);

enum class BlobRefusal : std::uint8_t {
  kKeyMissing = 1,  // of an epoch whose key this device does not hold (yet): try again when it does
  kNewerVersion = 2,  // a member runs a newer 0k-Sync: try again after an update
  kNotAuthentic = 3,  // not sealed for this group, epoch and id, or changed since; says no more
  kMalformed = 4,     // sealed by a member, but not by the rules
};

// Whether the same bytes may open later; otherwise they never will.
constexpr bool may_open_later(BlobRefusal refusal) {
  return refusal == BlobRefusal::kKeyMissing || refusal == BlobRefusal::kNewerVersion;
}

// Bounds first: a size no blob has is kNotAuthentic before memory is taken.
std::expected<BlobContent, BlobRefusal> open_blob(const BlobEpoch& epoch, const BlobId& id,
                                                  ByteView sealed);

// The epochs whose keys a device holds, by the name the relay uses for them.
class BlobKeyring {
 public:
  static constexpr std::size_t kEpochsMax = 256;

  explicit BlobKeyring(const GroupId& group) : group_(group) {}

  // kInvalidState when the name is taken, kOverloaded past kEpochsMax.
  Result<void> add(const GroupId& epoch_group, const EpochId& epoch, crypto::BlobKey key);
  void remove(const GroupId& epoch_group) { epochs_.erase(epoch_group); }
  // Null when the key is not here. Valid until that epoch is removed.
  const BlobEpoch* find(const GroupId& epoch_group) const;
  // As open_blob above; kKeyMissing when the epoch is unknown.
  std::expected<BlobContent, BlobRefusal> open(const GroupId& epoch_group, const BlobId& id,
                                               ByteView sealed) const;

 private:
  GroupId group_;
  std::map<GroupId, BlobEpoch> epochs_;
};

}  // namespace zerok::core
