// SPDX-License-Identifier: MIT OR Apache-2.0
// E-PQ-04: the transport keys come from six shared secrets, three of X25519 and three of ML-KEM,
// and nobody gets them from either kind alone. The chain is rebuilt here from the six secrets and
// first shown to give the keys of a real handshake.
#include <gtest/gtest.h>

#include "noise/handshake_impl.h"
#include "noise/testing/test_support.h"

namespace zerok::noise {
namespace {

enum Which : std::size_t { kEkem, kEe, kEs, kSkemToResponder, kSe, kSkemToInitiator, kCount };
using Secrets = std::array<ByteArray<32>, kCount>;
constexpr std::array<bool, kCount> kIsKem = {true, false, false, true, false, true};

// The transport keys as hex, initiator to responder first.
std::array<std::string, 2> transport_keys(const Secrets& secrets) {
  SymmetricState<crypto::Blake2s> symmetric(internal::protocol_name<crypto::Blake2s>());
  symmetric.mix_key(secrets[kEkem]);
  symmetric.mix_key(secrets[kEe]);
  symmetric.mix_key(secrets[kEs]);
  symmetric.mix_key_and_hash(secrets[kSkemToResponder]);
  symmetric.mix_key(secrets[kSe]);
  symmetric.mix_key_and_hash(secrets[kSkemToInitiator]);
  const auto keys = symmetric.split();
  return {to_hex(keys.initiator_to_responder.bytes()), to_hex(keys.responder_to_initiator.bytes())};
}

template <typename Key>
ByteArray<32> bytes_of(const Key& secret) {
  ByteArray<32> bytes;
  std::copy(secret.bytes().begin(), secret.bytes().end(), bytes.begin());
  return bytes;
}

class KeyScheduleTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kSeed = 42;

  // Draws what the handshake draws, in its order, and computes the six secrets from outside.
  Secrets secrets_of_the_run() const {
    DeterministicRng rng(kSeed);
    Secrets secrets;
    const auto e_i = StaticKeys::generate(rng);
    secrets[kEkem] = bytes_of(crypto::mlkem_encapsulate(e_i.kem.public_key, rng).value().secret);
    const auto e_r = StaticKeys::generate(rng);
    secrets[kSkemToResponder] =
        bytes_of(crypto::mlkem_encapsulate(responder_.kem.public_key, rng).value().secret);
    secrets[kSkemToInitiator] =
        bytes_of(crypto::mlkem_encapsulate(initiator_.kem.public_key, rng).value().secret);
    secrets[kEe] = bytes_of(crypto::x25519(e_i.dh.secret, e_r.dh.public_key).value());
    secrets[kEs] = bytes_of(crypto::x25519(e_i.dh.secret, responder_.dh.public_key).value());
    secrets[kSe] = bytes_of(crypto::x25519(initiator_.dh.secret, e_r.dh.public_key).value());
    return secrets;
  }

  std::array<std::string, 2> keys_of_the_run() const {
    Pair<> pair(initiator_, responder_, "test prologue", kSeed);
    EXPECT_TRUE(pair.run());
    auto session = pair.initiator.finish().value();
    return {to_hex(NoiseTestPeer::k(NoiseTestPeer::send(session))),
            to_hex(NoiseTestPeer::k(NoiseTestPeer::receive(session)))};
  }

  const StaticKeys initiator_ = keys_of(301);
  const StaticKeys responder_ = keys_of(302);
};

TEST_F(KeyScheduleTest, SixSharedSecretsGiveTheTransportKeysOfARealHandshake) {
  EXPECT_EQ(transport_keys(secrets_of_the_run()), keys_of_the_run());
}

TEST_F(KeyScheduleTest, OneChangedBitInAnySingleSecretChangesBothTransportKeys) {
  const auto right = keys_of_the_run();
  for (std::size_t which = 0; which < kCount; ++which) {
    Secrets secrets = secrets_of_the_run();
    secrets[which][which] ^= 1;
    const auto keys = transport_keys(secrets);
    EXPECT_NE(keys[0], right[0]) << "secret " << which;
    EXPECT_NE(keys[1], right[1]) << "secret " << which;
  }
}

TEST_F(KeyScheduleTest, AllSecretsOfOneKindDoNotGiveTheKeysWithoutAnyOneOfTheOther) {
  const auto right = keys_of_the_run();
  for (const bool knows_kem : {true, false}) {
    for (std::size_t missing = 0; missing < kCount; ++missing) {
      if (kIsKem[missing] == knows_kem) continue;
      Secrets secrets = secrets_of_the_run();
      secrets[missing] = {};
      const auto keys = transport_keys(secrets);
      EXPECT_NE(keys[0], right[0]);
      EXPECT_NE(keys[1], right[1]);
    }
  }
}

TEST_F(KeyScheduleTest, TheTwoDirectionsHaveDifferentKeys) {
  const auto keys = keys_of_the_run();
  EXPECT_NE(keys[0], keys[1]);
}

}  // namespace
}  // namespace zerok::noise
