// SPDX-License-Identifier: MIT OR Apache-2.0
// A joiner against a creator that says what it likes: it has the code, and lies afterwards. The
// joiner takes nothing that it can't verify, and says what is wrong.
#include "core/pairing_joiner.h"

#include <gtest/gtest.h>

#include "core/testing/pairing_world.h"

namespace zerok::core {
namespace {

using pairing::Failure;
using testing::sample_add;
using testing::sample_device;
using testing::sample_grant;
using testing::sample_group;
using testing::sample_leave;
using testing::sample_roster;
using testing::sample_ticket;

constexpr std::uint8_t kJoiner = 9;

// Device 1, which goes through the exchange honestly and then says what the test wants.
class HandmadeCreator {
 public:
  explicit HandmadeCreator(const crypto::DeviceKeys& keys = sample_device(1).keys)
      : exchange_(keys, rng_),
        joiner(PairingJoiner::start(sample_device(kJoiner).keys, offer(), "Phone", rng_, kNow)
                   .value()) {
    joiner.handle_connected();
    const PairingContext context{offer().mailbox, pairing_relay_hash(offer().relay)};
    say_clear(exchange_.answer(context, offer().password, heard(), rng_).value());
    channel_.emplace(exchange_.finish(heard()).value().channel);
  }

  static PairingOffer offer() { return {sample_ticket(), {}, {}, std::nullopt}; }

  void say(ByteView plaintext) { say_clear(channel_->seal(number_ + 1, plaintext)); }
  void reveal() { say(encode_pairing_reveal(exchange_.nonce())); }
  void send_record(ByteView record) {
    say(PairingRecord{sample_group().group_id(), record}.encode());
  }
  void send_grant(const Roster& roster, std::size_t length_off = 0) {
    PairingGrant grant;
    grant.epochs.push_back(sample_grant());
    grant.roster_length = static_cast<std::uint32_t>(roster.size() + length_off);
    grant.roster_head = roster.head();
    say(grant.encode());
  }
  void send_entries(std::span<const Bytes> entries) {
    say(PairingEntries{{entries.begin(), entries.end()}}.encode());
  }
  // Everything up to the roster as it should be.
  void lead_to_grant() {
    reveal();
    send_record(sample_device(kJoiner).record);
    ASSERT_EQ(failure(), std::nullopt);
  }

  // The last message that the joiner has put.
  const Bytes& heard() {
    while (auto effect = joiner.poll_effect()) {
      if (const auto* put = std::get_if<pairing::Put>(&*effect)) {
        heard_ = put->content;
        joiner.handle_put_done(put->number);
      }
      stores_ = stores_ || std::holds_alternative<pairing::StoreGroup>(*effect);
    }
    return heard_;
  }
  bool stores() {
    heard();
    return stores_;
  }
  std::optional<Failure> failure() {
    heard();
    while (auto event = joiner.poll_event()) {
      if (const auto* failed = std::get_if<pairing::Failed>(&*event)) failed_ = failed->reason;
    }
    return failed_;
  }

 private:
  static constexpr Instant kNow{std::chrono::seconds(1)};

  void say_clear(const Bytes& message) {
    heard();
    joiner.handle_message(++number_, message, kNow);
    heard();
  }

  DeterministicRng rng_{5};
  CreatorExchange exchange_;

 public:
  PairingJoiner joiner;

 private:
  std::optional<PairingChannel> channel_;
  std::uint32_t number_ = 0;
  Bytes heard_;
  bool stores_ = false;
  std::optional<Failure> failed_;
};

Roster roster_with_joiner() {
  Roster roster = sample_roster();
  EXPECT_TRUE(roster.apply(sample_add(1, kJoiner, roster.head())));
  return roster;
}

TEST(PairingJoinerTest, TakesAGroupThatIsInOrderInAnyNumberOfParts) {
  Roster roster = roster_with_joiner();
  ASSERT_TRUE(roster.apply(sample_add(kJoiner, 4, roster.head())));
  for (const bool one_by_one : {true, false}) {
    HandmadeCreator creator;
    creator.lead_to_grant();
    creator.send_grant(roster);
    if (one_by_one) {
      for (std::size_t n = 0; n < roster.size(); ++n) {
        EXPECT_FALSE(creator.stores());
        creator.send_entries(std::span(roster.entries()).subspan(n, 1));
      }
    } else {
      creator.send_entries(roster.entries());
    }
    EXPECT_TRUE(creator.stores());
    EXPECT_FALSE(creator.failure());
    EXPECT_EQ(creator.joiner.joined().roster.head(), roster.head());
    // Too late to cancel: it is stored.
    creator.joiner.cancel();
    creator.joiner.handle_group_stored();
    creator.heard();
    EXPECT_FALSE(creator.failure());
    EXPECT_TRUE(creator.joiner.is_over());
  }
}

TEST(PairingJoinerTest, RefusesANonceThatWasNotCommittedTo) {
  HandmadeCreator creator;
  creator.say(encode_pairing_reveal(ByteArray<32>{1}));
  EXPECT_EQ(creator.failure(), Failure::kBadMessage);
}

TEST(PairingJoinerTest, SignsNoRecordWithKeysThatAreNotItsOwn) {
  auto record = MemberRecord::decode(sample_device(kJoiner).record).value();
  const auto other = MemberRecord::decode(sample_device(8).record).value();
  const auto refused = [&](auto change) {
    MemberRecord changed = record;
    change(changed);
    HandmadeCreator creator;
    creator.reveal();
    const Bytes before = creator.heard();
    creator.send_record(changed.encode());
    return creator.failure() == Failure::kBadMessage && creator.heard() == before;
  };
  EXPECT_TRUE(refused([&](MemberRecord& r) { r = other; }));
  EXPECT_TRUE(refused([&](MemberRecord& r) { r.device = other.device; }));
  EXPECT_TRUE(refused([&](MemberRecord& r) { r.noise_identity = other.noise_identity; }));
  EXPECT_TRUE(refused([&](MemberRecord& r) { r.sealing_dh = other.sealing_dh; }));
  EXPECT_TRUE(refused([&](MemberRecord& r) { r.sealing_kem = other.sealing_kem; }));
  EXPECT_FALSE(refused([&](MemberRecord& r) { r.name = other.name; }));
}

TEST(PairingJoinerTest, SpeaksInTurnOnly) {
  for (const Bytes& wrong :
       {encode_pairing_accepted(), *encode_pairing_name("x"), PairingSignature{}.encode(),
        Bytes{0x90}, Bytes{0x91, 0x09}, Bytes()}) {
    HandmadeCreator creator;
    creator.say(wrong);
    EXPECT_EQ(creator.failure(), Failure::kBadMessage);
  }
}

TEST(PairingJoinerTest, SaysWhyTheCreatorEndedIt) {
  const auto said = [](std::uint8_t reason) {
    HandmadeCreator creator;
    creator.reveal();
    creator.say(Bytes{0x92, 0x08, reason});
    return creator.failure();
  };
  EXPECT_EQ(said(1), Failure::kRefused);
  EXPECT_EQ(said(2), Failure::kGroupFull);
  EXPECT_EQ(said(3), Failure::kDeviceGone);
  EXPECT_EQ(said(4), Failure::kRelayRefused);
  EXPECT_EQ(said(100), Failure::kRelayRefused);
}

// What it makes of a roster, sent with its true length and head.
std::optional<Failure> failure_with(const Roster& roster) {
  HandmadeCreator creator;
  creator.lead_to_grant();
  creator.send_grant(roster);
  creator.send_entries(roster.entries());
  EXPECT_FALSE(creator.stores());
  return creator.failure();
}

TEST(PairingJoinerTest, TakesNoRosterThatItOrTheCreatorIsNotIn) {
  EXPECT_EQ(failure_with(sample_roster(3)), Failure::kBadMessage);
  Roster gone = roster_with_joiner();
  ASSERT_TRUE(gone.apply(sample_leave(kJoiner, gone.head())));
  EXPECT_EQ(failure_with(gone), Failure::kBadMessage);
  Roster creator_gone = roster_with_joiner();
  ASSERT_TRUE(creator_gone.apply(sample_leave(1, creator_gone.head())));
  EXPECT_EQ(failure_with(creator_gone), Failure::kWrongDevice);
  // Made by device 2: the creator was never in it.
  Roster strangers = Roster::create(testing::sample_create(2), sample_group().group_id()).value();
  ASSERT_TRUE(strangers.apply(sample_add(2, kJoiner, strangers.head())));
  EXPECT_EQ(failure_with(strangers), Failure::kWrongDevice);
}

// The Device ID is right, the Noise keys are not those that the relay knows it by.
TEST(PairingJoinerTest, TakesNoRosterThatHasOtherKeysOfTheCreator) {
  const auto derive = [](std::uint8_t n) {
    return crypto::DeviceKeys::derive(
        crypto::testing::key_of<crypto::DeviceSecret>(ByteView(Bytes(32, n))));
  };
  crypto::DeviceKeys mixed = derive(1);
  mixed.noise = derive(2).noise;
  HandmadeCreator creator(mixed);
  creator.lead_to_grant();
  creator.send_grant(roster_with_joiner());
  creator.send_entries(roster_with_joiner().entries());
  EXPECT_FALSE(creator.stores());
  EXPECT_EQ(creator.failure(), Failure::kWrongDevice);
}

TEST(PairingJoinerTest, TakesNoRosterThatHasAnotherRecordThanItSigned) {
  HandmadeCreator creator;
  creator.reveal();
  auto renamed = MemberRecord::decode(sample_device(kJoiner).record).value();
  renamed.name = {};
  creator.send_record(renamed.encode());
  creator.send_grant(roster_with_joiner());
  creator.send_entries(roster_with_joiner().entries());
  EXPECT_EQ(creator.failure(), Failure::kBadMessage);
}

TEST(PairingJoinerTest, TakesNoRosterOfAnotherLengthHeadOrGroup) {
  const Roster roster = roster_with_joiner();
  {
    // One entry is missing: it waits, and takes nothing.
    HandmadeCreator creator;
    creator.lead_to_grant();
    creator.send_grant(roster, 1);
    creator.send_entries(roster.entries());
    EXPECT_FALSE(creator.stores());
    creator.joiner.handle_timeout(Instant(std::chrono::seconds(601)));
    EXPECT_EQ(creator.failure(), Failure::kTimedOut);
  }
  {
    HandmadeCreator creator;
    creator.lead_to_grant();
    creator.send_grant(sample_roster());
    creator.send_entries(roster.entries());
    EXPECT_EQ(creator.failure(), Failure::kBadMessage) << "more than was said";
  }
  {
    HandmadeCreator creator;
    creator.lead_to_grant();
    creator.send_grant(sample_roster(2));
    creator.send_entries(roster.entries());
    EXPECT_EQ(creator.failure(), Failure::kBadMessage) << "another head";
  }
  {
    const auto other = sample_group(0x60);
    const auto& device = sample_device(1);
    const Bytes create = make_create_entry(device.keys.signing, other.membership, device.record);
    HandmadeCreator creator;
    creator.lead_to_grant();
    creator.send_grant(sample_roster());
    creator.send_entries(std::vector<Bytes>{create});
    EXPECT_EQ(creator.failure(), Failure::kWrongDevice) << "another group";
  }
}

TEST(PairingJoinerTest, TakesNoEntryThatIsNotValid) {
  const Roster roster = roster_with_joiner();
  std::vector<Bytes> entries = roster.entries();
  entries[1].back() ^= 1;
  HandmadeCreator creator;
  creator.lead_to_grant();
  creator.send_grant(roster);
  creator.send_entries(entries);
  EXPECT_EQ(creator.failure(), Failure::kBadMessage);
}

TEST(PairingJoinerTest, SaysThatAnUpdateIsNeededForARosterOfANewerVersion) {
  const Roster roster = roster_with_joiner();
  std::vector<Bytes> entries = roster.entries();
  ASSERT_EQ(entries[1][1], 1);
  entries[1][1] = 2;  // the version
  HandmadeCreator creator;
  creator.lead_to_grant();
  creator.send_grant(roster);
  creator.send_entries(entries);
  EXPECT_EQ(creator.failure(), Failure::kNewerVersion);
}

TEST(PairingJoinerTest, HoldsNoMoreThanARosterMayHave) {
  HandmadeCreator creator;
  creator.lead_to_grant();
  PairingGrant grant;
  grant.epochs.push_back(sample_grant());
  grant.roster_length = 4096;
  creator.say(grant.encode());
  const std::vector<Bytes> part(6, Bytes(8192, 1));
  for (int n = 0; n < 10; ++n) creator.send_entries(part);
  EXPECT_FALSE(creator.failure());
  creator.send_entries(part);
  EXPECT_EQ(creator.failure(), Failure::kBadMessage);
}

}  // namespace
}  // namespace zerok::core
