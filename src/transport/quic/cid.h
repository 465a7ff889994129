// SPDX-License-Identifier: MIT OR Apache-2.0
// Cid: a QUIC connection id (RFC 9000 section 5.1) as a value, with a hash that strangers who
// choose ids can't steer. Ours are always kCidLength random bytes, so a short header can be read.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "base/id.h"

namespace zerok::transport {

inline constexpr std::size_t kCidLength = 8;
inline constexpr std::size_t kCidLengthMax = 20;
inline constexpr std::size_t kResetTokenSize = 16;

using ResetToken = ByteArray<kResetTokenSize>;

class Cid {
 public:
  Cid() = default;
  // Bytes past the twentieth are cut; the parser has refused such ids before.
  explicit Cid(ByteView bytes)
      : size_(static_cast<std::uint8_t>(std::min(bytes.size(), kCidLengthMax))) {
    std::copy_n(bytes.begin(), size_, bytes_.begin());
  }
  ByteView bytes() const { return ByteView(bytes_).first(size_); }
  std::size_t size() const { return size_; }
  friend bool operator==(const Cid&, const Cid&) = default;

 private:
  std::uint8_t size_ = 0;
  ByteArray<kCidLengthMax> bytes_{};
};

struct KeyedHash {
  std::size_t operator()(const Cid& cid) const { return keyed_hash(cid.bytes()); }
  std::size_t operator()(const ResetToken& token) const { return keyed_hash(token); }
};

}  // namespace zerok::transport
