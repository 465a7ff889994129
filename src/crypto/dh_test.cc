// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/dh.h"

#include <gtest/gtest.h>

#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

using testing::key_of;

std::string multiply(std::string_view scalar, std::string_view point) {
  const auto result = x25519(key_of<X25519SecretKey>(scalar), key_of<X25519PublicKey>(point));
  return result ? to_hex(result->bytes()) : "refused";
}

// RFC 7748 section 5.2.
TEST(DhTest, AgreesWithTheFunctionVectorsOfRfc7748) {
  EXPECT_EQ(multiply("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(multiply("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                     "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

// RFC 7748 section 5.2: k is the next k's multiplier of the old u.
TEST(DhTest, AgreesWithTheThousandIterationsOfRfc7748) {
  std::string k = "0900000000000000000000000000000000000000000000000000000000000000";
  std::string u = k;
  for (int i = 1; i <= 1000; ++i) {
    const std::string next = multiply(k, u);
    u = k;
    k = next;
    if (i == 1) {
      EXPECT_EQ(k, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  EXPECT_EQ(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

// RFC 7748 section 6.1.
TEST(DhTest, AgreesWithTheKeyExchangeOfRfc7748) {
  const auto alice = X25519KeyPair::from_secret(
      key_of<X25519SecretKey>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto bob = X25519KeyPair::from_secret(
      key_of<X25519SecretKey>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_EQ(to_hex(alice.public_key.bytes()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(bob.public_key.bytes()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  for (const auto& shared :
       {x25519(alice.secret, bob.public_key), x25519(bob.secret, alice.public_key)}) {
    ASSERT_TRUE(shared);
    EXPECT_EQ(to_hex(shared->bytes()),
              "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  }
}

// Every u-coordinate of a point whose order divides 8, on the curve or its twist, below 2^255. The
// highest bit is ignored, so each is tried with it too.
TEST(DhTest, RefusesEveryPointOfSmallOrder) {
  DeterministicRng rng(3);
  const auto own = X25519KeyPair::generate(rng);
  for (const char* point : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    auto key = key_of<X25519PublicKey>(point);
    for (const std::uint8_t high_bit : {std::uint8_t{0}, std::uint8_t{0x80}}) {
      key.mutable_bytes()[31] = static_cast<std::uint8_t>(key.bytes()[31] | high_bit);
      const auto result = x25519(own.secret, key);
      ASSERT_FALSE(result) << point;
      EXPECT_EQ(result.error().code, ErrorCode::kCryptoFailed);
    }
  }
}

TEST(DhTest, ClampsOnUseAndKeepsTheSecretAsItWasDrawn) {
  Bytes raw(32, 0xff);
  const auto pair = X25519KeyPair::from_secret(key_of<X25519SecretKey>(ByteView(raw)));
  EXPECT_EQ(to_hex(pair.secret.bytes()), to_hex(raw));
  raw[0] = 0xf8;
  raw[31] = 0x7f;
  EXPECT_EQ(pair.public_key,
            X25519KeyPair::from_secret(key_of<X25519SecretKey>(ByteView(raw))).public_key);
}

}  // namespace
}  // namespace zerok::crypto
