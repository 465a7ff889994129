// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/secret.h"

#include <sodium.h>

namespace zerok {

void secure_wipe(MutableByteView bytes) noexcept { sodium_memzero(bytes.data(), bytes.size()); }

bool constant_time_equal(ByteView a, ByteView b) noexcept {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace zerok
