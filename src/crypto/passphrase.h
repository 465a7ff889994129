// SPDX-License-Identifier: MIT OR Apache-2.0
// A wrapping key from a passphrase: Argon2id (RFC 9106, one lane) at one of three fixed costs, each
// named by one byte beside the salt (docs/protocol/keys.md section 7). There are no other costs, so
// a hostile file can't ask for a gigabyte of memory. Slow on purpose: 10 to 200 ms.
#pragma once

#include "base/result.h"
#include "crypto/keys.h"

namespace zerok::crypto {

// Wraps the recovery kit or the keychain's file; never a group secret.
using PassphraseKey = SecretKey<struct PassphraseKeyTag, 32>;

// Random for every wrapping; stored in the clear beside the profile's byte.
struct PassphraseSaltTag {
  static constexpr const char* kName = "salt";
};
using PassphraseSalt = Id<PassphraseSaltTag, 16>;

// The numbers are part of the file formats.
enum class Argon2Profile : std::uint8_t {
  k19MiB = 1,  // 2 passes
  k46MiB = 2,  // 1 pass
  k64MiB = 3,  // 3 passes
};

// kUnsupported for every byte that names no profile.
Result<Argon2Profile> parse_argon2_profile(std::uint8_t byte);

// The profile for a device with so much RAM: under 4 GiB, under 8 GiB, more.
Argon2Profile choose_argon2_profile(std::uint64_t ram_bytes);

inline constexpr std::size_t kPassphraseSizeMax = 1024;

// The passphrase's bytes are used as they are; the caller brings text to one normal form first.
// kInvalidArgument for an empty passphrase, kOutOfRange past kPassphraseSizeMax, kNoMemory.
Result<PassphraseKey> derive_passphrase_key(ByteView passphrase, const PassphraseSalt& salt,
                                            Argon2Profile profile);

}  // namespace zerok::crypto
