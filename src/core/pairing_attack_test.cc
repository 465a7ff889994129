// SPDX-License-Identifier: MIT OR Apache-2.0
// What liars can do to a pairing: the relay, somebody with a wrong code or none, a joiner with
// other keys than its own. Each ends in a clear event; nothing is given away, nothing hangs for
// longer than ten minutes. Creators that lie are in pairing_joiner_test.cc.
#include <gtest/gtest.h>

#include "core/label.h"
#include "core/testing/pairing_world.h"

namespace zerok::core {
namespace {

using pairing::Failure;
using testing::PairingWorld;
using testing::sample_device;
using testing::sample_ticket;

// Nobody was let in and nobody was taken in, and both sides know that it is over.
void expect_nothing_happened(PairingWorld& world) {
  world.pass_time(std::chrono::seconds(kPairingLifeSeconds));
  world.run();
  EXPECT_FALSE(PairingWorld::find<pairing::Paired>(world.creator_events));
  EXPECT_FALSE(PairingWorld::find<pairing::Paired>(world.joiner_events));
  EXPECT_TRUE(world.creator_failure());
  EXPECT_TRUE(!world.joiner || world.joiner_failure());
  EXPECT_TRUE(world.creator.is_over());
  EXPECT_TRUE(!world.joiner || world.joiner->is_over());
}

PairingOffer long_offer(PairingWorld& world) { return world.creator.long_code().offer(); }

TEST(PairingAttackTest, AWrongPasswordIsToldToTheUserAndSpendsTheInvite) {
  PairingWorld world;
  PairingOffer offer = world.creator.short_code().offer(sample_ticket());
  offer.password.mutable_bytes()[31] ^= 1;
  world.join(offer);
  world.run();
  EXPECT_EQ(world.creator_failure(), Failure::kWrongCode);
  EXPECT_EQ(world.joiner_failure(), Failure::kEnded);
  EXPECT_EQ(world.burns, 1);
  EXPECT_EQ(world.mailboxes[offer.mailbox].sides[0].messages.size(), 1u) << "ANSWER and no more";
  // The right code is worth nothing now.
  world.joiner_events.clear();
  world.join(world.creator.short_code().offer(sample_ticket()));
  world.run();
  EXPECT_EQ(world.joiner_failure(), Failure::kEnded);
  expect_nothing_happened(world);
}

TEST(PairingAttackTest, AGuessThatIsBrokenOffCountsAsOne) {
  PairingWorld world;
  world.deliver = [](bool from_joiner, std::uint32_t number, const Bytes& content) {
    return from_joiner && number == 2 ? std::nullopt : std::optional(content);
  };
  world.join(long_offer(world));
  world.run();
  EXPECT_EQ(world.burns, 1);
  world.joiner->cancel();
  expect_nothing_happened(world);
}

TEST(PairingAttackTest, AnythingAtAllSpendsTheInvite) {
  for (const Bytes& garbage : {Bytes(), Bytes{0x93}, Bytes(57344, 0xff)}) {
    PairingWorld world;
    world.run();
    ASSERT_FALSE(
        world.mailboxes[world.creator.long_code().mailbox].put(true, 1, garbage).has_value());
    world.run();
    EXPECT_EQ(world.burns, 1);
    EXPECT_EQ(world.creator_failure(), Failure::kBadMessage);
    EXPECT_TRUE(world.mailboxes[world.creator.short_code().mailbox()].closed);
  }
}

TEST(PairingAttackTest, ANewerVersionIsSaidToBeOne) {
  for (const bool to_joiner : {true, false}) {
    PairingWorld world;
    world.deliver = [&](bool from_joiner, std::uint32_t number, const Bytes& content) {
      const bool later = from_joiner != to_joiner && number == 1;
      return std::optional(later ? Bytes{0x92, 0x02, 0xc0} : content);
    };
    world.join(long_offer(world));
    world.run();
    EXPECT_EQ(to_joiner ? world.joiner_failure() : world.creator_failure(), Failure::kNewerVersion);
    expect_nothing_happened(world);
  }
}

TEST(PairingAttackTest, ALongCodeNamesItsCreator) {
  PairingWorld world;
  PairingOffer offer = long_offer(world);
  offer.creator->mutable_bytes()[0] ^= 1;
  world.join(offer);
  world.run();
  EXPECT_EQ(world.joiner_failure(), Failure::kWrongDevice);
  EXPECT_EQ(world.creator_failure(), Failure::kWrongCode);
  expect_nothing_happened(world);
}

TEST(PairingAttackTest, AnotherRelaysTicketGivesAnotherKey) {
  for (const bool endpoint : {true, false}) {
    PairingWorld world;
    PairingOffer offer = world.creator.short_code().offer(sample_ticket());
    (endpoint ? offer.relay.endpoint.mutable_bytes()
              : offer.relay.noise_identity.mutable_bytes())[0] ^= 1;
    world.join(offer);
    world.run();
    EXPECT_EQ(world.creator_failure(), Failure::kWrongCode);
    expect_nothing_happened(world);
  }
}

TEST(PairingAttackTest, ASwappedMailboxGivesAnotherKey) {
  // The relay leads a joiner with the long code into the mailbox of the short one. The passwords
  // differ there; with the same password the mailbox alone would tell.
  PairingWorld world;
  PairingOffer offer = long_offer(world);
  DeterministicRng rng(1);
  JoinerExchange joiner = JoinerExchange::start(sample_device(9).keys, offer, rng).value();
  CreatorExchange creator(sample_device(1).keys, rng);
  PairingContext context{offer.mailbox, pairing_relay_hash(offer.relay)};
  context.mailbox.mutable_bytes()[0] ^= 1;
  const auto answer = creator.answer(context, offer.password, joiner.open_message(), rng);
  ASSERT_TRUE(answer);
  offer.creator.reset();
  JoinerExchange again = JoinerExchange::start(sample_device(9).keys, offer, rng).value();
  const auto answer_again =
      creator.answer(context, offer.password, again.open_message(), rng).value();
  const auto finished = std::move(again).finish(answer_again, "x", rng);
  ASSERT_TRUE(finished);
  const auto proven = creator.finish(finished->proof);
  ASSERT_FALSE(proven);
  EXPECT_EQ(proven.error().code, ErrorCode::kCryptoFailed);
}

// Every byte that passes between them, changed: in the clear messages at a few places of each item,
// in the sealed ones everywhere it matters.
TEST(PairingAttackTest, AnyChangedByteEndsIt) {
  PairingWorld honest;
  honest.join(long_offer(honest));
  honest.run();
  ASSERT_TRUE(honest.paired());
  const auto& mailbox = honest.mailboxes[honest.creator.long_code().mailbox];
  for (const bool from_joiner : {true, false}) {
    const auto& messages = mailbox.sides[from_joiner ? 1 : 0].messages;
    for (std::size_t n = 0; n < messages.size(); ++n) {
      const std::size_t step = 1 + messages[n].size() / 23;
      for (std::size_t at = 0; at < messages[n].size(); at += step) {
        PairingWorld world;
        world.deliver = [&](bool by_joiner, std::uint32_t number, const Bytes& content) {
          Bytes changed = content;
          if (by_joiner == from_joiner && number == n + 1) changed[at] ^= 0x04;
          return std::optional(changed);
        };
        world.join(long_offer(world));
        world.run();
        EXPECT_FALSE(PairingWorld::find<pairing::Paired>(world.creator_events))
            << from_joiner << ", " << n << ", " << at;
        // What the joiner has verified and stored stays: only its ACCEPTED was changed.
        const bool last = from_joiner && n + 1 == messages.size();
        EXPECT_EQ(PairingWorld::find<pairing::Paired>(world.joiner_events) != nullptr, last);
        world.pass_time(std::chrono::seconds(kPairingLifeSeconds));
        world.run();
        EXPECT_TRUE(world.creator.is_over() && world.joiner->is_over());
      }
    }
  }
}

TEST(PairingAttackTest, ATruncatedRepeatedOrSwappedMessageEndsIt) {
  enum class Trick : std::uint8_t { kCut, kEarlier, kOthers };
  for (const Trick trick : {Trick::kCut, Trick::kEarlier, Trick::kOthers}) {
    for (const bool from_joiner : {true, false}) {
      for (std::uint32_t n = from_joiner ? 2 : 1; n <= 3; ++n) {
        if (trick == Trick::kEarlier && n == 1) continue;
        PairingWorld world;
        world.deliver = [&](bool by_joiner, std::uint32_t number, const Bytes& content) {
          if (by_joiner != from_joiner || number != n) return std::optional(content);
          const auto& sides = world.mailboxes[world.creator.long_code().mailbox].sides;
          switch (trick) {
            case Trick::kCut:
              return std::optional(Bytes(content.begin(), content.end() - 1));
            case Trick::kEarlier:
              return std::optional(sides[from_joiner ? 1 : 0].messages[number - 2]);
            case Trick::kOthers:
              return std::optional(sides[from_joiner ? 0 : 1].messages.back());
          }
          return std::optional(content);
        };
        world.join(long_offer(world));
        world.run();
        EXPECT_FALSE(PairingWorld::find<pairing::Paired>(world.creator_events));
        expect_nothing_happened(world);
      }
    }
  }
}

TEST(PairingAttackTest, MessagesNobodyAskedForAreIgnored) {
  PairingWorld world;
  world.run();
  const MailboxId mailbox = world.creator.long_code().mailbox;
  world.creator.handle_message(mailbox, 2, Bytes{1, 2, 3}, world.now);
  world.creator.handle_message(mailbox, 0, Bytes{1, 2, 3}, world.now);
  world.creator.handle_message(MailboxId(), 1, Bytes{1, 2, 3}, world.now);
  world.creator.handle_put_done(mailbox, 1);
  world.creator.handle_enrolled(world.group(), world.now);
  world.creator.handle_enrol_refused(wire::WireErrorCode::kUnauthorized);
  world.creator.handle_burn_stored(world.now);
  world.creator.approve(world.group(), world.now);
  world.creator.refuse();
  world.join(long_offer(world));
  world.joiner->handle_message(7, Bytes{1}, world.now);
  world.joiner->handle_group_stored();
  world.run();
  EXPECT_TRUE(world.paired());
}

TEST(PairingAttackTest, ARecordedExchangeOpensNothingLater) {
  // The messages of one pairing against a creator that makes the same invite again: same mailbox,
  // same password, other ephemeral keys.
  DeterministicRng rng(1);
  const auto& keys = sample_device(1).keys;
  PairingOffer offer{sample_ticket(), {}, {}, std::nullopt};
  const PairingContext context{offer.mailbox, pairing_relay_hash(offer.relay)};
  JoinerExchange joiner = JoinerExchange::start(sample_device(9).keys, offer, rng).value();
  CreatorExchange first(keys, rng);
  const Bytes open = joiner.open_message();
  const Bytes answer = first.answer(context, offer.password, open, rng).value();
  const auto finished = std::move(joiner).finish(answer, "x", rng).value();
  CreatorExchange second(keys, rng);
  ASSERT_TRUE(second.answer(context, offer.password, open, rng));
  EXPECT_EQ(second.finish(finished.proof).error().code, ErrorCode::kCryptoFailed);
  EXPECT_TRUE(first.finish(finished.proof));
}

// Takes the first part of the exchange by hand, with the joiner's party as the test wants it.
class HandmadeJoiner {
 public:
  HandmadeJoiner(PairingWorld& world, const PairingParty& party)
      : world_(world),
        party_(party.encode()),
        box_(world.mailboxes[world.creator.long_code().mailbox]) {
    world_.run();
    const auto& code = world.creator.long_code();
    const Bytes context = channel_id();
    auto cpace = crypto::Cpace::start(crypto::Cpace::Role::kInitiator,
                                      {code.password.bytes(), context, code.mailbox.bytes()},
                                      party_, world.rng)
                     .value();
    PairingOpen open;
    std::ranges::copy(cpace.share().encoding().bytes(), open.share.begin());
    open.party = party_;
    open_ = open.encode();
    put(open_);
    const Bytes answer_bytes = box_.sides[0].messages.at(0);
    const auto answer = PairingAnswer::decode(answer_bytes).value();
    const auto creator = PairingParty::decode(answer.party).value();
    auto key = std::move(cpace).finish(answer.share, answer.party).value();
    const auto to_joiner = crypto::mlkem_decapsulate(ephemeral().secret, answer.ciphertext);
    auto to_creator = crypto::mlkem_encapsulate(creator.ephemeral, world.rng).value();
    Bytes transcript;
    append(transcript, code.mailbox.bytes());
    append(transcript, pairing_relay_hash(code.relay));
    for (const Bytes& message : {open_, answer_bytes}) {
      ByteArray<4> size;
      store_be32(size, static_cast<std::uint32_t>(message.size()));
      append(transcript, size);
      append(transcript, message);
    }
    append(transcript, to_creator.ciphertext.bytes());
    Bytes input;
    append(input, key.bytes());
    append(input, to_joiner.bytes());
    append(input, to_creator.secret.bytes());
    channel_.emplace(PairingChannel::Side::kJoiner, input,
                     labelled_hash("0k-sync/2 pairing transcript", transcript));
    put(PairingProof{to_creator.ciphertext, channel_->seal(2, *encode_pairing_name("liar"))}
            .encode());
  }

  static const crypto::MlKemKeyPair& ephemeral() {
    static const auto pair = [] {
      DeterministicRng rng(99);
      return crypto::MlKemKeyPair::generate(rng);
    }();
    return pair;
  }
  static PairingParty party_of(std::uint8_t device) {
    return PairingParty::of(sample_device(device).keys, ephemeral().public_key);
  }

  void put(const Bytes& message) {
    EXPECT_FALSE(box_.put(true, ++number_, message));
    world_.run();
  }
  PairingRecord record() {
    EXPECT_EQ(box_.take(true, 4), nullptr);
    opened_.emplace(channel_->open(3, box_.sides[0].messages.at(2)).value());
    return PairingRecord::decode(opened_->bytes()).value();
  }
  void put_signature(const PairingSignature& signature) {
    put(channel_->seal(3, signature.encode()));
  }
  const PairingChannel& channel() const { return *channel_; }

 private:
  Bytes channel_id() const {
    Bytes out = begin_labelled("0k-sync/2 pairing", 33);
    out.push_back(1);
    append(out, pairing_relay_hash(world_.creator.long_code().relay));
    return out;
  }

  PairingWorld& world_;
  Bytes party_;
  testing::MemoryMailbox& box_;
  Bytes open_;
  std::uint32_t number_ = 0;
  std::optional<PairingChannel> channel_;
  std::optional<PairingPlaintext> opened_;
};

TEST(PairingAttackTest, AHandmadeJoinerThatIsHonestIsEnrolled) {
  PairingWorld world;
  HandmadeJoiner joiner(world, HandmadeJoiner::party_of(9));
  const auto record = joiner.record();
  const auto& signing = sample_device(9).keys.signing;
  joiner.put_signature({sign_member_record(signing, record.group, record.record),
                        joiner.channel().sign_device(signing)});
  EXPECT_TRUE(world.roster.is_active(sample_device(9).id()));
  EXPECT_FALSE(world.creator_failure());
}

TEST(PairingAttackTest, AJoinerCannotEnrolSomebodyElsesKeys) {
  PairingWorld world;
  HandmadeJoiner joiner(world, HandmadeJoiner::party_of(8));
  const auto record = joiner.record();
  const auto& signing = sample_device(9).keys.signing;
  joiner.put_signature({sign_member_record(signing, record.group, record.record),
                        joiner.channel().sign_device(signing)});
  EXPECT_EQ(world.creator_failure(), Failure::kBadMessage);
  EXPECT_EQ(world.roster.size(), 1u);
  expect_nothing_happened(world);
}

TEST(PairingAttackTest, AJoinerHasToAskToBeInThisGroup) {
  PairingWorld world;
  HandmadeJoiner joiner(world, HandmadeJoiner::party_of(9));
  const auto record = joiner.record();
  const auto& signing = sample_device(9).keys.signing;
  joiner.put_signature(
      {sign_member_record(signing, testing::sample_group(0x60).group_id(), record.record),
       joiner.channel().sign_device(signing)});
  EXPECT_EQ(world.creator_failure(), Failure::kBadMessage);
  EXPECT_EQ(world.roster.size(), 1u);
  expect_nothing_happened(world);
}

// The roster, which the relay has, holds an old signature by every member over its record.
TEST(PairingAttackTest, AJoinerCannotPlayAMemberWithTheSignatureFromTheRoster) {
  PairingWorld world(2);
  HandmadeJoiner joiner(world, HandmadeJoiner::party_of(2));
  const auto record = joiner.record();
  const auto added = RosterEntry::decode(world.roster.entries()[1]).value();
  const auto old = AddBody::decode(added.body).value();
  ASSERT_TRUE(std::ranges::equal(old.record, record.record));
  joiner.put_signature(
      {old.signature, joiner.channel().sign_device(sample_device(9).keys.signing)});
  EXPECT_EQ(world.creator_failure(), Failure::kBadMessage);
  expect_nothing_happened(world);
}

TEST(PairingAttackTest, AJoinerCannotTakeAMembersNoiseIdentity) {
  PairingWorld world(2);
  PairingParty party = HandmadeJoiner::party_of(9);
  party.noise_identity = HandmadeJoiner::party_of(2).noise_identity;
  HandmadeJoiner joiner(world, party);
  EXPECT_EQ(world.creator_failure(), Failure::kDeviceGone);
  expect_nothing_happened(world);
}

TEST(PairingAttackTest, AJoinerThatSpeaksOutOfTurnIsEnded) {
  PairingWorld world;
  std::optional<HandmadeJoiner> joiner;
  world.on_approval = [](PairingWorld&) {};
  joiner.emplace(world, HandmadeJoiner::party_of(9));
  joiner->put(joiner->channel().seal(3, encode_pairing_accepted()));
  EXPECT_EQ(world.creator_failure(), Failure::kBadMessage);
  expect_nothing_happened(world);
}

TEST(PairingAttackTest, AKemKeyOrSealingKeyThatIsNoneEndsIt) {
  for (const bool ephemeral : {true, false}) {
    PairingParty party = HandmadeJoiner::party_of(9);
    auto& key = ephemeral ? party.ephemeral : party.sealing_kem;
    std::ranges::fill(key.mutable_bytes().first(3), std::uint8_t{0xff});
    EXPECT_EQ(PairingParty::decode(party.encode()).error().code, ErrorCode::kCryptoFailed);
  }
  PairingParty party = HandmadeJoiner::party_of(9);
  party.sealing_dh = {};
  EXPECT_FALSE(PairingParty::decode(party.encode()));
}

TEST(PairingAttackTest, AJoinerTakesNoSecretThatIsNotTheGroups) {
  PairingWorld world;
  world.epochs[0] = testing::sample_grant(0x60);
  world.join(long_offer(world));
  world.run();
  EXPECT_EQ(world.joiner_failure(), Failure::kBadMessage);
  EXPECT_EQ(world.creator_failure(), Failure::kEnded);
  EXPECT_TRUE(PairingWorld::find<pairing::Failed>(world.creator_events)->may_be_enrolled);
}

TEST(PairingAttackTest, AJoinerTakesNoEpochThatTheRosterDoesNotName) {
  PairingWorld world;
  world.epochs.push_back(testing::sample_grant(0x60));
  world.join(long_offer(world));
  world.run();
  EXPECT_EQ(world.joiner_failure(), Failure::kNewerVersion);
  PairingWorld later;
  later.epochs[0].parent.mutable_bytes()[0] = 1;
  later.join(long_offer(later));
  later.run();
  EXPECT_EQ(later.joiner_failure(), Failure::kNewerVersion);
}

}  // namespace
}  // namespace zerok::core
