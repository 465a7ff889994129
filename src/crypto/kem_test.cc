// SPDX-License-Identifier: MIT OR Apache-2.0
// More vectors, NIST's among them, are in tests/published_vectors/.
#include "crypto/kem.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/hash.h"
#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

// SHAKE-128 of nothing as the source of all randomness.
class Shake128Rng final : public Rng {
 public:
  Shake128Rng() { crypto_xof_shake128_init(&state_); }
  void fill(MutableByteView out) override {
    crypto_xof_shake128_squeeze(&state_, out.data(), out.size());
  }

 private:
  crypto_xof_shake128_state state_;
};

// A hundred rounds of key generation, encapsulation, decapsulation and implicit rejection, hashed
// together. The digest is the one C2SP's CCTV ("accumulated") rounds give in Go's crypto/mlkem.
TEST(KemTest, AgreesWithAHundredAccumulatedRounds) {
  Shake128Rng rng;
  crypto_xof_shake128_state all;
  crypto_xof_shake128_init(&all);
  const auto add = [&all](ByteView bytes) {
    crypto_xof_shake128_update(&all, bytes.data(), bytes.size());
  };
  for (int i = 0; i < 100; ++i) {
    const auto pair = MlKemKeyPair::generate(rng);
    add(pair.public_key.bytes());
    const auto sent = mlkem_encapsulate(pair.public_key, rng);
    ASSERT_TRUE(sent);
    add(sent->ciphertext.bytes());
    add(sent->secret.bytes());
    EXPECT_TRUE(mlkem_decapsulate(pair.secret, sent->ciphertext) == sent->secret);
    MlKemCiphertext random;
    rng.fill(random.mutable_bytes());
    add(mlkem_decapsulate(pair.secret, random).bytes());
  }
  ByteArray<32> digest;
  crypto_xof_shake128_squeeze(&all, digest.data(), digest.size());
  EXPECT_EQ(to_hex(digest), "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415");
}

TEST(KemTest, GivesAnUnrelatedSecretForAnyFlippedBitOfTheCiphertext) {
  DeterministicRng rng(4);
  const auto pair = MlKemKeyPair::generate(rng);
  auto sent = mlkem_encapsulate(pair.public_key, rng);
  ASSERT_TRUE(sent);
  // One bit in each byte: all 8,704 take a second and more.
  for (std::size_t i = 0; i < MlKemCiphertext::kSize; ++i) {
    const auto mask = static_cast<std::uint8_t>(1U << i % 8);
    sent->ciphertext.mutable_bytes()[i] ^= mask;
    EXPECT_FALSE(mlkem_decapsulate(pair.secret, sent->ciphertext) == sent->secret) << i;
    sent->ciphertext.mutable_bytes()[i] ^= mask;
  }
}

TEST(KemTest, GivesAnUnrelatedSecretToAnotherKey) {
  DeterministicRng rng(5);
  const auto right = MlKemKeyPair::generate(rng);
  const auto wrong = MlKemKeyPair::generate(rng);
  const auto sent = mlkem_encapsulate(right.public_key, rng);
  ASSERT_TRUE(sent);
  EXPECT_FALSE(mlkem_decapsulate(wrong.secret, sent->ciphertext) == sent->secret);
}

// FIPS 203 section 7.2. A coefficient is 12 bits, two of them in three bytes.
TEST(KemTest, RefusesAKeyWithAnyCoefficientPastTheModulus) {
  DeterministicRng rng(6);
  const auto pair = MlKemKeyPair::generate(rng);
  for (std::size_t coefficient = 0; coefficient < 3 * 256; ++coefficient) {
    for (const unsigned value : {3328U, 3329U, 4095U}) {
      auto key = pair.public_key;
      const auto bytes = key.mutable_bytes().subspan(coefficient / 2 * 3, 3);
      if (coefficient % 2 == 0) {
        bytes[0] = static_cast<std::uint8_t>(value);
        bytes[1] = static_cast<std::uint8_t>((bytes[1] & 0xf0U) | value >> 8);
      } else {
        bytes[1] = static_cast<std::uint8_t>((bytes[1] & 0x0fU) | (value & 0x0fU) << 4);
        bytes[2] = static_cast<std::uint8_t>(value >> 4);
      }
      const auto result = mlkem_encapsulate(key, rng);
      ASSERT_EQ(result.has_value(), value < 3329) << coefficient << " " << value;
      EXPECT_EQ(check_mlkem_public_key(key).has_value(), value < 3329);
      if (!result) {
        EXPECT_EQ(result.error().code, ErrorCode::kCryptoFailed);
      }
    }
  }
}

TEST(KemTest, DerivesTheSameKeysFromASeedAsFromTheSameDraws) {
  DeterministicRng draws(7);
  DeterministicRng copy(7);
  MlKemSeed seed;
  copy.fill(seed.mutable_bytes());
  EXPECT_EQ(MlKemKeyPair::generate(draws).public_key, MlKemKeyPair::from_seed(seed).public_key);
}

}  // namespace
}  // namespace zerok::crypto
