// SPDX-License-Identifier: MIT OR Apache-2.0
// HKDF-SHA256 (RFC 5869). One object is one extracted key; what is expanded from it is told apart
// by its info text and comes out as the key type the caller names.
#pragma once

#include "base/result.h"
#include "crypto/keys.h"

namespace zerok::crypto {

class HkdfSha256 {
 public:
  // The longest output: 255 blocks of 32 bytes (RFC 5869 section 2.3).
  static constexpr std::size_t kOutputSizeMax = 255 * kHashSize;

  // HKDF-Extract. Any lengths; an empty salt counts as 32 zero bytes.
  HkdfSha256(ByteView salt, ByteView input_key);

  // HKDF-Expand into all of out. kOutOfRange past kOutputSizeMax.
  Result<void> expand(ByteView info, MutableByteView out) const;

  // derive<XChaChaPolyKey>("blob key"): HKDF-Expand with the text's bytes as info, as long as the
  // key type is.
  template <typename Key>
  Key derive(std::string_view info) const {
    static_assert(Key::kSize <= kOutputSizeMax);
    Key key;
    expand_unchecked(as_bytes(info), key.mutable_bytes());
    return key;
  }

 private:
  void expand_unchecked(ByteView info, MutableByteView out) const;

  Secret<kHashSize> extracted_;
};

}  // namespace zerok::crypto
