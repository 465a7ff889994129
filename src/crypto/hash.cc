// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/hash.h"

#include <blake2.h>
#include <nettle/sha2.h>
#include <sodium.h>

#include <new>
#include <type_traits>

#include "base/check.h"

namespace zerok::crypto {
namespace {

// The libraries' state types stay out of the header; these make sure they fit and may be copied as
// bytes.
// Nettle's uses the processor's instructions for SHA-256; libsodium's takes four times as long.
using Sha256State = ::sha256_ctx;
using Sha512State = crypto_hash_sha512_state;
using Blake2sState = blake2s_state;
static_assert(std::is_trivially_copyable_v<Sha256State> &&
              std::is_trivially_copyable_v<Sha512State> &&
              std::is_trivially_copyable_v<Blake2sState>);

Sha256State* sha256(std::uint8_t* state) {
  return std::launder(reinterpret_cast<Sha256State*>(state));
}
Sha512State* sha512(std::uint8_t* state) {
  return std::launder(reinterpret_cast<Sha512State*>(state));
}
Blake2sState* blake2s_of(std::uint8_t* state) {
  return std::launder(reinterpret_cast<Blake2sState*>(state));
}

// libb2 chooses its code for this processor at the first call of each function and remembers it in
// a plain variable. Here that happens before main, so that two threads never race to it.
[[maybe_unused]] const Hash256 g_blake2s_chosen = Blake2s().update({}).finish();

}  // namespace

Sha256::Sha256() {
  static_assert(sizeof(Sha256State) <= sizeof(state_) && alignof(Sha256State) <= 16);
  new (state_.data()) Sha256State;
  nettle_sha256_init(sha256(state_.data()));
}
Sha256::~Sha256() { secure_wipe(state_); }

Sha256& Sha256::update(ByteView bytes) {
  nettle_sha256_update(sha256(state_.data()), bytes.size(), bytes.data());
  return *this;
}

Hash256 Sha256::finish() {
  Hash256 out;
  nettle_sha256_digest(sha256(state_.data()), out.size(), out.data());
  return out;
}

Sha512::Sha512() {
  static_assert(sizeof(Sha512State) <= sizeof(state_) && alignof(Sha512State) <= 16);
  new (state_.data()) Sha512State;
  crypto_hash_sha512_init(sha512(state_.data()));
}
Sha512::~Sha512() { secure_wipe(state_); }

Sha512& Sha512::update(ByteView bytes) {
  crypto_hash_sha512_update(sha512(state_.data()), bytes.data(), bytes.size());
  return *this;
}

ByteArray<Sha512::kSize> Sha512::finish() {
  ByteArray<kSize> out;
  crypto_hash_sha512_final(sha512(state_.data()), out.data());
  return out;
}

Blake2s::Blake2s() {
  static_assert(sizeof(Blake2sState) <= sizeof(state_) && alignof(Blake2sState) <= 64);
  new (state_.data()) Blake2sState;
  ZEROK_ASSERT(blake2s_init(blake2s_of(state_.data()), kHashSize) == 0);
}
Blake2s::~Blake2s() { secure_wipe(state_); }

Blake2s& Blake2s::update(ByteView bytes) {
  ZEROK_ASSERT(blake2s_update(blake2s_of(state_.data()), bytes.data(), bytes.size()) == 0);
  return *this;
}

Hash256 Blake2s::finish() {
  Hash256 out;
  ZEROK_ASSERT(blake2s_final(blake2s_of(state_.data()), out.data(), out.size()) == 0);
  return out;
}

}  // namespace zerok::crypto
