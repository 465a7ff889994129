// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/id.h"

#include <sodium.h>

#include "base/check.h"

namespace zerok {
namespace {

struct BlindingKey {
  unsigned char bytes[crypto_shorthash_KEYBYTES];
  BlindingKey() {
    ZEROK_ASSERT(sodium_init() >= 0);
    crypto_shorthash_keygen(bytes);
  }
};

}  // namespace

std::uint64_t keyed_hash(ByteView bytes) {
  static const BlindingKey key;
  ByteArray<crypto_shorthash_BYTES> hash;
  crypto_shorthash(hash.data(), bytes.data(), bytes.size(), key.bytes);
  return load_be64(hash);
}

std::string blind(ByteView identifier) {
  ByteArray<8> hash;
  store_be64(hash, keyed_hash(identifier));
  return to_hex(ByteView(hash).first(3));
}

}  // namespace zerok
