// SPDX-License-Identifier: MIT OR Apache-2.0
#include "noise/session.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/aead.h"
#include "crypto/device_keys.h"
#include "noise/testing/test_support.h"

namespace zerok::noise {
namespace {

struct Sessions {
  Session initiator;
  Session responder;
};

Sessions connect() {
  static const StaticKeys initiator = keys_of(401);
  static const StaticKeys responder = keys_of(402);
  Pair<> pair(initiator, responder);
  EXPECT_TRUE(pair.run());
  return {pair.initiator.finish().value(), pair.responder.finish().value()};
}

Bytes seal(Session& session, ByteView plaintext) {
  Bytes message(plaintext.size() + crypto::kAeadTagSize);
  EXPECT_TRUE(session.seal(plaintext, message));
  return message;
}

Result<Bytes> open(Session& session, ByteView message) {
  Bytes plaintext(message.size() < crypto::kAeadTagSize ? 0
                                                        : message.size() - crypto::kAeadTagSize);
  ZEROK_TRY_VOID(session.open(message, plaintext));
  return plaintext;
}

void expect_ended_by(Session& session, ByteView message, ErrorCode code) {
  const auto opened = open(session, message);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, code);
  EXPECT_TRUE(session.is_ended());
  EXPECT_TRUE(all_zero(NoiseTestPeer::k(NoiseTestPeer::send(session))));
  EXPECT_TRUE(all_zero(NoiseTestPeer::k(NoiseTestPeer::receive(session))));
  ByteArray<16> out;
  EXPECT_EQ(session.seal({}, out).error().code, ErrorCode::kClosed);
  EXPECT_EQ(session.open(out, {}).error().code, ErrorCode::kClosed);
}

TEST(SessionTest, CarriesMessagesOfEverySizeUpToTheLimitBothWays) {
  auto s = connect();
  Bytes text(kTransportPlaintextSizeMax);
  DeterministicRng(1).fill(text);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{1000},
                                 kTransportPlaintextSizeMax}) {
    const ByteView part = ByteView(text).first(size);
    for (auto [from, to] :
         {std::pair(&s.initiator, &s.responder), std::pair(&s.responder, &s.initiator)}) {
      const Bytes message = seal(*from, part);
      EXPECT_LE(message.size(), kTransportMessageSizeMax);
      const auto opened = open(*to, message);
      ASSERT_TRUE(opened);
      EXPECT_EQ(*opened, Bytes(part.begin(), part.end()));
    }
  }
}

TEST(SessionTest, SealsAndOpensInPlace) {
  auto s = connect();
  Bytes buffer(105);
  std::copy_n("hello", 5, buffer.begin());
  ASSERT_TRUE(
      s.initiator.seal(MutableByteView(buffer).first(5), MutableByteView(buffer).first(21)));
  ASSERT_TRUE(
      s.responder.open(MutableByteView(buffer).first(21), MutableByteView(buffer).first(5)));
  EXPECT_EQ(to_hex(ByteView(buffer).first(5)), to_hex(as_bytes("hello")));
}

TEST(SessionTest, RefusesToSealMoreThanAMessageHoldsAndGoesOn) {
  auto s = connect();
  const Bytes text(kTransportPlaintextSizeMax + 1);
  Bytes out(text.size() + crypto::kAeadTagSize);
  EXPECT_EQ(s.initiator.seal(text, out).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(open(s.responder, seal(s.initiator, as_bytes("next"))));
}

TEST(SessionTest, EndsOnAnyChangedByte) {
  const Bytes text(40, 'x');
  for (std::size_t at = 0; at < text.size() + crypto::kAeadTagSize; ++at) {
    auto s = connect();
    Bytes message = seal(s.initiator, text);
    message[at] = static_cast<std::uint8_t>(message[at] ^ (1u << (at % 8)));
    expect_ended_by(s.responder, message, ErrorCode::kCryptoFailed);
  }
}

TEST(SessionTest, EndsOnATruncatedOrExtendedMessage) {
  for (const std::size_t size : {0u, 1u, 15u, 16u, 20u, 22u, 37u}) {
    auto s = connect();
    Bytes message = seal(s.initiator, as_bytes("hello"));
    message.resize(size);
    expect_ended_by(s.responder, message, ErrorCode::kCryptoFailed);
  }
}

TEST(SessionTest, EndsOnAMessageLongerThanTheLimit) {
  auto s = connect();
  expect_ended_by(s.responder, Bytes(kTransportMessageSizeMax + 1), ErrorCode::kTooLarge);
}

TEST(SessionTest, EndsOnAReplayedMessage) {
  auto s = connect();
  const Bytes message = seal(s.initiator, as_bytes("once"));
  ASSERT_TRUE(open(s.responder, message));
  expect_ended_by(s.responder, message, ErrorCode::kCryptoFailed);
}

TEST(SessionTest, EndsOnAMessageWhosePredecessorIsMissing) {
  auto s = connect();
  seal(s.initiator, as_bytes("first"));
  const Bytes second = seal(s.initiator, as_bytes("second"));
  expect_ended_by(s.responder, second, ErrorCode::kCryptoFailed);
}

TEST(SessionTest, EndsOnItsOwnMessageSentBack) {
  auto s = connect();
  const Bytes message = seal(s.initiator, as_bytes("mine"));
  expect_ended_by(s.initiator, message, ErrorCode::kCryptoFailed);
}

TEST(SessionTest, ClearsThePlaintextBufferOfAFailedOpen) {
  auto s = connect();
  Bytes message = seal(s.initiator, as_bytes("hello"));
  message[0] ^= 1;
  Bytes out(5, 0xcc);
  EXPECT_FALSE(s.responder.open(message, out));
  EXPECT_TRUE(all_zero(out));
}

TEST(SessionTest, StopsBeforeTheLastNonceInBothDirections) {
  auto s = connect();
  NoiseTestPeer::set_n(NoiseTestPeer::send(s.initiator), CipherState::kNonceEnd - 1);
  NoiseTestPeer::set_n(NoiseTestPeer::receive(s.responder), CipherState::kNonceEnd - 1);
  const Bytes last = seal(s.initiator, as_bytes("last"));
  ASSERT_TRUE(open(s.responder, last));
  ByteArray<16> out{};
  EXPECT_EQ(s.initiator.seal({}, out).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(s.initiator.seal({}, out).error().code, ErrorCode::kOutOfRange) << "and stays there";
  EXPECT_TRUE(all_zero(out));
  expect_ended_by(s.responder, last, ErrorCode::kOutOfRange);
}

TEST(SessionTest, KeepsAConfirmedPeerAfterItEnded) {
  auto s = connect();
  ASSERT_TRUE(open(s.responder, seal(s.initiator, as_bytes("hello"))));
  const auto peer = s.responder.confirmed_peer();
  ASSERT_TRUE(peer);
  EXPECT_FALSE(open(s.responder, Bytes(20)));
  EXPECT_EQ(s.responder.confirmed_peer(), peer);
}

TEST(CipherStateTest, AFailedOpenDoesNotAdvanceTheCounter) {
  DeterministicRng rng(1);
  crypto::ChaChaPolyKey key;
  rng.fill(key.mutable_bytes());
  CipherState sender;
  CipherState receiver;
  sender.initialize_key(key.clone());
  receiver.initialize_key(key.clone());
  ByteArray<21> message;
  ASSERT_TRUE(sender.encrypt_with_ad(as_bytes("ad"), as_bytes("hello"), message));
  ByteArray<5> text;
  EXPECT_FALSE(receiver.decrypt_with_ad(as_bytes("da"), message, text));
  EXPECT_EQ(NoiseTestPeer::n(receiver), 0u);
  EXPECT_TRUE(receiver.decrypt_with_ad(as_bytes("ad"), message, text));
  EXPECT_EQ(NoiseTestPeer::n(receiver), 1u);
}

TEST(CipherStateTest, TheNonceIsFourZeroBytesAndTheWholeCounterInLittleEndian) {
  DeterministicRng rng(2);
  crypto::ChaChaPolyKey key;
  rng.fill(key.mutable_bytes());
  const std::pair<std::uint64_t, const char*> nonces[] = {
      {0, "000000000000000000000000"},
      {0xff, "00000000ff00000000000000"},
      {0x100, "000000000001000000000000"},
      {std::uint64_t{1} << 32, "000000000000000001000000"},
      {0x0102030405060708, "000000000807060504030201"}};
  for (const auto& [n, hex] : nonces) {
    CipherState state;
    state.initialize_key(key.clone());
    NoiseTestPeer::set_n(state, n);
    ByteArray<21> message;
    ASSERT_TRUE(state.encrypt_with_ad({}, as_bytes("hello"), message));
    const Bytes nonce = *from_hex(hex);
    ByteArray<21> expected;
    crypto::chacha_poly_seal(key, std::span<const std::uint8_t, 12>(nonce), {}, as_bytes("hello"),
                             expected);
    EXPECT_EQ(to_hex(message), to_hex(expected)) << n;
    EXPECT_EQ(NoiseTestPeer::n(state), n + 1);
  }
}

TEST(CipherStateTest, PassesDataThroughUntilItHasAKey) {
  CipherState state;
  ByteArray<5> out;
  ASSERT_TRUE(state.encrypt_with_ad({}, as_bytes("hello"), out));
  EXPECT_EQ(to_hex(out), to_hex(as_bytes("hello")));
  EXPECT_EQ(NoiseTestPeer::n(state), 0u);
}

TEST(IdentityTest, TheHashCoversBothKeysAndTheLabel) {
  const auto a = keys_of(1).identity();
  const auto b = keys_of(2).identity();
  EXPECT_NE(a.id(), (PeerIdentity{a.dh, b.kem}.id()));
  EXPECT_NE(a.id(), (PeerIdentity{b.dh, a.kem}.id()));
  Bytes input = {24};
  for (const ByteView part :
       {as_bytes("0k-sync/2 noise identity"), ByteView(a.dh.bytes()), ByteView(a.kem.bytes())}) {
    input.insert(input.end(), part.begin(), part.end());
  }
  EXPECT_EQ(to_hex(a.id().bytes()), to_hex(crypto::Sha256().update(input).finish()));
}

// [relay 1] of docs/protocol/vectors/keys.txt; the value stands in docs/protocol/handshake.md.
TEST(IdentityTest, TheHashOfTheDocumentedRelayIsTheDocumentedOne) {
  crypto::RelaySecret secret;
  for (std::uint8_t i = 0; i < 32; ++i) secret.mutable_bytes()[i] = i;
  auto derived = crypto::RelayKeys::derive(secret).noise;
  const auto keys = StaticKeys::from_secrets(std::move(derived.dh), derived.kem);
  EXPECT_EQ(to_hex(keys.identity().id().bytes()),
            "087d511b74fcde31e0bceb8058a15c1bd1ecefda8a64195908bc056db9da8e57");
}

}  // namespace
}  // namespace zerok::noise
