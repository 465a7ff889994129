// SPDX-License-Identifier: MIT OR Apache-2.0
// What a blob says once it is open: the sender's header and one application payload, as the one
// canonical array of docs/protocol/blob.md section 2. A BlobContent exists only whole and within
// its bounds. It belongs to no epoch and to no relay: sealing it again (core/blob.h) changes
// nothing in it, and its chain hash stays the same.
#pragma once

#include <limits>
#include <optional>

#include "base/id.h"
#include "base/result.h"

namespace zerok::core {

inline constexpr std::size_t kPayloadBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kTagBytesMax = 64;
// Half of what 64 bits hold, so that every store can keep them as signed numbers.
inline constexpr std::uint64_t kSequenceMax = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint64_t kLamportMax = std::numeric_limits<std::int64_t>::max();

struct BlobHeader {
  DeviceId device;
  Incarnation incarnation;
  std::uint64_t sequence = 0;  // 1 to kSequenceMax, by one more each time
  ChainHash previous;          // of sequence - 1; zero for sequence 1
  std::uint64_t lamport = 0;   // 1 to kLamportMax: core/lamport.h
  std::optional<Bytes> tag;    // the application's, 1 to 64 bytes

  friend bool operator==(const BlobHeader&, const BlobHeader&) = default;
};

class BlobContent {
 public:
  // The array's head, version, header with the longest tag, and the payload's own head.
  static constexpr std::size_t kOverheadBytesMax = 1 + 1 + 34 + 18 + 9 + 34 + 9 + 66 + 5;
  static constexpr std::size_t kBytesMax = kOverheadBytesMax + kPayloadBytesMax;

  // kTooLarge for a payload past its bound, kInvalidArgument for a header outside of its.
  static Result<BlobContent> make(BlobHeader header, ByteView payload);
  // Takes the array's bytes. kUnsupported for a later version, whatever follows it; kTooLarge and
  // the decoder's errors for everything else that make() would not have written.
  static Result<BlobContent> parse(Bytes bytes);

  const BlobHeader& header() const { return header_; }
  // Lives as long as this object stays where it is.
  ByteView payload() const { return ByteView(bytes_).last(payload_size_); }
  // The canonical array: what is hashed, sealed, and stored to be sealed again.
  ByteView bytes() const { return bytes_; }
  // What the sender's next blob names as previous. Hashes all of bytes().
  ChainHash chain_hash() const;

  friend bool operator==(const BlobContent& a, const BlobContent& b) {
    return a.bytes_ == b.bytes_;
  }

 private:
  BlobContent(BlobHeader header, std::size_t payload_size, Bytes bytes)
      : header_(std::move(header)), payload_size_(payload_size), bytes_(std::move(bytes)) {}

  BlobHeader header_;
  std::size_t payload_size_;
  Bytes bytes_;
};

}  // namespace zerok::core
