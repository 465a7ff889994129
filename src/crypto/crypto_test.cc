// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include "base/rng.h"
#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/hash.h"
#include "crypto/kem.h"

namespace zerok::crypto {
namespace {

TEST(HashTest, AgreesWithTheAbcVectorsOfFips180AndRfc7693) {
  EXPECT_EQ(to_hex(Sha256().update(as_bytes("abc")).finish()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(Blake2s().update(as_bytes("abc")).finish()),
            "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
}

TEST(KemTest, BothSidesAgree) {
  SystemRng rng;
  const auto pair = MlKemKeyPair::generate(rng);
  const auto sent = mlkem_encapsulate(pair.public_key, rng);
  ASSERT_TRUE(sent);
  EXPECT_TRUE(mlkem_decapsulate(pair.secret, sent->ciphertext) == sent->secret);
}

TEST(DhTest, BothSidesAgreeAndSmallOrderPointsAreRefused) {
  SystemRng rng;
  const auto a = X25519KeyPair::generate(rng);
  const auto b = X25519KeyPair::generate(rng);
  EXPECT_TRUE(x25519(a.secret, b.public_key).value() == x25519(b.secret, a.public_key).value());
  EXPECT_FALSE(x25519(a.secret, X25519PublicKey()));
}

}  // namespace
}  // namespace zerok::crypto
