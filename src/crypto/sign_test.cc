// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/sign.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

using testing::hex;
using testing::key_of;

struct SignVector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc).
constexpr SignVector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

// Every encoding of a point whose order divides 8, canonical ones first.
constexpr const char* kSmallOrder[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

constexpr const char* kBasePoint =
    "5866666666666666666666666666666666666666666666666666666666666666";

// Little endian, 2^252 + 27742317777372353535851937790883648493.
constexpr const char* kGroupOrder =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

Ed25519Signature signature_of(ByteView r, ByteView s) {
  Bytes both(r.begin(), r.end());
  both.insert(both.end(), s.begin(), s.end());
  return key_of<Ed25519Signature>(both);
}

TEST(SignTest, AgreesWithTheVectorsOfRfc8032) {
  for (const auto& vector : kVectors) {
    const auto pair = Ed25519KeyPair::from_seed(key_of<Ed25519Seed>(vector.seed));
    EXPECT_EQ(to_hex(pair.public_key().bytes()), vector.public_key);
    const auto signature = pair.sign(hex(vector.message));
    EXPECT_EQ(to_hex(signature.bytes()), vector.signature);
    EXPECT_TRUE(ed25519_verify(pair.public_key(), hex(vector.message), signature));
  }
}

TEST(SignTest, RefusesAnyFlippedBitInKeyMessageOrSignature) {
  const auto pair = Ed25519KeyPair::from_seed(key_of<Ed25519Seed>(kVectors[3].seed));
  const Bytes message = hex(kVectors[3].message);
  const auto signature = pair.sign(message);
  const auto refuses = [](const auto& key, ByteView text, const auto& sig) {
    const auto result = ed25519_verify(key, text, sig);
    return !result && result.error().code == ErrorCode::kCryptoFailed;
  };
  for (std::size_t bit = 0; bit < 64 * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
    auto other_signature = signature;
    other_signature.mutable_bytes()[bit / 8] ^= mask;
    EXPECT_TRUE(refuses(pair.public_key(), message, other_signature)) << bit;
    Bytes other_message = message;
    other_message[bit / 8] ^= mask;
    EXPECT_TRUE(refuses(pair.public_key(), other_message, signature)) << bit;
    if (bit >= 32 * 8) continue;
    auto other_key = pair.public_key();
    other_key.mutable_bytes()[bit / 8] ^= mask;
    EXPECT_TRUE(refuses(other_key, message, signature)) << bit;
  }
  EXPECT_TRUE(refuses(pair.public_key(), ByteView(message).first(63), signature));
  EXPECT_TRUE(refuses(pair.public_key(), {}, signature));
}

// S + L satisfies the same equation, so without the check a stranger could make a second signature.
TEST(SignTest, RefusesAnSOfTheGroupOrderOrMore) {
  const Bytes order = hex(kGroupOrder);
  for (const auto& vector : kVectors) {
    const auto public_key = key_of<Ed25519PublicKey>(vector.public_key);
    Bytes signature = hex(vector.signature);
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      carry += signature[32 + i] + order[i];
      signature[32 + i] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    ASSERT_EQ(carry, 0U);
    EXPECT_FALSE(ed25519_verify(public_key, hex(vector.message),
                                key_of<Ed25519Signature>(ByteView(signature))));
  }
}

// With R = B and S = 1 the equation holds for the identity as public key and every message, and for
// the other points of small order for about one message in 2, 4 or 8.
TEST(SignTest, RefusesPublicKeysOfSmallOrderInEveryEncoding) {
  Bytes one(32);
  one[0] = 1;
  const auto forged = signature_of(hex(kBasePoint), one);
  for (const char* point : kSmallOrder) {
    const auto public_key = key_of<Ed25519PublicKey>(point);
    for (std::uint8_t i = 0; i < 64; ++i) {
      EXPECT_FALSE(ed25519_verify(public_key, ByteView(&i, 1), forged)) << point;
    }
  }
}

// The key B belongs to the scalar 1, so S = k, the hash, makes the equation hold with R = identity,
// and with the other points of small order for whoever multiplies by the cofactor.
TEST(SignTest, RefusesAnROfSmallOrderInEveryEncoding) {
  const auto public_key = key_of<Ed25519PublicKey>(kBasePoint);
  for (const char* point : kSmallOrder) {
    const Bytes r = hex(point);
    Bytes hashed = r;
    hashed.insert(hashed.end(), public_key.bytes().begin(), public_key.bytes().end());
    ByteArray<64> wide;
    crypto_hash_sha512(wide.data(), hashed.data(), hashed.size());
    ByteArray<32> k;
    crypto_core_ed25519_scalar_reduce(k.data(), wide.data());
    EXPECT_FALSE(ed25519_verify(public_key, {}, signature_of(r, k))) << point;
  }
}

TEST(SignTest, MakesPairsThatSignForTheirOwnPublicKeyOnly) {
  DeterministicRng rng(1);
  const auto a = Ed25519KeyPair::generate(rng);
  const auto b = Ed25519KeyPair::generate(rng);
  EXPECT_NE(a.public_key(), b.public_key());
  const auto signature = a.sign(as_bytes("text"));
  EXPECT_TRUE(ed25519_verify(a.public_key(), as_bytes("text"), signature));
  EXPECT_FALSE(ed25519_verify(b.public_key(), as_bytes("text"), signature));
  EXPECT_EQ(Ed25519KeyPair::from_seed(a.seed().clone()).sign(as_bytes("text")), signature);
}

}  // namespace
}  // namespace zerok::crypto
