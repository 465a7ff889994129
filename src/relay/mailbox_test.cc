// SPDX-License-Identifier: MIT OR Apache-2.0
// Pairing's mailbox at the relay: docs/protocol/messages.md, section 10.
#include "relay/testing/relay_testing.h"

namespace zerok::relay {
namespace {

using std::chrono::seconds;
using testing::mailbox_id;
using testing::RawDevice;
using testing::Received;
using wire::WireErrorCode;

class RelayMailboxTest : public testing::RelayTestBase {
 protected:
  explicit RelayMailboxTest(const RelayConfig& config = {}) : RelayTestBase(config) {}

  static std::optional<Received> join(RawDevice& guest, std::uint8_t mailbox) {
    if (!guest.is_connected() && !guest.connect()) return std::nullopt;
    return guest.ask(wire::MailboxJoin{.mailbox = mailbox_id(mailbox)});
  }
  static std::optional<Received> create(RawDevice& device, std::uint8_t mailbox,
                                        std::uint32_t lives_s = 600) {
    return device.ask(wire::MailboxCreate{.mailbox = mailbox_id(mailbox), .lives_s = lives_s});
  }
  static std::optional<Received> put(RawDevice& device, std::uint32_t number,
                                     const Bytes& content) {
    return device.ask(
        wire::MailboxPut{.mailbox = mailbox_id(1), .number = number, .content = content});
  }
  static std::uint32_t take(RawDevice& device, std::uint32_t number) {
    return device.send(wire::MailboxTake{.mailbox = mailbox_id(1), .number = number});
  }
  static bool is_ready(const std::optional<Received>& answer) {
    return answer && answer->as<wire::MailboxReady>();
  }
  static Bytes content(const std::optional<Received>& answer) {
    const auto* message = answer ? answer->as<wire::MailboxMessage>() : nullptr;
    return message == nullptr ? Bytes() : Bytes(message->content.begin(), message->content.end());
  }
  // a_ has mailbox 1, guest_ has joined it.
  void open_mailbox() {
    make_group(1);
    ASSERT_TRUE(is_ready(create(*a_, 1)));
    guest_ = world_.device(9);
    ASSERT_TRUE(is_ready(join(*guest_, 1)));
  }

  std::unique_ptr<RawDevice> guest_;
};

TEST_F(RelayMailboxTest, PassesMessagesBothWays) {
  open_mailbox();
  const auto waiting = take(*a_, 1);
  EXPECT_FALSE(a_->wait(waiting, seconds(1)));
  EXPECT_TRUE(is_done(put(*guest_, 1, {1, 2, 3})));
  EXPECT_EQ(content(a_->wait(waiting)), (Bytes{1, 2, 3}));
  EXPECT_TRUE(is_done(put(*a_, 1, {4})));
  EXPECT_EQ(content(guest_->wait(take(*guest_, 1))), Bytes{4});
  EXPECT_EQ(content(guest_->wait(take(*guest_, 1))), Bytes{4});  // an answer may be lost
  EXPECT_TRUE(is_done(put(*a_, 2, {5})));
  EXPECT_EQ(content(guest_->wait(take(*guest_, 2))), Bytes{5});
  EXPECT_EQ(error(guest_->wait(take(*guest_, 1))), WireErrorCode::kInvalidMessage);
}

TEST_F(RelayMailboxTest, AGuestMayDoNothingElse) {
  open_mailbox();
  EXPECT_EQ(error(guest_->push({1})), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(guest_->pull(0)), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(guest_->ask(wire::RosterGet{})), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(create(*guest_, 2)), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(a_->ask(wire::MailboxJoin{.mailbox = mailbox_id(1)})),
            WireErrorCode::kUnauthorized);
  const auto hello = guest_->ask(guest_->make_hello());
  EXPECT_EQ(error(hello), WireErrorCode::kInvalidMessage);
  EXPECT_TRUE(hello->ends());
}

TEST_F(RelayMailboxTest, OnlyTheFirstGuestMayComeAgain) {
  open_mailbox();
  auto other = world_.device(8);
  const auto refused = join(*other, 1);
  EXPECT_EQ(error(refused), WireErrorCode::kUnauthorized);
  EXPECT_TRUE(refused->ends());
  // The TLS key alone is not it.
  RawDevice thief(world_, 9, true);
  EXPECT_EQ(error(join(thief, 1)), WireErrorCode::kUnauthorized);
  EXPECT_TRUE(is_done(put(*guest_, 1, {1})));
  guest_->disconnect();
  EXPECT_TRUE(is_ready(join(*guest_, 1)));
  EXPECT_TRUE(is_done(put(*guest_, 1, {1})));
  EXPECT_TRUE(is_done(put(*guest_, 2, {2})));
  EXPECT_EQ(content(a_->wait(take(*a_, 1))), Bytes{1});
}

TEST_F(RelayMailboxTest, TheCreatorMayComeAgain) {
  open_mailbox();
  EXPECT_TRUE(is_done(put(*guest_, 1, {7})));
  a_->disconnect();
  a_->welcome();
  EXPECT_TRUE(is_ready(create(*a_, 1)));
  EXPECT_EQ(content(a_->wait(take(*a_, 1))), Bytes{7});
}

TEST_F(RelayMailboxTest, AnIdThatSomebodyElseHasIsRefused) {
  make_group(2);
  ASSERT_TRUE(is_ready(create(*a_, 1)));
  EXPECT_EQ(error(create(*b_, 1)), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(put(*b_, 1, {1})), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(b_->wait(take(*b_, 1))), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(b_->ask(wire::MailboxClose{.mailbox = mailbox_id(1)})),
            WireErrorCode::kUnauthorized);
}

TEST_F(RelayMailboxTest, MessagesAreNumberedWithoutGaps) {
  open_mailbox();
  EXPECT_EQ(error(put(*a_, 2, {1})), WireErrorCode::kInvalidMessage);
  EXPECT_TRUE(is_done(put(*a_, 1, {1})));
  EXPECT_TRUE(is_done(put(*a_, 1, {1})));
  EXPECT_EQ(error(put(*a_, 1, {2})), WireErrorCode::kInvalidMessage);
  // Each side counts its own.
  EXPECT_TRUE(is_done(put(*guest_, 1, {3})));
  // What was taken is remembered by its hash.
  EXPECT_TRUE(is_done(put(*a_, 2, {2})));
  ASSERT_EQ(content(guest_->wait(take(*guest_, 2))), Bytes{2});
  EXPECT_TRUE(is_done(put(*a_, 1, {1})));
  EXPECT_EQ(error(put(*a_, 1, {9})), WireErrorCode::kInvalidMessage);
}

TEST_F(RelayMailboxTest, FourMessagesMayWait) {
  open_mailbox();
  for (std::uint8_t n = 1; n <= 4; ++n) EXPECT_TRUE(is_done(put(*a_, n, {n})));
  EXPECT_EQ(error(put(*a_, 5, {5})), WireErrorCode::kRateLimited);
  ASSERT_EQ(content(guest_->wait(take(*guest_, 2))), Bytes{2});
  EXPECT_TRUE(is_done(put(*a_, 5, {5})));
}

TEST_F(RelayMailboxTest, ANewerTakeEndsTheOlder) {
  open_mailbox();
  const auto older = take(*a_, 1);
  const auto newer = take(*a_, 1);
  EXPECT_EQ(error(a_->wait(older)), WireErrorCode::kInvalidMessage);
  EXPECT_TRUE(is_done(put(*guest_, 1, {1})));
  EXPECT_EQ(content(a_->wait(newer)), Bytes{1});
}

TEST_F(RelayMailboxTest, ClosingEndsItForBothForEver) {
  open_mailbox();
  const auto waiting = take(*guest_, 1);
  EXPECT_TRUE(is_done(a_->ask(wire::MailboxClose{.mailbox = mailbox_id(1)})));
  EXPECT_EQ(error(guest_->wait(waiting)), WireErrorCode::kUnknownMailbox);
  EXPECT_EQ(error(put(*guest_, 1, {1})), WireErrorCode::kUnknownMailbox);
  EXPECT_EQ(error(create(*a_, 1)), WireErrorCode::kUnknownMailbox);
  guest_->disconnect();
  const auto again = join(*guest_, 1);
  EXPECT_EQ(error(again), WireErrorCode::kUnknownMailbox);
  EXPECT_TRUE(again->ends());
  EXPECT_EQ(world_.relay->stats().mailboxes, 0U);
}

TEST_F(RelayMailboxTest, ItEndsByItself) {
  make_group(1);
  ASSERT_TRUE(is_ready(create(*a_, 1, 10)));
  const auto waiting = take(*a_, 1);
  world_.run_for(seconds(8));
  EXPECT_EQ(create(*a_, 1, 600)->as<wire::MailboxReady>()->expires_s, 2U);
  EXPECT_EQ(error(a_->wait(waiting)), WireErrorCode::kUnknownMailbox);
  auto guest = world_.device(9);
  EXPECT_EQ(error(join(*guest, 1)), WireErrorCode::kUnknownMailbox);
}

TEST_F(RelayMailboxTest, ARestartForgetsItAndSaysSo) {
  open_mailbox();
  guest_->disconnect();
  restart();
  a_->welcome();
  EXPECT_EQ(error(put(*a_, 1, {1})), WireErrorCode::kUnknownMailbox);
}

TEST_F(RelayMailboxTest, MailboxesOfAGroupAreBounded) {
  make_group(1);
  for (std::uint8_t n = 1; n <= 4; ++n) EXPECT_TRUE(is_ready(create(*a_, n)));
  EXPECT_EQ(error(create(*a_, 5)), WireErrorCode::kRateLimited);
  EXPECT_TRUE(is_done(a_->ask(wire::MailboxClose{.mailbox = mailbox_id(2)})));
  EXPECT_TRUE(is_ready(create(*a_, 5)));
}

TEST_F(RelayMailboxTest, GuestsAreSentAwayWhenPairingCanNoLongerBeUnderWay) {
  open_mailbox();
  world_.run_for(world_.config.limits.visit_time + seconds(10));
  EXPECT_FALSE(guest_->is_connected());
  EXPECT_TRUE(a_->is_connected());
}

}  // namespace
}  // namespace zerok::relay
