// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/secret.h"

#include <sodium.h>

namespace zerok {
namespace {

// Chooses libsodium's code for this processor before main. Whatever runs earlier, or without it, is
// right too, but slow. Every program that holds a secret links this file.
[[maybe_unused]] const int g_sodium_ready = sodium_init();

}  // namespace

void secure_wipe(MutableByteView bytes) noexcept { sodium_memzero(bytes.data(), bytes.size()); }

bool constant_time_equal(ByteView a, ByteView b) noexcept {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace zerok
