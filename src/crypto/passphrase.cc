// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/passphrase.h"

#include <sodium.h>

#include <cerrno>

namespace zerok::crypto {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Cost {
  std::size_t memory_bytes;
  unsigned long long passes;
};

Result<Cost> cost_of(Argon2Profile profile) {
  switch (profile) {
    case Argon2Profile::k19MiB:
      return Cost{19 * kMiB, 2};
    case Argon2Profile::k46MiB:
      return Cost{46 * kMiB, 1};
    case Argon2Profile::k64MiB:
      return Cost{64 * kMiB, 3};
  }
  return fail(ErrorCode::kUnsupported, "no such Argon2id profile");
}

}  // namespace

Result<Argon2Profile> parse_argon2_profile(std::uint8_t byte) {
  const auto profile = static_cast<Argon2Profile>(byte);
  ZEROK_TRY_VOID(cost_of(profile));
  return profile;
}

Argon2Profile choose_argon2_profile(std::uint64_t ram_bytes) {
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
  if (ram_bytes < 4 * kGiB) return Argon2Profile::k19MiB;
  if (ram_bytes < 8 * kGiB) return Argon2Profile::k46MiB;
  return Argon2Profile::k64MiB;
}

Result<PassphraseKey> derive_passphrase_key(ByteView passphrase, const PassphraseSalt& salt,
                                            Argon2Profile profile) {
  static_assert(PassphraseSalt::kSize == crypto_pwhash_argon2id_SALTBYTES);
  ZEROK_TRY(const Cost cost, cost_of(profile));
  if (passphrase.empty()) return fail(ErrorCode::kInvalidArgument, "the passphrase is empty");
  if (passphrase.size() > kPassphraseSizeMax) {
    return fail(ErrorCode::kOutOfRange, "the passphrase is too long");
  }
  PassphraseKey key;
  if (crypto_pwhash_argon2id(key.mutable_bytes().data(), PassphraseKey::kSize,
                             reinterpret_cast<const char*>(passphrase.data()), passphrase.size(),
                             salt.bytes().data(), cost.passes, cost.memory_bytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::kNoMemory, "Argon2id could not have its memory", errno);
  }
  return key;
}

}  // namespace zerok::crypto
