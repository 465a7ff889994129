// SPDX-License-Identifier: MIT OR Apache-2.0
// What a handshake does between honest peers, with damaged or misplaced messages, and what it
// erases when. What a dishonest peer can try is in attacks_test.cc.
#include "noise/handshake.h"

#include <gtest/gtest.h>

#include <vector>

#include "noise/handshake_impl.h"
#include "noise/prologue.h"
#include "noise/testing/test_support.h"

namespace zerok::noise {
namespace {

class HandshakeTest : public testing::Test {
 protected:
  const StaticKeys initiator_keys_ = keys_of(101);
  const StaticKeys responder_keys_ = keys_of(102);
};

void expect_failed(const Result<void>& result) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kHandshakeFailed);
  EXPECT_EQ(result.error().text.view(), "the handshake failed");
}

void expect_code(const Result<void>& result, ErrorCode code) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code);
}

TEST_F(HandshakeTest, GivesBothSidesOneHashMatchingKeysAndTheOthersIdentity) {
  Pair<> pair(initiator_keys_, responder_keys_);
  ASSERT_TRUE(pair.run());
  auto i = pair.initiator.finish().value();
  auto r = pair.responder.finish().value();
  EXPECT_EQ(i.handshake_hash(), r.handshake_hash());
  ByteArray<21> message;
  ByteArray<5> text;
  for (auto [from, to] : {std::pair(&i, &r), std::pair(&r, &i)}) {
    ASSERT_TRUE(from->seal(as_bytes("hello"), message));
    ASSERT_TRUE(to->open(message, text));
    EXPECT_EQ(to_hex(text), to_hex(as_bytes("hello")));
  }
  EXPECT_EQ(i.confirmed_peer(), responder_keys_.identity().id());
  EXPECT_EQ(r.confirmed_peer(), initiator_keys_.identity().id());
}

TEST_F(HandshakeTest, DependsOnFreshRandomnessOfBothSides) {
  Pair<> first(initiator_keys_, responder_keys_, "p", 1);
  Pair<> second(initiator_keys_, responder_keys_, "p", 2);
  ASSERT_TRUE(first.run() && second.run());
  auto a = first.initiator.finish().value();
  auto b = second.initiator.finish().value();
  EXPECT_NE(a.handshake_hash(), b.handshake_hash());
  EXPECT_NE(to_hex(NoiseTestPeer::k(NoiseTestPeer::send(a))),
            to_hex(NoiseTestPeer::k(NoiseTestPeer::send(b))));
}

TEST_F(HandshakeTest, TellsWhoseTurnItIsAndHowLongTheNextMessageIs) {
  Pair<> pair(initiator_keys_, responder_keys_);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(pair.writer(i).is_our_turn());
    EXPECT_FALSE(pair.reader(i).is_our_turn());
    EXPECT_EQ(pair.writer(i).next_message_size(), pair.message(i).size());
    EXPECT_EQ(pair.reader(i).next_message_size(), pair.message(i).size());
    ASSERT_TRUE(pair.write(i) && pair.read(i));
  }
  for (const auto* side : {&pair.initiator, &pair.responder}) {
    EXPECT_TRUE(side->is_finished());
    EXPECT_FALSE(side->is_our_turn());
    EXPECT_EQ(side->next_message_size(), 0u);
  }
}

TEST_F(HandshakeTest, RefusesACallOutOfTurnAndGoesOn) {
  Pair<> pair(initiator_keys_, responder_keys_);
  DeterministicRng rng(1);
  expect_code(pair.initiator.read_message(pair.message(0)), ErrorCode::kInvalidState);
  expect_code(pair.responder.write_message(rng, pair.message(0)), ErrorCode::kInvalidState);
  EXPECT_EQ(pair.initiator.finish().error().code, ErrorCode::kInvalidState);
  ASSERT_TRUE(pair.run());
  expect_code(pair.initiator.read_message(pair.message(3)), ErrorCode::kInvalidState);
  EXPECT_TRUE(pair.initiator.finish());
  EXPECT_EQ(pair.initiator.finish().error().code, ErrorCode::kInvalidState) << "only once";
}

struct CountTokens {
  static inline int tokens = 0;
  template <typename Symmetric>
  static void after(int /*message*/, const char* /*token*/, const Symmetric& /*state*/) {
    ++tokens;
  }
};

TEST_F(HandshakeTest, RefusesEveryOtherLengthBeforeAnyCryptography) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t right = kHandshakeMessageSizes[static_cast<std::size_t>(i)];
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, right - 16, right - 1, right + 1,
                                   right + 16, std::size_t{65535}, std::size_t{70000}}) {
      Pair<crypto::Blake2s, CountTokens> pair(initiator_keys_, responder_keys_);
      ASSERT_TRUE(pair.run(i) && pair.write(i));
      Bytes message(std::max(size, right));
      std::copy(pair.message(i).begin(), pair.message(i).end(), message.begin());
      message.resize(size);
      const int before = CountTokens::tokens;
      expect_failed(pair.reader(i).read_message(message));
      EXPECT_EQ(CountTokens::tokens, before);
      EXPECT_TRUE(is_wiped(pair.reader(i)));
    }
  }
}

TEST_F(HandshakeTest, RefusesEveryMessageWithAnyByteChanged) {
  for (int i = 0; i < 4; ++i) {
    Pair<> pair(initiator_keys_, responder_keys_);
    ASSERT_TRUE(pair.run(i) && pair.write(i));
    for (std::size_t at = 0; at < pair.message(i).size(); ++at) {
      Bytes message(pair.message(i).begin(), pair.message(i).end());
      message[at] = static_cast<std::uint8_t>(message[at] ^ (1u << (at % 8)));
      auto reader = NoiseTestPeer::clone(pair.reader(i));
      if (i > 0) {
        expect_failed(reader.read_message(message));
        ASSERT_TRUE(is_wiped(reader)) << "message " << i << " byte " << at;
        continue;
      }
      // Nothing protects the first message by itself: the second one's tags do.
      DeterministicRng rng(at);
      Bytes answer(kHandshakeMessageSizes[1]);
      ASSERT_TRUE(reader.read_message(message));
      if (!reader.write_message(rng, answer)) continue;
      auto initiator = NoiseTestPeer::clone(pair.initiator);
      expect_failed(initiator.read_message(answer));
    }
  }
}

TEST_F(HandshakeTest, RefusesEverythingAfterAFailure) {
  for (int i = 1; i < 4; ++i) {
    Pair<> pair(initiator_keys_, responder_keys_);
    ASSERT_TRUE(pair.run(i) && pair.write(i));
    const Bytes good(pair.message(i).begin(), pair.message(i).end());
    Bytes bad = good;
    bad.back() ^= 1;
    auto& reader = pair.reader(i);
    expect_failed(reader.read_message(bad));
    EXPECT_TRUE(reader.has_failed());
    EXPECT_FALSE(reader.is_our_turn());
    EXPECT_EQ(reader.next_message_size(), 0u);
    expect_failed(reader.read_message(good));
    DeterministicRng rng(1);
    ByteArray<kHandshakeMessageSizeMax> out;
    expect_failed(reader.write_message(rng, out));
    EXPECT_EQ(reader.finish().error().code, ErrorCode::kHandshakeFailed);
  }
}

TEST_F(HandshakeTest, RefusesAMessageOfAnotherHandshakeInAnyPlace) {
  for (int i = 1; i < 4; ++i) {
    Pair<> pair(initiator_keys_, responder_keys_, "p", 1);
    Pair<> other(initiator_keys_, responder_keys_, "p", 2);
    ASSERT_TRUE(pair.run(i) && pair.write(i) && other.run(i) && other.write(i));
    expect_failed(pair.reader(i).read_message(other.message(i)));
  }
}

TEST_F(HandshakeTest, RefusesMessagesOutOfOrder) {
  for (int i = 0; i < 4; ++i) {
    for (int wrong = 0; wrong < 4; ++wrong) {
      if (wrong == i) continue;
      Pair<> whole(initiator_keys_, responder_keys_);
      ASSERT_TRUE(whole.run());
      Pair<> pair(initiator_keys_, responder_keys_);
      ASSERT_TRUE(pair.run(i) && pair.write(i));
      expect_failed(pair.reader(i).read_message(whole.message(wrong)));
    }
  }
}

TEST_F(HandshakeTest, FailsBetweenTwoInitiatorsAndOnAReflectedMessage) {
  const auto pin = responder_keys_.identity().id();
  auto a = ChannelHandshake::initiator(initiator_keys_, pin, {});
  auto b = ChannelHandshake::initiator(responder_keys_, pin, {});
  DeterministicRng rng(1);
  Bytes from_a(kHandshakeMessageSizes[0]);
  Bytes from_b(kHandshakeMessageSizes[0]);
  ASSERT_TRUE(a.write_message(rng, from_a) && b.write_message(rng, from_b));
  expect_failed(a.read_message(from_b));
  expect_failed(b.read_message(from_b));
}

TEST_F(HandshakeTest, FailsWhenAnyPartOfTheProloguesDiffers) {
  const auto id = [](std::uint8_t fill) {
    EndpointId value;
    for (auto& b : value.mutable_bytes()) b = fill;
    return value;
  };
  const auto agreed = channel_prologue(id(1), id(2));
  std::vector<ByteArray<kChannelPrologueSize>> others = {channel_prologue(id(3), id(2)),
                                                         channel_prologue(id(1), id(3)),
                                                         channel_prologue(id(2), id(1))};
  for (const std::size_t at : {std::size_t{2}, std::size_t{19}}) {  // the label, the version
    others.push_back(agreed);
    others.back()[at] ^= 1;
  }
  const auto text = [](const auto& bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  for (const auto& other : others) {
    ASSERT_NE(agreed, other);
    Pair<> pair(initiator_keys_, responder_keys_, text(agreed));
    pair.responder = ChannelHandshake::responder(responder_keys_, other);
    ASSERT_TRUE(pair.run(1) && pair.write(1));
    expect_failed(pair.read(1));
  }
}

TEST(PrologueTest, IsTheDocumentedBytes) {
  EndpointId initiator;
  EndpointId responder;
  for (auto& b : initiator.mutable_bytes()) b = 0xaa;
  for (auto& b : responder.mutable_bytes()) b = 0xbb;
  std::string keys = "0020";
  for (int i = 0; i < 32; ++i) keys += "aa";
  keys += "0020";
  for (int i = 0; i < 32; ++i) keys += "bb";
  EXPECT_EQ(to_hex(channel_prologue(initiator, responder)),
            "000f" + to_hex(as_bytes("0k-sync channel")) + "0001" + "01" + keys);
}

TEST_F(HandshakeTest, FailsBetweenTheTwoHashes) {
  auto initiator =
      Handshake<crypto::Blake2s>::initiator(initiator_keys_, responder_keys_.identity().id(), {});
  auto responder = Handshake<crypto::Sha256>::responder(responder_keys_, {});
  DeterministicRng rng(1);
  Bytes first(kHandshakeMessageSizes[0]);
  Bytes second(kHandshakeMessageSizes[1]);
  ASSERT_TRUE(initiator.write_message(rng, first) && responder.read_message(first) &&
              responder.write_message(rng, second));
  expect_failed(initiator.read_message(second));
}

TEST_F(HandshakeTest, InitiatorErasesBothEphemeralSecretsAfterTheSecondMessage) {
  Pair<> pair(initiator_keys_, responder_keys_);
  ASSERT_TRUE(pair.run(1) && pair.write(1));
  EXPECT_FALSE(all_zero(NoiseTestPeer::e_dh(pair.initiator)));
  EXPECT_FALSE(all_zero(NoiseTestPeer::e_kem(pair.initiator)));
  ASSERT_TRUE(pair.read(1));
  EXPECT_TRUE(all_zero(NoiseTestPeer::e_dh(pair.initiator)));
  EXPECT_TRUE(all_zero(NoiseTestPeer::e_kem(pair.initiator)));
}

TEST_F(HandshakeTest, ResponderKeepsNoMlKemEphemeralAndErasesTheOtherAfterTheThirdMessage) {
  Pair<> pair(initiator_keys_, responder_keys_);
  ASSERT_TRUE(pair.run(1) && pair.write(1));
  EXPECT_TRUE(all_zero(NoiseTestPeer::e_kem(pair.responder)));
  ASSERT_TRUE(pair.read(1) && pair.write(2));
  EXPECT_FALSE(all_zero(NoiseTestPeer::e_dh(pair.responder)));
  ASSERT_TRUE(pair.read(2));
  EXPECT_TRUE(all_zero(NoiseTestPeer::e_dh(pair.responder)));
}

TEST_F(HandshakeTest, LeavesNothingBehindOnceTheSessionIsTaken) {
  Pair<> pair(initiator_keys_, responder_keys_);
  ASSERT_TRUE(pair.run());
  ASSERT_TRUE(pair.initiator.finish() && pair.responder.finish());
  EXPECT_TRUE(is_wiped(pair.initiator));
  EXPECT_TRUE(is_wiped(pair.responder));
}

TEST_F(HandshakeTest, LeavesNothingInTheSourceOfAMove) {
  Pair<> pair(initiator_keys_, responder_keys_);
  ASSERT_TRUE(pair.run(1));
  const auto moved = std::move(pair.initiator);
  EXPECT_FALSE(all_zero(NoiseTestPeer::e_kem(moved)));
  EXPECT_TRUE(all_zero(NoiseTestPeer::e_dh(pair.initiator)));   // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(all_zero(NoiseTestPeer::e_kem(pair.initiator)));  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace zerok::noise
