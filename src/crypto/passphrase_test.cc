// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/passphrase.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

using testing::counting_bytes;
using testing::key_of;

struct ProfileVector {
  Argon2Profile profile;
  const char* of_words;
  const char* of_zeros;
};

// Computed with the reference implementation of Argon2 (Python's argon2-cffi 25.1.0): salt 00 01
// ... 0f, one lane, version 0x13; "correct horse battery staple" and 1,024 zero bytes.
constexpr ProfileVector kProfiles[] = {
    {Argon2Profile::k19MiB, "818259b6310026a8e0dbac5d2e6927abcfdb07b32258fac4f61b18b80f929085",
     "393eec580856430849bd329de036aa549450190d4ecad6adf9121c1b7334a1b4"},
    {Argon2Profile::k46MiB, "fdca024fae17b143175e4e725b9341fbbd176aaf77d79d78c44d28007d7b11a7",
     "f8a93f414c8a7367374b5b0057f9a83c39891f67d6533a4c4fdbab4f4c03c5f1"},
    {Argon2Profile::k64MiB, "0d1a3c6523c8f06e4e0af9c515aa5b5448cfebd6838f2d52c3d8b6ef8ddc3c2e",
     "7f9dfa9dbda0e6e57503e2bb983ffe922ed6fd5d16ab4e6f93e7c38a223ffbb0"},
};

Result<PassphraseKey> derive(ByteView passphrase, Argon2Profile profile) {
  return derive_passphrase_key(passphrase, key_of<PassphraseSalt>(ByteView(counting_bytes(16))),
                               profile);
}

TEST(PassphraseTest, AgreesWithTheReferenceImplementationAtEveryProfile) {
  for (const auto& vector : kProfiles) {
    const auto words = derive(as_bytes("correct horse battery staple"), vector.profile);
    ASSERT_TRUE(words);
    EXPECT_EQ(to_hex(words->bytes()), vector.of_words);
    const auto zeros = derive(Bytes(kPassphraseSizeMax), vector.profile);
    ASSERT_TRUE(zeros);
    EXPECT_EQ(to_hex(zeros->bytes()), vector.of_zeros);
  }
}

struct PublishedVector {
  const char* passphrase;
  const char* salt;
  unsigned long long passes;
  std::size_t memory_bytes;
  const char* hash;
};

// From PyNaCl 1.6.2, tests/data/raw_argon2id_hashes.json. RFC 9106's own vector has four lanes, a
// secret and associated data, none of which the library offers. Other costs than our three go to
// the library directly.
constexpr PublishedVector kPublished[] = {
    {"jfuT8oJu2Fg", "RPgjpKWKmH7otL58", 1, 131072,
     "959f27c6ac7a7f9d4cebb7bb1cc05833810079e4e384f687a7"},
    {"J2TU89T68L", "hsvjdI3ckgfMke6x", 4, 32768, "f45619dcd98553c38a4f311904a06e888dd5dd"},
    {"ZTgoKeVg", "oCSdi7b6I3UYftj6", 3, 65536, "823cd743a9378b0013a61b275d8a8d61b4abf465e3c758"},
    {"410nLopRL2Pt6yT", "hqiuuNWIOLHft77r", 5, 65536, "7274d6a9be2b52feab9b346df1abee1a68ec5c79"},
};

TEST(PassphraseTest, TheLibraryAgreesWithPublishedVectorsAtOtherCosts) {
  for (const auto& vector : kPublished) {
    const std::string_view passphrase = vector.passphrase;
    Bytes out(std::string_view(vector.hash).size() / 2);
    // The file counts memory in KiB.
    ASSERT_EQ(
        crypto_pwhash_argon2id(out.data(), out.size(), passphrase.data(), passphrase.size(),
                               as_bytes(vector.salt).data(), vector.passes,
                               vector.memory_bytes * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13),
        0);
    EXPECT_EQ(to_hex(out), vector.hash);
  }
}

TEST(PassphraseTest, KnowsThreeProfilesAndNoOther) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto profile = parse_argon2_profile(static_cast<std::uint8_t>(byte));
    if (byte >= 1 && byte <= 3) {
      ASSERT_TRUE(profile) << byte;
      EXPECT_EQ(static_cast<unsigned>(*profile), byte);
    } else {
      ASSERT_FALSE(profile) << byte;
      EXPECT_EQ(profile.error().code, ErrorCode::kUnsupported);
      // Not even a cast gets past it.
      const auto forced = derive(as_bytes("text"), static_cast<Argon2Profile>(byte));
      ASSERT_FALSE(forced);
      EXPECT_EQ(forced.error().code, ErrorCode::kUnsupported);
    }
  }
}

TEST(PassphraseTest, ChoosesTheProfileByTheDevicesRam) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  EXPECT_EQ(choose_argon2_profile(0), Argon2Profile::k19MiB);
  EXPECT_EQ(choose_argon2_profile(4 * kGiB - 1), Argon2Profile::k19MiB);
  EXPECT_EQ(choose_argon2_profile(4 * kGiB), Argon2Profile::k46MiB);
  EXPECT_EQ(choose_argon2_profile(8 * kGiB - 1), Argon2Profile::k46MiB);
  EXPECT_EQ(choose_argon2_profile(8 * kGiB), Argon2Profile::k64MiB);
  EXPECT_EQ(choose_argon2_profile(~0ULL), Argon2Profile::k64MiB);
}

TEST(PassphraseTest, RefusesAnEmptyAndAnOverlongPassphrase) {
  const auto empty = derive({}, Argon2Profile::k19MiB);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::kInvalidArgument);
  const auto overlong = derive(Bytes(kPassphraseSizeMax + 1), Argon2Profile::k19MiB);
  ASSERT_FALSE(overlong);
  EXPECT_EQ(overlong.error().code, ErrorCode::kOutOfRange);
}

TEST(PassphraseTest, GivesAnotherKeyForAnotherSaltOrPassphrase) {
  const auto key = derive(as_bytes("text"), Argon2Profile::k19MiB);
  const auto other_text = derive(as_bytes("texu"), Argon2Profile::k19MiB);
  const auto other_salt = derive_passphrase_key(
      as_bytes("text"), key_of<PassphraseSalt>(ByteView(counting_bytes(16, 1))),
      Argon2Profile::k19MiB);
  ASSERT_TRUE(key && other_text && other_salt);
  EXPECT_FALSE(*key == *other_text);
  EXPECT_FALSE(*key == *other_salt);
}

}  // namespace
}  // namespace zerok::crypto
