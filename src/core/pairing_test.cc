// SPDX-License-Identifier: MIT OR Apache-2.0
// Both sides of a pairing against each other, over an honest relay: what an exchange leads to, and
// how it ends early. What liars can do is in pairing_attack_test.cc.
#include <gtest/gtest.h>

#include "core/testing/pairing_world.h"

namespace zerok::core {
namespace {

using pairing::Failure;
using testing::PairingWorld;
using testing::sample_add;
using testing::sample_device;
using testing::sample_leave;
using testing::sample_ticket;

constexpr Duration kLife = std::chrono::seconds(kPairingLifeSeconds);

void expect_joined(PairingWorld& world) {
  ASSERT_TRUE(world.paired());
  EXPECT_TRUE(world.creator.is_over());
  EXPECT_TRUE(world.joiner->is_over());
  EXPECT_EQ(world.burns, 1);
  EXPECT_TRUE(world.burn_before_answer);
  const JoinedGroup& joined = world.joiner->joined();
  EXPECT_EQ(joined.roster.head(), world.roster.head());
  EXPECT_EQ(joined.roster.size(), world.roster.size());
  EXPECT_TRUE(joined.roster.is_active(sample_device(9).id()));
  ASSERT_EQ(joined.epochs.size(), 1u);
  EXPECT_TRUE(joined.epochs[0].secret == world.epochs[0].secret);
  EXPECT_EQ(joined.epochs[0].epoch_id(), world.keys.epoch_id({}, {}));
  EXPECT_EQ(joined.relay.admission_token, world.token);
  const auto record = joined.roster.record(*joined.roster.find(sample_device(9).id()));
  EXPECT_EQ(open_name(world.keys.roster, joined.roster.group(), record.device, record.name),
            "New Phone");
  for (const auto& [id, mailbox] : world.mailboxes) EXPECT_TRUE(mailbox.closed);
}

TEST(PairingTest, JoinsByEitherCode) {
  for (const bool by_long : {true, false}) {
    PairingWorld world;
    world.join(by_long ? world.creator.long_code().offer()
                       : world.creator.short_code().offer(sample_ticket()));
    world.run();
    expect_joined(world);
  }
}

TEST(PairingTest, JoinsByTheTextOfTheCodes) {
  PairingWorld world;
  const auto uri = LongCode::parse(world.creator.long_code().to_uri().value());
  ASSERT_TRUE(uri);
  world.join(uri->offer());
  world.run();
  expect_joined(world);
  PairingWorld typed(1, 2);
  const auto code = ShortCode::parse(typed.creator.short_code().to_text());
  ASSERT_TRUE(code);
  // The joiner's own ticket of the same relay: elsewhere, and with no token.
  RelayTicket ticket = sample_ticket();
  ticket.addresses = {"192.0.2.1:1"};
  ticket.admission_token.reset();
  typed.join(code->offer(ticket));
  typed.run();
  expect_joined(typed);
  EXPECT_EQ(typed.joiner->joined().relay.addresses, ticket.addresses);
}

TEST(PairingTest, TellsBothUsersTheSameWordsAndTheCreatorTheName) {
  PairingWorld world;
  world.join(world.creator.long_code().offer(), 9, "Zo\u00eb's\u202e  phone\n");
  world.run();
  const auto* asked = PairingWorld::find<pairing::AskApproval>(world.creator_events);
  const auto* awaiting = PairingWorld::find<pairing::AwaitingApproval>(world.joiner_events);
  ASSERT_TRUE(asked && awaiting);
  EXPECT_EQ(asked->name, "Zo\u00eb's phone");
  EXPECT_EQ(asked->device, sample_device(9).id());
  EXPECT_EQ(awaiting->creator, sample_device(1).id());
  EXPECT_EQ(asked->words.bits, awaiting->words.bits);
  EXPECT_LT(asked->words.bits, 1U << 30);
  PairingWorld other(1, 3);
  other.join(other.creator.long_code().offer());
  other.run();
  EXPECT_NE(PairingWorld::find<pairing::AskApproval>(other.creator_events)->words.bits,
            asked->words.bits);
}

TEST(PairingTest, GivesNothingAwayBeforeTheUserHasApproved) {
  PairingWorld world;
  world.on_approval = [](PairingWorld&) {};
  world.join(world.creator.long_code().offer());
  world.run();
  EXPECT_FALSE(world.creator.is_over());
  EXPECT_EQ(world.roster.size(), 1u);
  const auto& mailbox = world.mailboxes[world.creator.long_code().mailbox];
  EXPECT_EQ(mailbox.sides[0].messages.size(), 2u) << "ANSWER and REVEAL";
  world.creator.approve(world.group(), world.now);
  world.run();
  expect_joined(world);
}

TEST(PairingTest, GivesNoSecretAwayBeforeTheRosterHasTheDevice) {
  PairingWorld world;
  std::optional<pairing::Enrol> asked;
  world.on_enrol = [&](PairingWorld&, const pairing::Enrol& enrol) {
    asked = enrol;
    return true;
  };
  world.join(world.creator.long_code().offer());
  world.run();
  ASSERT_TRUE(asked);
  const auto& mailbox = world.mailboxes[world.creator.long_code().mailbox];
  EXPECT_EQ(mailbox.sides[0].messages.size(), 3u);
  // A driver that is wrong about it changes nothing.
  world.creator.handle_enrolled(world.group(), world.now);
  world.run();
  EXPECT_EQ(mailbox.sides[0].messages.size(), 3u);
  // Somebody else was faster.
  ASSERT_TRUE(world.roster.apply(sample_add(1, 5, world.roster.head())));
  world.enrol_now(*asked);
  world.run();
  expect_joined(world);
}

TEST(PairingTest, EndsWhenTheUserRefuses) {
  PairingWorld world;
  world.on_approval = [](PairingWorld& w) { w.creator.refuse(); };
  world.join(world.creator.long_code().offer());
  world.run();
  EXPECT_EQ(world.creator_failure(), Failure::kRefused);
  EXPECT_EQ(world.joiner_failure(), Failure::kRefused);
  EXPECT_EQ(world.roster.size(), 1u);
  EXPECT_TRUE(world.creator.is_over() && world.joiner->is_over());
}

TEST(PairingTest, EndsAfterTenMinutesWhateverItWaitsFor) {
  {
    PairingWorld world;
    world.run();
    world.pass_time(kLife - Duration(1));
    EXPECT_FALSE(world.creator_failure());
    EXPECT_EQ(world.creator.next_timeout(), world.now + Duration(1));
    world.pass_time(Duration(1));
    world.run();
    EXPECT_EQ(world.creator_failure(), Failure::kTimedOut);
    EXPECT_TRUE(world.creator.is_over());
    EXPECT_EQ(world.creator.next_timeout(), kNever);
  }
  {
    PairingWorld world;
    world.on_approval = [](PairingWorld&) {};
    world.join(world.creator.long_code().offer());
    world.run();
    world.pass_time(kLife);
    world.creator.approve(world.group(), world.now);
    world.run();
    EXPECT_EQ(world.creator_failure(), Failure::kTimedOut);
    EXPECT_EQ(world.joiner_failure(), Failure::kTimedOut);
  }
}

TEST(PairingTest, AnswersNoMessageThatComesTooLate) {
  PairingWorld world;
  world.run();
  world.join(world.creator.long_code().offer());
  world.now += kLife;
  world.run();
  EXPECT_EQ(world.creator_failure(), Failure::kTimedOut);
  EXPECT_EQ(world.burns, 0);
  EXPECT_TRUE(world.mailboxes[world.creator.long_code().mailbox].sides[0].messages.empty());
}

TEST(PairingTest, CanBeCancelledByEitherSideAtAnyTime) {
  for (const bool by_creator : {true, false}) {
    PairingWorld world;
    world.on_approval = [&](PairingWorld& w) {
      by_creator ? w.creator.cancel() : w.joiner->cancel();
    };
    world.join(world.creator.long_code().offer());
    world.run();
    EXPECT_EQ(world.creator_failure(), by_creator ? Failure::kCancelled : Failure::kEnded);
    EXPECT_EQ(world.joiner_failure(), by_creator ? Failure::kEnded : Failure::kCancelled);
    EXPECT_TRUE(world.creator.is_over() && world.joiner->is_over());
    EXPECT_EQ(world.roster.size(), 1u);
  }
  PairingWorld world;
  world.run();
  world.creator.cancel();
  world.run();
  EXPECT_EQ(world.creator_failure(), Failure::kCancelled);
  EXPECT_TRUE(world.mailboxes[world.creator.long_code().mailbox].closed);
  EXPECT_TRUE(world.mailboxes[world.creator.short_code().mailbox()].closed);
}

TEST(PairingTest, SpendsBothCodesAtOnce) {
  PairingWorld world;
  world.join(world.creator.short_code().offer(sample_ticket()));
  world.run();
  expect_joined(world);
  EXPECT_TRUE(world.mailboxes[world.creator.long_code().mailbox].sides[0].messages.empty());
  // Nothing brings a second device in.
  world.join(world.creator.long_code().offer(), 8);
  world.run();
  EXPECT_EQ(world.joiner_failure(), Failure::kEnded);
  EXPECT_FALSE(world.roster.is_active(sample_device(8).id()));
}

TEST(PairingTest, SpendsTheOtherCodeAsSoonAsOneIsUsed) {
  PairingWorld world;
  world.on_approval = [](PairingWorld&) {};
  world.join(world.creator.short_code().offer(sample_ticket()));
  world.run();
  const MailboxId other = world.creator.long_code().mailbox;
  EXPECT_TRUE(world.mailboxes[other].closed);
  // A relay that lets somebody in there all the same is not listened to.
  world.creator.handle_message(other, 1, Bytes{1}, world.now);
  world.creator.approve(world.group(), world.now);
  world.run();
  expect_joined(world);
}

TEST(PairingTest, AnswersOnlyWhenTheInviteIsSpentOnDisk) {
  PairingWorld world;
  world.store_burn = false;
  world.join(world.creator.long_code().offer());
  world.run();
  EXPECT_EQ(world.burns, 1);
  EXPECT_TRUE(world.mailboxes[world.creator.long_code().mailbox].sides[0].messages.empty());
  world.creator.handle_burn_stored(world.now);
  world.run();
  expect_joined(world);
}

TEST(PairingTest, SurvivesALostConnectionAtEveryStepOfEitherSide) {
  PairingWorld whole(3);
  whole.join(whole.creator.long_code().offer());
  whole.run();
  expect_joined(whole);
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    for (int at = 1; at <= whole.effects[side]; ++at) {
      for (const bool arrives : {true, false}) {
        PairingWorld world(3);
        world.break_at[side] = at;
        world.breaks_after_arrival = arrives;
        world.join(world.creator.long_code().offer());
        world.run();
        ASSERT_TRUE(world.paired()) << side << ", " << at << ", " << arrives;
        expect_joined(world);
      }
    }
  }
}

TEST(PairingTest, CarriesARosterOfManyMessagesPastABusyMailbox) {
  PairingWorld world;
  // Many devices come and go.
  for (std::uint8_t n = 20; n < 210; ++n) {
    ASSERT_TRUE(world.roster.apply(sample_add(1, n, world.roster.head())));
    ASSERT_TRUE(world.roster.apply(sample_leave(n, world.roster.head())));
  }
  std::size_t bytes = 0;
  for (const Bytes& entry : world.roster.entries()) bytes += entry.size();
  ASSERT_GT(bytes, 6 * kPairingMessageBytesMax);
  const Instant before = world.now;
  world.join(world.creator.long_code().offer());
  world.run();
  expect_joined(world);
  const auto& mailbox = world.mailboxes[world.creator.long_code().mailbox];
  EXPECT_GT(mailbox.sides[0].messages.size(), 10u);
  for (const Bytes& message : mailbox.sides[0].messages) {
    EXPECT_LE(message.size(), kPairingMessageBytesMax);
  }
  EXPECT_LT(world.now - before, std::chrono::seconds(10));
}

TEST(PairingTest, GoesOnWithADeviceThatAnEarlierPairingEnrolledAndLost) {
  PairingWorld first;
  first.on_enrol = [](PairingWorld& w, const pairing::Enrol& enrol) {
    w.enrol_now(enrol);
    w.joiner.reset();  // the power went
    return true;
  };
  first.join(first.creator.long_code().offer());
  first.run();
  first.pass_time(kLife);
  first.run();
  const auto* failed = PairingWorld::find<pairing::Failed>(first.creator_events);
  ASSERT_NE(failed, nullptr);
  EXPECT_TRUE(failed->may_be_enrolled);

  PairingWorld again(1, 7);
  again.roster = first.roster;
  again.join(again.creator.long_code().offer());
  again.run();
  expect_joined(again);
  EXPECT_EQ(again.roster.size(), first.roster.size()) << "no second ADD";
}

TEST(PairingTest, RefusesADeviceThatHasLeftAndAFullGroup) {
  PairingWorld gone;
  ASSERT_TRUE(gone.roster.apply(sample_add(1, 9, gone.roster.head())));
  ASSERT_TRUE(gone.roster.apply(sample_leave(9, gone.roster.head())));
  gone.join(gone.creator.long_code().offer());
  gone.run();
  EXPECT_EQ(gone.creator_failure(), Failure::kDeviceGone);
  EXPECT_EQ(gone.joiner_failure(), Failure::kDeviceGone);

  PairingWorld full;
  for (std::uint8_t n = 20; n < 51; ++n) {
    ASSERT_TRUE(full.roster.apply(sample_add(1, n, full.roster.head())));
  }
  full.join(full.creator.long_code().offer());
  full.run();
  EXPECT_EQ(full.creator_failure(), Failure::kGroupFull);
  EXPECT_EQ(full.joiner_failure(), Failure::kGroupFull);
}

TEST(PairingTest, TellsTheJoinerWhenTheRelayRefusesTheRosterEntry) {
  for (const auto& [code, reason] :
       {std::pair(wire::WireErrorCode::kGroupQuotaExceeded, Failure::kGroupFull),
        std::pair(wire::WireErrorCode::kUnauthorized, Failure::kRelayRefused)}) {
    PairingWorld world;
    world.on_enrol = [refusal = code](PairingWorld& w, const pairing::Enrol&) {
      w.creator.handle_enrol_refused(refusal);
      return true;
    };
    world.join(world.creator.long_code().offer());
    world.run();
    EXPECT_EQ(world.creator_failure(), reason);
    EXPECT_EQ(world.joiner_failure(), reason);
  }
}

TEST(PairingTest, IsPairedEvenIfTheMailboxIsGoneWhenTheJoinerHasStoredAll) {
  PairingWorld world;
  world.deliver = [&](bool from_joiner, std::uint32_t number, const Bytes& content) {
    if (!from_joiner && number == 5) {
      world.mailboxes[world.creator.long_code().mailbox].closed = true;
    }
    return std::optional(content);
  };
  world.join(world.creator.long_code().offer());
  world.run();
  EXPECT_NE(PairingWorld::find<pairing::Paired>(world.joiner_events), nullptr);
  EXPECT_EQ(world.creator_failure(), Failure::kEnded);
  EXPECT_TRUE(PairingWorld::find<pairing::Failed>(world.creator_events)->may_be_enrolled);
}

TEST(PairingTest, TriesTheOtherCodeWhenOneMailboxCannotBeHad) {
  PairingWorld world;
  world.creator.handle_refusal(world.creator.long_code().mailbox, pairing::Request::kTake,
                               wire::WireErrorCode::kUnknownMailbox, 0, world.now);
  world.join(world.creator.short_code().offer(sample_ticket()));
  world.run();
  EXPECT_TRUE(world.paired());
}

TEST(PairingTest, WaitsWhenTheRelayIsBusyAndStopsWhenItRefuses) {
  PairingWorld world;
  const MailboxId mailbox = world.creator.long_code().mailbox;
  ASSERT_TRUE(world.creator.poll_effect());
  world.creator.handle_refusal(mailbox, pairing::Request::kCreate,
                               wire::WireErrorCode::kRateLimited, 2000, world.now);
  EXPECT_EQ(world.creator.next_timeout(), world.now + std::chrono::seconds(2));
  world.join(world.creator.long_code().offer());
  world.joiner.reset();  // it may come once the mailbox is there
  world.run();
  EXPECT_TRUE(world.mailboxes.contains(mailbox));
  world.join(world.creator.long_code().offer());
  world.run();
  EXPECT_TRUE(world.paired());

  PairingWorld refused;
  refused.creator.handle_refusal(refused.creator.long_code().mailbox, pairing::Request::kCreate,
                                 wire::WireErrorCode::kUnauthorized, 0, refused.now);
  refused.run();
  EXPECT_EQ(refused.creator_failure(), Failure::kRelayRefused);
}

TEST(PairingTest, WillNotStartWithANameThatCannotBeSent) {
  PairingWorld world;
  const auto offer = world.creator.long_code().offer();
  for (const std::string& name : {std::string(128, 'a'), std::string("\xff")}) {
    EXPECT_EQ(
        PairingJoiner::start(sample_device(9).keys, offer, name, world.rng, world.now).error().code,
        ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace zerok::core
