// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/channel.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace zerok::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Received {
  wire::MessageKey key;
  Bytes body;
};

// Two channels and the bytes between them.
class ChannelTest : public testing::Test {
 protected:
  struct Side {
    explicit Side(Channel c) : channel(std::move(c)) {}
    Channel channel;
    bool established = false;
    std::optional<Error> failed;
    std::vector<Received> received;

    void poll() {
      while (auto event = channel.poll_event()) {
        switch (event->kind) {
          case ChannelEvent::Kind::kEstablished:
            established = true;
            break;
          case ChannelEvent::Kind::kFailed:
            failed = event->error;
            break;
          case ChannelEvent::Kind::kMessage: {
            const ByteView body = event->message->body();
            received.push_back({event->message->key(), Bytes(body.begin(), body.end())});
          }
        }
      }
    }
    // Gives all of `bytes` in pieces of at most `piece`; stops when the channel takes no more.
    std::size_t give(ByteView bytes, Instant now, std::size_t piece = SIZE_MAX) {
      std::size_t given = 0;
      while (given < bytes.size()) {
        poll();
        const auto buffer = channel.input_buffer();
        if (buffer.empty()) break;
        const std::size_t n = std::min({buffer.size(), bytes.size() - given, piece});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(given), n, buffer.begin());
        channel.commit_input(n, now);
        given += n;
      }
      poll();
      return given;
    }
    Bytes take() {
      Bytes out;
      for (ByteView bytes = channel.output(); !bytes.empty(); bytes = channel.output()) {
        out.insert(out.end(), bytes.begin(), bytes.end());
        channel.consume_output(bytes.size());
      }
      return out;
    }
  };

  ChannelTest()
      : client_keys_(noise::StaticKeys::generate(rng_)),
        relay_keys_(noise::StaticKeys::generate(rng_)) {
    rng_.fill(client_id_.mutable_bytes());
    rng_.fill(relay_id_.mutable_bytes());
    client_ = std::make_unique<Side>(make_client(relay_keys_.identity().id()));
    relay_ = std::make_unique<Side>(make_relay());
  }

  Channel make_client(const noise::IdentityHash& pin) {
    return Channel::initiator(client_keys_, pin, client_id_, relay_id_, rng_, limits_, now_);
  }
  Channel make_relay() {
    return Channel::responder(relay_keys_, relay_id_, client_id_, rng_, limits_, now_);
  }

  // Passes bytes both ways until nothing moves; `tamper` sees every batch and may change it.
  void exchange(std::size_t piece = SIZE_MAX,
                const std::function<void(bool from_client, Bytes&)>& tamper = {}) {
    for (bool moved = true; moved;) {
      moved = false;
      for (bool from_client : {true, false}) {
        Side& from = from_client ? *client_ : *relay_;
        Side& to = from_client ? *relay_ : *client_;
        Bytes bytes = from.take();
        if (bytes.empty()) continue;
        moved = true;
        if (tamper) tamper(from_client, bytes);
        to.give(bytes, now_, piece);
      }
    }
    client_->poll();
    relay_->poll();
  }
  void establish() {
    exchange();
    ASSERT_TRUE(client_->established);
    ASSERT_TRUE(send(*client_, 1, Bytes{42}));
    exchange();
    ASSERT_TRUE(relay_->established);
    relay_->received.clear();
  }
  static Result<void> send(Side& side, std::uint32_t request, Bytes body,
                           wire::Priority priority = wire::Priority::kBulk) {
    return side.channel.send(priority, {.request = request, .type = 0x10, .response = false},
                             std::move(body));
  }
  Bytes random(std::size_t size) {
    Bytes out(size);
    rng_.fill(out);
    return out;
  }

  DeterministicRng rng_{99};
  ChannelLimits limits_;
  Instant now_{seconds(1000)};
  noise::StaticKeys client_keys_;
  noise::StaticKeys relay_keys_;
  EndpointId client_id_;
  EndpointId relay_id_;
  std::unique_ptr<Side> client_;
  std::unique_ptr<Side> relay_;
};

TEST_F(ChannelTest, BothSidesKnowEachOtherAndShareTheHandshakeHash) {
  establish();
  EXPECT_EQ(client_->channel.confirmed_peer(), relay_keys_.identity().id());
  EXPECT_EQ(relay_->channel.confirmed_peer(), client_keys_.identity().id());
  EXPECT_EQ(client_->channel.handshake_hash(), relay_->channel.handshake_hash());
  EXPECT_EQ(client_->channel.next_timeout(), kNever);
  EXPECT_EQ(relay_->channel.next_timeout(), kNever);
}

TEST_F(ChannelTest, TheResponderTrustsNobodyBeforeTheFirstRecordOpens) {
  exchange();
  EXPECT_TRUE(client_->established);
  EXPECT_FALSE(relay_->established);
  EXPECT_EQ(relay_->channel.confirmed_peer(), std::nullopt);
  EXPECT_EQ(send(*relay_, 1, Bytes{1}).error().code, ErrorCode::kInvalidState);
  ASSERT_TRUE(send(*client_, 1, Bytes{1}));
  exchange();
  EXPECT_TRUE(relay_->established);
  EXPECT_TRUE(relay_->channel.confirmed_peer());
}

TEST_F(ChannelTest, MessagesOfEverySizeArriveWholeHoweverTheStreamIsCut) {
  for (std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1000},
                            std::size_t{70000}, SIZE_MAX}) {
    client_ = std::make_unique<Side>(make_client(relay_keys_.identity().id()));
    relay_ = std::make_unique<Side>(make_relay());
    exchange(piece);
    std::vector<Bytes> sent;
    for (std::size_t size : {1U, 2U, 100U, 16383U, 16384U, 16385U, 65519U, 70000U, 1U << 20U}) {
      sent.push_back(random(size));
      ASSERT_TRUE(send(*client_, static_cast<std::uint32_t>(sent.size()), sent.back()));
    }
    exchange(piece);
    ASSERT_FALSE(relay_->failed) << relay_->failed->text.view();
    ASSERT_EQ(relay_->received.size(), sent.size());
    for (const auto& message : relay_->received) {
      EXPECT_EQ(message.body, sent[message.key.request - 1]);
    }
    ASSERT_TRUE(send(*relay_, 9, sent.back()));
    exchange(piece);
    ASSERT_EQ(client_->received.size(), 1u);
    EXPECT_EQ(client_->received[0].body, sent.back());
  }
}

TEST_F(ChannelTest, AnUrgentMessageOvertakesALargeOne) {
  establish();
  ASSERT_TRUE(send(*client_, 1, random(1 << 20)));
  const ByteView first = client_->channel.output();
  relay_->give(first, now_);
  client_->channel.consume_output(first.size());
  ASSERT_TRUE(send(*client_, 2, Bytes{7}, wire::Priority::kUrgent));
  exchange();
  ASSERT_EQ(relay_->received.size(), 2u);
  EXPECT_EQ(relay_->received[0].key.request, 2u);
}

TEST_F(ChannelTest, AnotherRelayThanThePinnedOneIsRefusedBeforeOurIdentityIsSent) {
  DeterministicRng other_rng(7);
  const auto other = noise::StaticKeys::generate(other_rng);
  client_ = std::make_unique<Side>(make_client(other.identity().id()));
  std::size_t from_client = 0;
  exchange(SIZE_MAX, [&](bool is_client, Bytes& bytes) {
    if (is_client) from_client += bytes.size();
  });
  ASSERT_TRUE(client_->failed);
  EXPECT_EQ(client_->failed->code, ErrorCode::kWrongPeer);
  EXPECT_EQ(from_client, 2u + 1216u);
}

TEST_F(ChannelTest, TheTlsKeysAreBoundIntoTheHandshake) {
  EndpointId other = relay_id_;
  other.mutable_bytes()[0] ^= 1;
  relay_ = std::make_unique<Side>(
      Channel::responder(relay_keys_, other, client_id_, rng_, limits_, now_));
  exchange();
  ASSERT_TRUE(client_->failed);
  EXPECT_EQ(client_->failed->code, ErrorCode::kHandshakeFailed);
  EXPECT_FALSE(client_->established);
}

TEST_F(ChannelTest, AnAnswerToAMessageThatIsNotOutYetIsRefusedAndNotABug) {
  relay_->give(client_->take(), now_);
  // The client sees the relay's message, whose driver has not been told that it is written.
  const ByteView shown = relay_->channel.output();
  client_->give(Bytes(shown.begin(), shown.end()), now_);
  relay_->give(client_->take(), now_);
  ASSERT_TRUE(relay_->failed);
  EXPECT_EQ(relay_->failed->code, ErrorCode::kHandshakeFailed);
}

TEST_F(ChannelTest, AWrongLengthIsRefusedBeforeAnythingOfItIsHeld) {
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 1215, 1217, 65535}) {
    Side relay(make_relay());
    ByteArray<2> header;
    store_be16(header, length);
    relay.give(header, now_);
    ASSERT_TRUE(relay.failed) << length;
    EXPECT_EQ(relay.failed->code, ErrorCode::kHandshakeFailed);
    EXPECT_TRUE(relay.channel.input_buffer().empty());
  }
}

TEST_F(ChannelTest, AnUnprovenPeerCannotMakeTheResponderHoldALargeRecord) {
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{16384, 16385, 65535}) {
    client_ = std::make_unique<Side>(make_client(relay_keys_.identity().id()));
    relay_ = std::make_unique<Side>(make_relay());
    exchange();
    ByteArray<2> header;
    store_be16(header, length);
    relay_->give(header, now_);
    ASSERT_EQ(relay_->failed.has_value(), length > 16384) << length;
    if (relay_->failed) {
      EXPECT_EQ(relay_->failed->code, ErrorCode::kTooLarge);
    }
  }
}

TEST_F(ChannelTest, AnEmptyRecordIsRefused) {
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 16, 17}) {
    client_ = std::make_unique<Side>(make_client(relay_keys_.identity().id()));
    relay_ = std::make_unique<Side>(make_relay());
    establish();
    ByteArray<2> header;
    store_be16(header, length);
    relay_->give(header, now_);
    ASSERT_EQ(relay_->failed.has_value(), length < 17) << length;
    if (relay_->failed) {
      EXPECT_EQ(relay_->failed->code, ErrorCode::kMalformed);
    }
  }
}

TEST_F(ChannelTest, AnyChangedByteOfTheHandshakeEndsItOnOneSideAtLeast) {
  // Sizes on the stream: 1218, 3570, 2370, 1122 with their lengths.
  for (std::size_t at = 0; at < 8280; at += 61) {
    client_ = std::make_unique<Side>(make_client(relay_keys_.identity().id()));
    relay_ = std::make_unique<Side>(make_relay());
    std::size_t seen = 0;
    exchange(SIZE_MAX, [&](bool, Bytes& bytes) {
      if (at >= seen && at < seen + bytes.size()) bytes[at - seen] ^= 0x20;
      seen += bytes.size();
    });
    EXPECT_FALSE(relay_->established);
    // A changed length may leave a side waiting; its timeout then ends it.
    now_ += seconds(5);
    client_->channel.handle_timeout(now_);
    relay_->channel.handle_timeout(now_);
    client_->poll();
    relay_->poll();
    EXPECT_TRUE(client_->failed || relay_->failed) << at;
    EXPECT_FALSE(client_->established && relay_->established) << at;
  }
}

TEST_F(ChannelTest, AnyChangedBitOfARecordEndsTheChannelWithoutAMessage) {
  for (std::size_t at = 2; at < 40; ++at) {
    client_ = std::make_unique<Side>(make_client(relay_keys_.identity().id()));
    relay_ = std::make_unique<Side>(make_relay());
    establish();
    ASSERT_TRUE(send(*client_, 2, random(20)));
    exchange(SIZE_MAX, [&](bool, Bytes& bytes) { bytes[at] ^= 1; });
    ASSERT_TRUE(relay_->failed) << at;
    EXPECT_EQ(relay_->failed->code, ErrorCode::kCryptoFailed);
    EXPECT_TRUE(relay_->received.empty());
    EXPECT_EQ(relay_->channel.confirmed_peer(), std::nullopt);
  }
}

TEST_F(ChannelTest, ARecordReplayedReorderedOrLeftOutEndsTheChannel) {
  enum { kReplay, kReorder, kOmit };
  for (int attack : {kReplay, kReorder, kOmit}) {
    client_ = std::make_unique<Side>(make_client(relay_keys_.identity().id()));
    relay_ = std::make_unique<Side>(make_relay());
    establish();
    ASSERT_TRUE(send(*client_, 2, Bytes{2}));
    const Bytes first = client_->take();
    ASSERT_TRUE(send(*client_, 3, Bytes{3}));
    const Bytes second = client_->take();
    if (attack == kReplay) {
      relay_->give(first, now_);
      relay_->give(first, now_);
    } else if (attack == kReorder) {
      relay_->give(second, now_);
      relay_->give(first, now_);
    } else {
      relay_->give(second, now_);
    }
    EXPECT_TRUE(relay_->failed);
    EXPECT_EQ(relay_->received.size(), attack == kReplay ? 1u : 0u);
  }
}

TEST_F(ChannelTest, AHandshakeThatStallsTimesOutOnBothSides) {
  EXPECT_EQ(relay_->channel.next_timeout(), now_ + limits_.handshake_timeout);
  now_ += limits_.handshake_timeout - milliseconds(1);
  relay_->channel.handle_timeout(now_);
  relay_->poll();
  EXPECT_FALSE(relay_->failed);
  now_ += milliseconds(1);
  for (Side* side : {client_.get(), relay_.get()}) {
    side->channel.handle_timeout(now_);
    side->poll();
    ASSERT_TRUE(side->failed);
    EXPECT_EQ(side->failed->code, ErrorCode::kTimedOut);
  }
}

TEST_F(ChannelTest, AnInitiatorThatStaysSilentAfterTheHandshakeIsDropped) {
  exchange();
  now_ += limits_.first_record_timeout;
  relay_->channel.handle_timeout(now_);
  relay_->poll();
  ASSERT_TRUE(relay_->failed);
  EXPECT_EQ(relay_->failed->code, ErrorCode::kTimedOut);
}

TEST_F(ChannelTest, TheEndOfTheStreamIsCleanOnlyBetweenMessages) {
  establish();
  client_->channel.handle_end();
  client_->poll();
  EXPECT_EQ(client_->failed->code, ErrorCode::kClosed);

  ByteArray<1> half = {0};
  relay_->give(half, now_);
  relay_->channel.handle_end();
  relay_->poll();
  EXPECT_EQ(relay_->failed->code, ErrorCode::kTruncated);
}

TEST_F(ChannelTest, MessagesThatArrivedBeforeTheEndAreStillHandedOver) {
  establish();
  ASSERT_TRUE(send(*client_, 2, Bytes{2}));
  const Bytes bytes = client_->take();
  std::size_t given = 0;
  while (given < bytes.size()) {
    const auto buffer = relay_->channel.input_buffer();
    const std::size_t n = std::min(buffer.size(), bytes.size() - given);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(given), n, buffer.begin());
    relay_->channel.commit_input(n, now_);
    given += n;
  }
  relay_->channel.handle_end();
  relay_->poll();
  EXPECT_EQ(relay_->received.size(), 1u);
  EXPECT_EQ(relay_->failed->code, ErrorCode::kClosed);
}

TEST_F(ChannelTest, NothingWorksAfterTheEndAndItIsToldOnce) {
  establish();
  client_->channel.handle_end();
  client_->poll();
  client_->failed.reset();
  client_->poll();
  EXPECT_FALSE(client_->failed);
  EXPECT_FALSE(send(*client_, 1, Bytes{1}));
  EXPECT_TRUE(client_->channel.output().empty());
  EXPECT_TRUE(client_->channel.input_buffer().empty());
  EXPECT_EQ(client_->channel.next_timeout(), kNever);
}

TEST_F(ChannelTest, AFullSendQueueIsAnErrorAndNotMoreMemory) {
  limits_.send.queued_bytes_max = 1000;
  client_ = std::make_unique<Side>(make_client(relay_keys_.identity().id()));
  establish();
  ASSERT_TRUE(send(*client_, 2, Bytes(900)));
  EXPECT_EQ(send(*client_, 3, Bytes(200)).error().code, ErrorCode::kOverloaded);
  EXPECT_LE(client_->channel.queued_bytes(), 1000u);
  exchange();
  EXPECT_TRUE(send(*client_, 3, Bytes(200)));
}

TEST_F(ChannelTest, RandomBytesNeverEstablishAnything) {
  for (int round = 0; round < 200; ++round) {
    Side relay(make_relay());
    Bytes noise = random(4000);
    if (round % 2 == 0) store_be16(noise, 1216);
    relay.give(noise, now_, 1 + rng_.below(500));
    EXPECT_FALSE(relay.established);
    EXPECT_TRUE(relay.received.empty());
  }
}

}  // namespace
}  // namespace zerok::core
