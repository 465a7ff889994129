// SPDX-License-Identifier: MIT OR Apache-2.0
// What a dishonest peer can try: bad keys, other people's keys, a man in the middle, sealed
// nonsense. The forgers below write messages by hand from the specification's operations, so they
// can cheat where Handshake would not.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "noise/handshake_fields.h"
#include "noise/testing/test_support.h"

namespace zerok::noise {
namespace {

using Symmetric = SymmetricState<crypto::Blake2s>;

void expect_failed(const Result<void>& result) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kHandshakeFailed);
  EXPECT_EQ(result.error().text.view(), "the handshake failed");
}

class AttackTest : public testing::Test {
 protected:
  const StaticKeys client_ = keys_of(201);
  const StaticKeys relay_ = keys_of(202);
  DeterministicRng rng_{7};
};

// The points whose product with every clamped scalar is zero, as they arrive on the wire (known
// list: RFC 7748 section 6.1 and its discussion; the last two are not reduced).
std::vector<crypto::X25519PublicKey> small_order_points() {
  std::vector<crypto::X25519PublicKey> points;
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    points.push_back(*crypto::X25519PublicKey::from_bytes(*from_hex(hex)));
  }
  return points;
}

// Mixes the true product, or, for a point of small order, the zeros its owner knows it to be.
void mix(Symmetric& symmetric, const crypto::X25519SecretKey& secret,
         const crypto::X25519PublicKey& peer, bool zero) {
  if (zero) {
    symmetric.mix_key(ByteArray<32>{});
  } else {
    symmetric.mix_key(crypto::x25519(secret, peer).value().bytes());
  }
}

// A responder that may show points of small order and act on the zeros they give.
struct ForgedMessage1 {
  std::optional<crypto::X25519PublicKey> e;
  std::optional<crypto::X25519PublicKey> s;
  std::string_view payload;

  // responder: has read the first message.
  Bytes write(const ChannelHandshake& responder, const StaticKeys& keys, Rng& rng) const {
    auto symmetric = NoiseTestPeer::symmetric(responder).clone();
    Bytes out(kHandshakeMessageSizes[1] + payload.size());
    internal::FieldsOut fields(out);
    const auto& re_dh = NoiseTestPeer::re_dh(responder);
    const auto ekem = crypto::mlkem_encapsulate(NoiseTestPeer::re_kem(responder), rng).value();
    symmetric.mix_hash(ekem.ciphertext.bytes());
    symmetric.mix_key(ekem.secret.bytes());
    internal::put(fields, ekem.ciphertext);
    const auto own = StaticKeys::generate(rng);
    const auto e_dh = e.value_or(own.dh.public_key);
    symmetric.mix_hash(e_dh.bytes());
    internal::put(fields, e_dh);
    symmetric.mix_hash(own.kem.public_key.bytes());
    internal::put(fields, own.kem.public_key);
    mix(symmetric, own.dh.secret, re_dh, e.has_value());
    EXPECT_TRUE(internal::put_sealed(fields, symmetric, s.value_or(keys.dh.public_key)));
    EXPECT_TRUE(internal::put_sealed(fields, symmetric, keys.kem.public_key));
    mix(symmetric, keys.dh.secret, re_dh, s.has_value());
    EXPECT_TRUE(symmetric.encrypt_and_hash(
        as_bytes(payload), MutableByteView(out).last(payload.size() + crypto::kAeadTagSize)));
    return out;
  }
};

// An initiator that may show a static point of small order, or seal a ciphertext it spoilt.
struct ForgedMessage2 {
  std::optional<crypto::X25519PublicKey> s;
  bool spoil_skem = false;

  // initiator: has read the second message.
  Bytes write(const ChannelHandshake& initiator, const StaticKeys& keys, Rng& rng) const {
    auto symmetric = NoiseTestPeer::symmetric(initiator).clone();
    Bytes out(kHandshakeMessageSizes[2]);
    internal::FieldsOut fields(out);
    auto skem = crypto::mlkem_encapsulate(NoiseTestPeer::rs(initiator).kem, rng).value();
    if (spoil_skem) skem.ciphertext.mutable_bytes()[100] ^= 1;
    EXPECT_TRUE(internal::put_sealed(fields, symmetric, skem.ciphertext));
    symmetric.mix_key_and_hash(skem.secret.bytes());
    EXPECT_TRUE(internal::put_sealed(fields, symmetric, s.value_or(keys.dh.public_key)));
    EXPECT_TRUE(internal::put_sealed(fields, symmetric, keys.kem.public_key));
    mix(symmetric, keys.dh.secret, NoiseTestPeer::re_dh(initiator), s.has_value());
    EXPECT_TRUE(internal::put_empty_payload(fields, symmetric));
    return out;
  }
};

TEST_F(AttackTest, TheForgersAreBelievedWhenTheyDoNotCheat) {
  Pair<> pair(client_, relay_);
  ASSERT_TRUE(pair.run(1));
  EXPECT_TRUE(pair.initiator.read_message(ForgedMessage1{}.write(pair.responder, relay_, rng_)));

  Pair<> second(client_, relay_);
  ASSERT_TRUE(second.run(2));
  EXPECT_TRUE(
      second.responder.read_message(ForgedMessage2{}.write(second.initiator, client_, rng_)));
}

TEST_F(AttackTest, ResponderRefusesAnEphemeralPointOfSmallOrder) {
  for (const auto& point : small_order_points()) {
    Pair<> pair(client_, relay_);
    ASSERT_TRUE(pair.write(0));
    std::copy(point.bytes().begin(), point.bytes().end(), pair.message(0).begin());
    ASSERT_TRUE(pair.read(0));
    expect_failed(pair.write(1));
    EXPECT_TRUE(is_wiped(pair.responder));
    EXPECT_TRUE(all_zero(pair.message(1)));
  }
}

TEST_F(AttackTest, InitiatorRefusesAnEphemeralPointOfSmallOrder) {
  for (const auto& point : small_order_points()) {
    Pair<> pair(client_, relay_);
    ASSERT_TRUE(pair.run(1));
    const ForgedMessage1 forged{.e = point, .s = {}, .payload = {}};
    expect_failed(pair.initiator.read_message(forged.write(pair.responder, relay_, rng_)));
  }
}

TEST_F(AttackTest, InitiatorRefusesAStaticPointOfSmallOrderEvenIfItIsPinned) {
  for (const auto& point : small_order_points()) {
    Pair<> pair(client_, relay_);
    const PeerIdentity claimed{point, relay_.kem.public_key};
    pair.initiator = ChannelHandshake::initiator(client_, claimed.id(), as_bytes("test prologue"));
    ASSERT_TRUE(pair.run(1));
    const ForgedMessage1 forged{.e = {}, .s = point, .payload = {}};
    expect_failed(pair.initiator.read_message(forged.write(pair.responder, relay_, rng_)));
  }
}

TEST_F(AttackTest, ResponderRefusesAStaticPointOfSmallOrder) {
  for (const auto& point : small_order_points()) {
    Pair<> pair(client_, relay_);
    ASSERT_TRUE(pair.run(2));
    const ForgedMessage2 forged{.s = point};
    expect_failed(pair.responder.read_message(forged.write(pair.initiator, client_, rng_)));
  }
}

TEST_F(AttackTest, InitiatorRefusesAProperlySealedPayload) {
  Pair<> pair(client_, relay_);
  ASSERT_TRUE(pair.run(1));
  const ForgedMessage1 forged{.e = {}, .s = {}, .payload = "x"};
  const Bytes message = forged.write(pair.responder, relay_, rng_);
  ASSERT_EQ(message.size(), kHandshakeMessageSizes[1] + 1);
  expect_failed(pair.initiator.read_message(message));
}

// Twelve bits of ones: a coefficient of 4095, where FIPS 203 allows at most 3328.
void spoil_coefficient(std::span<std::uint8_t> key) {
  key[0] = 0xff;
  key[1] = static_cast<std::uint8_t>(key[1] | 0x0f);
}

TEST_F(AttackTest, ResponderRefusesAnEphemeralMlKemKeyWithACoefficientOutOfRange) {
  Pair<> pair(client_, relay_);
  ASSERT_TRUE(pair.write(0));
  spoil_coefficient(pair.message(0).subspan(32));
  ASSERT_TRUE(pair.read(0));
  expect_failed(pair.write(1));
}

TEST_F(AttackTest, InitiatorRefusesAStaticMlKemKeyWithACoefficientOutOfRangeEvenIfItIsPinned) {
  auto bad = keys_of(203);
  spoil_coefficient(bad.kem.public_key.mutable_bytes());
  Pair<> pair(client_, bad);
  ASSERT_TRUE(pair.run(2))
      << "the key is sealed and pinned; nothing has been encapsulated to it yet";
  expect_failed(pair.write(2));
  EXPECT_TRUE(all_zero(pair.message(2)));
}

TEST_F(AttackTest, ResponderRefusesAStaticMlKemKeyWithACoefficientOutOfRange) {
  auto bad = keys_of(203);
  spoil_coefficient(bad.kem.public_key.mutable_bytes());
  Pair<> pair(bad, relay_);
  ASSERT_TRUE(pair.run(3));
  expect_failed(pair.write(3));
}

// E-PQ-01, E-PQ-03: a KEM ciphertext that does not decapsulate to the sender's secret ends the
// handshake, wherever it stands; there is no way on without the KEM.
TEST_F(AttackTest, ACorruptKemCiphertextInTheClearEndsTheHandshake) {
  Pair<> pair(client_, relay_);
  ASSERT_TRUE(pair.run(1) && pair.write(1));
  pair.message(1)[500] ^= 1;
  expect_failed(pair.read(1));
}

TEST_F(AttackTest, ACorruptKemCiphertextEndsTheHandshakeEvenProperlySealed) {
  Pair<> pair(client_, relay_);
  ASSERT_TRUE(pair.run(2));
  const ForgedMessage2 forged{.s = {}, .spoil_skem = true};
  expect_failed(pair.responder.read_message(forged.write(pair.initiator, client_, rng_)));
}

TEST_F(AttackTest, ThereIsNoFallbackToTheClassicalHandshake) {
  // The first message of plain XX is the X25519 key alone.
  Pair<> pair(client_, relay_);
  ASSERT_TRUE(pair.write(0));
  expect_failed(pair.responder.read_message(pair.message(0).first(32)));

  // An ML-KEM key of zeros is well-formed; it only replaces the true one if the initiator agrees.
  Pair<> stripped(client_, relay_);
  ASSERT_TRUE(stripped.write(0));
  for (auto& b : stripped.message(0).subspan(32)) b = 0;
  ASSERT_TRUE(stripped.read(0));
  if (stripped.write(1)) expect_failed(stripped.read(1));
}

TEST_F(AttackTest, AManInTheMiddleIsNoticedBeforeTheInitiatorShowsItsIdentity) {
  const StaticKeys attacker = keys_of(204);
  Pair<> pair(client_, relay_);
  pair.responder = ChannelHandshake::responder(attacker, as_bytes("test prologue"));
  ASSERT_TRUE(pair.run(1) && pair.write(1));
  const auto read = pair.read(1);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kWrongPeer);
  EXPECT_TRUE(is_wiped(pair.initiator));
  expect_failed(pair.write(2));
  EXPECT_TRUE(all_zero(pair.message(2)));
}

TEST_F(AttackTest, ThePinCoversBothStaticKeys) {
  const StaticKeys attacker = keys_of(204);
  for (const bool keep_dh : {true, false}) {
    // One key is the relay's own, the other the attacker's: as if one of the two were broken.
    StaticKeys mixed = keys_of(keep_dh ? 202 : 204);
    mixed.kem = keys_of(keep_dh ? 204 : 202).kem;
    Pair<> pair(client_, relay_);
    pair.responder = ChannelHandshake::responder(mixed, as_bytes("test prologue"));
    ASSERT_TRUE(pair.run(1) && pair.write(1));
    const auto read = pair.read(1);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kWrongPeer);
  }
}

TEST_F(AttackTest, AFakeResponderWithTheTrueX25519SecretAloneCannotGoOn) {
  // It shows the pinned identity, but its ML-KEM secret is another: it can't open the third
  // message.
  StaticKeys fake = keys_of(202);
  fake.kem.secret = keys_of(204).kem.secret.clone();
  Pair<> pair(client_, relay_);
  pair.responder = ChannelHandshake::responder(fake, as_bytes("test prologue"));
  ASSERT_TRUE(pair.run(2)) << "the pinned pair was shown and X25519 proven";
  ASSERT_TRUE(pair.write(2));
  expect_failed(pair.read(2));
  EXPECT_FALSE(pair.initiator.is_finished());
}

TEST_F(AttackTest, AFakeResponderWithTheTrueMlKemSecretAloneFailsAtOnce) {
  StaticKeys fake = keys_of(202);
  fake.dh.secret = keys_of(204).dh.secret.clone();
  Pair<> pair(client_, relay_);
  pair.responder = ChannelHandshake::responder(fake, as_bytes("test prologue"));
  ASSERT_TRUE(pair.run(1) && pair.write(1));
  expect_failed(pair.read(1));
}

TEST_F(AttackTest, AnInitiatorWithoutItsX25519SecretFailsAtOnce) {
  StaticKeys fake = keys_of(201);
  fake.dh.secret = keys_of(204).dh.secret.clone();
  Pair<> pair(fake, relay_);
  ASSERT_TRUE(pair.run(2) && pair.write(2));
  expect_failed(pair.read(2));
}

TEST_F(AttackTest, ARespondersPeerIsUnknownUntilTheFirstTransportMessageHasOpened) {
  Pair<> pair(client_, relay_);
  ASSERT_TRUE(pair.run());
  auto i = pair.initiator.finish().value();
  auto r = pair.responder.finish().value();
  EXPECT_EQ(i.confirmed_peer(), relay_.identity().id()) << "the last message proved both keys";
  EXPECT_EQ(r.confirmed_peer(), std::nullopt);
  ByteArray<16> message;
  ASSERT_TRUE(r.seal({}, message)) << "sending proves nothing";
  EXPECT_EQ(r.confirmed_peer(), std::nullopt);
  ASSERT_TRUE(i.seal({}, message));
  ASSERT_TRUE(r.open(message, {}));
  EXPECT_EQ(r.confirmed_peer(), client_.identity().id());
}

TEST_F(AttackTest, AnInitiatorThatShowsAForeignMlKemKeyIsNeverConfirmed) {
  // Its own X25519 pair, a victim's ML-KEM public key: the responder finishes, and that is all.
  StaticKeys attacker = keys_of(204);
  attacker.kem.public_key = client_.kem.public_key;
  Pair<> pair(attacker, relay_);
  ASSERT_TRUE(pair.run(3) && pair.write(3));
  ASSERT_TRUE(pair.responder.is_finished());
  auto before_last = NoiseTestPeer::clone(pair.initiator);
  expect_failed(pair.read(3));

  auto r = pair.responder.finish().value();
  EXPECT_TRUE(NoiseTestPeer::claims(r, attacker.identity().id()));
  EXPECT_EQ(r.confirmed_peer(), std::nullopt);
  // The best it can do: transport keys from what it does know, the last KEM secret missing.
  const auto keys = NoiseTestPeer::symmetric(before_last).split();
  CipherState send;
  send.initialize_key(keys.initiator_to_responder.clone());
  ByteArray<21> message;
  ASSERT_TRUE(send.encrypt_with_ad({}, as_bytes("hello"), message));
  ByteArray<5> text;
  EXPECT_FALSE(r.open(message, text));
  EXPECT_EQ(r.confirmed_peer(), std::nullopt);
  EXPECT_TRUE(r.is_ended());
}

TEST_F(AttackTest, AReplayedFirstMessageLeadsNowhere) {
  Pair<> recorded(client_, relay_);
  ASSERT_TRUE(recorded.run(3));
  auto responder = ChannelHandshake::responder(relay_, as_bytes("test prologue"));
  Bytes answer(kHandshakeMessageSizes[1]);
  ASSERT_TRUE(responder.read_message(recorded.message(0)));
  ASSERT_TRUE(responder.write_message(rng_, answer));
  expect_failed(responder.read_message(recorded.message(2)));
}

TEST_F(AttackTest, EveryFailureLooksTheSame) {
  // Each of these fails for its own reason; expect_failed compares code and text.
  for (int reason = 0; reason < 5; ++reason) {
    Pair<> pair(client_, relay_);
    ASSERT_TRUE(pair.run(1) && pair.write(1));
    switch (reason) {
      case 0:
        pair.message(1)[0] ^= 1;
        break;  // ekem
      case 1:
        pair.message(1)[1088] ^= 1;
        break;  // e
      case 2:
        pair.message(1)[1088 + 1216] ^= 1;
        break;  // s
      case 3:
        pair.message(1)[kHandshakeMessageSizes[1] - 1] ^= 1;
        break;  // payload
      default:
        break;
    }
    const ByteView message = pair.message(1);
    expect_failed(pair.initiator.read_message(reason == 4 ? message.first(100) : message));
  }
}

}  // namespace
}  // namespace zerok::noise
