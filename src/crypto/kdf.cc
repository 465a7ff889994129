// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/kdf.h"

#include <algorithm>

#include "crypto/hash.h"

namespace zerok::crypto {

HkdfSha256::HkdfSha256(ByteView salt, ByteView input_key) {
  Hash256 extracted = Hmac<Sha256>(salt).update(input_key).finish();
  std::ranges::copy(extracted, extracted_.mutable_bytes().begin());
  secure_wipe(extracted);
}

Result<void> HkdfSha256::expand(ByteView info, MutableByteView out) const {
  if (out.size() > kOutputSizeMax) {
    return fail(ErrorCode::kOutOfRange, "HKDF gives at most 255 blocks");
  }
  expand_unchecked(info, out);
  return {};
}

// T(i) = HMAC(PRK, T(i-1) || info || i), T(0) empty; the output is T(1) || T(2) || ... cut to size.
void HkdfSha256::expand_unchecked(ByteView info, MutableByteView out) const {
  const Hmac<Sha256> keyed(extracted_.bytes());
  Hash256 block;
  ByteView previous;
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    auto hmac = keyed;
    hmac.update(previous).update(info).update(ByteView(&counter, 1));
    block = hmac.finish();
    previous = block;
    const std::size_t size = std::min(out.size(), block.size());
    std::copy_n(block.begin(), size, out.begin());
    out = out.subspan(size);
  }
  secure_wipe(block);
}

}  // namespace zerok::crypto
