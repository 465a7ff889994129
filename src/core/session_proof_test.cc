// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/session_proof.h"

#include <gtest/gtest.h>

#include "core/testing/roster_sample.h"

namespace zerok::core {
namespace {

using testing::sample_device;
using testing::sample_group;

SessionBinding binding(std::uint8_t channel = 1, std::uint8_t relay = 9) {
  SessionBinding out;
  out.handshake_hash.fill(channel);
  for (auto& byte : out.relay.mutable_bytes()) byte = relay;
  return out;
}

wire::Hello signed_hello() {
  wire::Hello hello;
  sign_hello(hello, sample_device(1).keys.signing, sample_group().membership, binding());
  return hello;
}

EndpointId peer(std::uint8_t device = 1) { return sample_device(device).keys.endpoint_id(); }

void expect_unauthorized(const wire::Hello& hello, const SessionBinding& channel = binding(),
                         const EndpointId& from = peer()) {
  const auto verified = verify_hello(hello, channel, from);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error(), wire::WireErrorCode::kUnauthorized);
}

TEST(SessionProofTest, AcceptsAHelloAfterItWentOverTheWire) {
  wire::Hello hello = signed_hello();
  const Bytes entry(100, 7);
  hello.create = ByteView(entry);
  EXPECT_EQ(hello.group, sample_group().group_id());
  const Bytes body = hello.encode().value();
  const auto read = wire::Hello::decode(body);
  ASSERT_TRUE(read);
  EXPECT_TRUE(verify_hello(*read, binding(), peer()));
}

TEST(SessionProofTest, RefusesAMembershipKeyThatIsNotTheGroups) {
  wire::Hello hello;
  sign_hello(hello, sample_device(1).keys.signing, sample_group(0x60).membership, binding());
  EXPECT_TRUE(verify_hello(hello, binding(), peer()));
  hello.group = sample_group().group_id();
  expect_unauthorized(hello);
  // With the right key's bytes, which are public, and signatures by the wrong one.
  const auto right = sample_group();
  std::ranges::copy(right.membership.public_key().bytes(), hello.membership_key.begin());
  expect_unauthorized(hello);
}

TEST(SessionProofTest, RefusesSomeoneElsesGroupId) {
  wire::Hello hello = signed_hello();
  hello.group = sample_group(0x60).group_id();
  expect_unauthorized(hello);
}

// With both signatures over it, by the liar's own keys.
TEST(SessionProofTest, RefusesSomeoneElsesGroupIdThatIsSignedAlright) {
  wire::Hello hello = signed_hello();
  hello.group = sample_group(0x60).group_id();
  const auto sign = [&](wire::HelloSigner signer, const crypto::Ed25519KeyPair& key,
                        ByteArray<64>& out) {
    const Bytes bytes = wire::hello_signed_bytes(signer, binding().handshake_hash, binding().relay,
                                                 hello.group, hello.device);
    std::ranges::copy(key.sign(bytes).bytes(), out.begin());
  };
  sign(wire::HelloSigner::kDevice, sample_device(1).keys.signing, hello.device_signature);
  sign(wire::HelloSigner::kMembership, sample_group().membership, hello.membership_signature);
  expect_unauthorized(hello);
}

TEST(SessionProofTest, RefusesAHelloReplayedOnAnotherChannel) {
  expect_unauthorized(signed_hello(), binding(2));
}

TEST(SessionProofTest, RefusesAHelloForAnotherRelay) {
  expect_unauthorized(signed_hello(), binding(1, 8));
}

TEST(SessionProofTest, RefusesADeviceThatIsNotTheChannelsPeer) {
  expect_unauthorized(signed_hello(), binding(), peer(2));
  wire::Hello hello = signed_hello();
  hello.device = sample_device(2).id();
  expect_unauthorized(hello, binding(), peer(2));
}

TEST(SessionProofTest, RefusesASignatureOfOneKeyInTheOthersPlace) {
  wire::Hello hello = signed_hello();
  std::swap(hello.device_signature, hello.membership_signature);
  expect_unauthorized(hello);
  // One key in both roles signs under two labels.
  const auto& device = sample_device(1).keys.signing;
  sign_hello(hello, device, device, binding());
  EXPECT_TRUE(verify_hello(hello, binding(), peer()));
  hello.membership_signature = hello.device_signature;
  expect_unauthorized(hello);
}

TEST(SessionProofTest, RefusesAnyChangedByteOfWhatIsSigned) {
  const wire::Hello hello = signed_hello();
  const auto each_byte = [&](auto field) {
    wire::Hello changed = hello;
    for (auto& byte : field(changed)) {
      byte ^= 0x40;
      EXPECT_FALSE(verify_hello(changed, binding(), peer()));
      byte ^= 0x40;
    }
  };
  each_byte([](wire::Hello& h) { return h.group.mutable_bytes(); });
  each_byte([](wire::Hello& h) { return h.device.mutable_bytes(); });
  each_byte([](wire::Hello& h) -> auto& { return h.device_signature; });
  each_byte([](wire::Hello& h) -> auto& { return h.membership_key; });
  each_byte([](wire::Hello& h) -> auto& { return h.membership_signature; });
}

}  // namespace
}  // namespace zerok::core
