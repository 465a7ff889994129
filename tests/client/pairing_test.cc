// SPDX-License-Identifier: MIT OR Apache-2.0
// Pairing from end to end: two clients, their relay, and whatever may come in between.
#include "client/pairing.h"

#include <gtest/gtest.h>

#include "tests/client/sync_world.h"

namespace zerok::client::testing {
namespace {

using core::pairing::Failure;

// Both sides of one pairing, turned with the world.
class Pair {
 public:
  Pair(SyncWorld& world, TestDevice& creator, TestDevice& joiner)
      : world_(world), creator_(creator), joiner_(joiner) {}

  void invite() {
    inviting =
        Inviting::start(creator_.client(), creator_.keys, world_.rng, world_.now, world_.wall)
            .value();
    ASSERT_TRUE(until([&] { return inviting->is_offered(); }));
  }
  void join_by(const std::string& text) {
    const auto code = core::parse_pairing_code(text).value();
    const auto* with_relay = std::get_if<core::LongCode>(&code);
    join(with_relay ? with_relay->offer() : std::get<core::ShortCode>(code).offer(world_.ticket()));
  }
  void join(const core::PairingOffer& offer) {
    joining =
        Joining::start(joiner_.client(), joiner_.keys, offer, "Joiner", world_.rng, world_.now)
            .value();
  }

  template <typename Done>
  bool until(Done done, Duration duration = seconds(60)) {
    return world_.run_until(
        [&] {
          turn();
          return done();
        },
        duration);
  }
  bool run(Duration duration = seconds(60)) {
    return until([&] { return (!inviting || inviting->is_over()) && joining->is_over(); },
                 duration);
  }

  std::unique_ptr<Inviting> inviting;
  std::unique_ptr<Joining> joining;
  bool approves = true;
  bool asked = false;
  std::string name;
  std::optional<DeviceId> paired;     // the creator says so
  std::optional<DeviceId> entered;    // the joiner
  std::optional<Failure> failed;      // the creator's
  std::optional<Failure> not_joined;  // the joiner's

 private:
  void turn() {
    if (inviting) {
      inviting->step(world_.now);
      while (auto event = inviting->poll_event()) take(*event);
    }
    if (joining) {
      joining->step(world_.now);
      while (auto event = joining->poll_event()) {
        if (const auto* done = std::get_if<core::pairing::Paired>(&*event)) entered = done->peer;
        if (const auto* end = std::get_if<core::pairing::Failed>(&*event)) not_joined = end->reason;
      }
    }
  }
  void take(const core::pairing::Event& event) {
    if (const auto* question = std::get_if<core::pairing::AskApproval>(&event)) {
      asked = true;
      name = question->name;
      if (approves) {
        ASSERT_TRUE(inviting->approve(world_.now));
      } else {
        inviting->refuse();
      }
    }
    if (const auto* done = std::get_if<core::pairing::Paired>(&event)) paired = done->peer;
    if (const auto* end = std::get_if<core::pairing::Failed>(&event)) failed = end->reason;
  }

  SyncWorld& world_;
  TestDevice& creator_;
  TestDevice& joiner_;
};

void expect_syncing(SyncWorld& world, TestDevice& a, TestDevice& b) {
  a.push("from one");
  b.push("from the other");
  EXPECT_TRUE(world.run_until([&] {
    a.receive();
    b.receive();
    return !a.received.empty() && !b.received.empty();
  }));
}

TEST(PairingTest, BringsADeviceIntoTheGroupByTheLongCodeThatBringsTheRelayAlong) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& joiner = world.add_device_without_relay();
  Pair pair(world, world.device(0), joiner);
  pair.invite();
  pair.join_by(pair.inviting->long_code().value());
  ASSERT_TRUE(pair.run());
  EXPECT_EQ(pair.paired, joiner.id());
  EXPECT_EQ(pair.entered, world.device(0).id());
  EXPECT_EQ(pair.name, "Joiner");
  EXPECT_EQ(joiner->group(), world.device(0)->group());
  EXPECT_EQ(joiner->devices().size(), 2U);
  expect_syncing(world, world.device(0), joiner);
}

TEST(PairingTest, BringsADeviceIntoTheGroupByTheShortCode) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& joiner = world.add_device();
  Pair pair(world, world.device(0), joiner);
  pair.invite();
  pair.join_by(pair.inviting->short_code());
  ASSERT_TRUE(pair.run());
  EXPECT_TRUE(pair.paired && pair.entered);
  expect_syncing(world, world.device(0), joiner);
}

TEST(PairingTest, HandsTheGroupsAdmissionTokenOn) {
  relay::RelayConfig config;
  config.admission_token = Bytes(16, 9);
  SyncWorld world(config);
  world.make_group(1);
  TestDevice& joiner = world.add_device_without_relay();
  Pair pair(world, world.device(0), joiner);
  pair.invite();
  const std::string code = pair.inviting->long_code().value();
  EXPECT_FALSE(std::get<core::LongCode>(*core::parse_pairing_code(code)).relay.admission_token);
  pair.join_by(code);
  ASSERT_TRUE(pair.run());
  EXPECT_EQ(joiner->relay()->admission_token, config.admission_token);
  expect_syncing(world, world.device(0), joiner);
}

TEST(PairingTest, ADeviceThatJustJoinedMayInvite) {
  SyncWorld world;
  world.make_group(1);
  for (std::size_t n = 0; n < 3; ++n) {
    TestDevice& joiner = world.add_device();
    Pair pair(world, world.device(n), joiner);
    ASSERT_TRUE(world.run_until([&] { return world.device(n)->status().synced; }));
    pair.invite();
    pair.join_by(pair.inviting->short_code());
    ASSERT_TRUE(pair.run());
    ASSERT_TRUE(pair.paired && pair.entered) << n;
  }
  ASSERT_TRUE(world.settle());
  for (std::size_t n = 0; n < 4; ++n) EXPECT_EQ(world.device(n)->devices().size(), 4U);
}

TEST(PairingTest, AWrongShortCodeIsTheEndOfTheInviteForEverybody) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& thief = world.add_device();
  Pair pair(world, world.device(0), thief);
  pair.invite();
  const auto code =
      std::get<core::ShortCode>(core::parse_pairing_code(pair.inviting->short_code()).value());
  core::PairingOffer guess = code.offer(world.ticket());
  guess.password.mutable_bytes()[0] ^= 1;
  pair.join(guess);
  ASSERT_TRUE(pair.run());
  EXPECT_FALSE(pair.asked);
  EXPECT_EQ(pair.failed, Failure::kWrongCode);
  EXPECT_TRUE(pair.not_joined);
  // The right code is worth nothing any more.
  Pair late(world, world.device(0), thief);
  late.join(code.offer(world.ticket()));
  ASSERT_TRUE(late.run());
  EXPECT_EQ(late.not_joined, Failure::kEnded);
  EXPECT_FALSE(thief->has_group());
}

TEST(PairingTest, AUserWhoSaysNoLeavesNothingBehindAndMaySayYesLater) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& joiner = world.add_device();
  Pair refused(world, world.device(0), joiner);
  refused.approves = false;
  refused.invite();
  refused.join_by(refused.inviting->short_code());
  ASSERT_TRUE(refused.run());
  EXPECT_EQ(refused.failed, Failure::kRefused);
  EXPECT_EQ(refused.not_joined, Failure::kRefused);
  EXPECT_FALSE(joiner->has_group());
  EXPECT_EQ(world.device(0)->devices().size(), 1U);

  Pair pair(world, world.device(0), joiner);
  pair.invite();
  pair.join_by(pair.inviting->short_code());
  ASSERT_TRUE(pair.run());
  EXPECT_TRUE(pair.entered);
}

TEST(PairingTest, ACancelledInviteEndsTheOtherSideToo) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& joiner = world.add_device();
  Pair pair(world, world.device(0), joiner);
  pair.invite();
  const std::string code = pair.inviting->short_code();
  pair.inviting->cancel();
  ASSERT_TRUE(pair.until([&] { return pair.inviting->is_over(); }, seconds(5)));
  pair.join_by(code);
  ASSERT_TRUE(pair.run());
  EXPECT_EQ(pair.failed, Failure::kCancelled);
  EXPECT_EQ(pair.not_joined, Failure::kEnded);
}

TEST(PairingTest, EndsAfterTenMinutes) {
  SyncWorld world;
  world.make_group(1);
  const auto inviting = Inviting::start(world.device(0).client(), world.device(0).keys, world.rng,
                                        world.now, world.wall)
                            .value();
  const Instant begun = world.now;
  std::optional<Failure> failed;
  ASSERT_TRUE(world.run_until(
      [&] {
        inviting->step(world.now);
        while (auto event = inviting->poll_event()) {
          if (const auto* end = std::get_if<core::pairing::Failed>(&*event)) failed = end->reason;
        }
        return inviting->is_over();
      },
      seconds(700)));
  EXPECT_EQ(failed, Failure::kTimedOut);
  EXPECT_LE(world.now - begun, seconds(630));
}

TEST(PairingTest, ACodeThatComesToNothingGivesTheFormerRelayBack) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& joiner = world.add_device_without_relay();
  core::RelayTicket former = world.ticket();
  former.addresses = {"10.9.9.9:4433"};
  ASSERT_TRUE(joiner->set_relay(former));
  Pair pair(world, world.device(0), joiner);
  pair.invite();
  const std::string code = pair.inviting->long_code().value();
  pair.inviting->cancel();
  ASSERT_TRUE(pair.until([&] { return pair.inviting->is_over(); }, seconds(5)));
  pair.join_by(code);
  EXPECT_NE(joiner->relay()->addresses, former.addresses);
  ASSERT_TRUE(pair.run());
  pair.joining->end();
  EXPECT_EQ(joiner->relay()->addresses, former.addresses);
}

// Connections are lost at every moment, on either side. It ends well on both sides; or, when the
// joiner could not say its last word any more, well for the joiner, and the creator can be told
// apart from nothing by its own list of devices.
TEST(PairingTest, SurvivesALostConnectionAtEveryMoment) {
  int entered = 0;
  for (int side = 0; side < 2; ++side) {
    for (int ms = 0; ms < 120; ms += 6) {
      SyncWorld world;
      world.make_group(1);
      TestDevice& creator = world.device(0);
      TestDevice& joiner = world.add_device();
      Pair pair(world, creator, joiner);
      pair.invite();
      pair.join_by(pair.inviting->short_code());
      pair.until([] { return false; }, milliseconds(ms));
      (side == 0 ? creator : joiner)->network_changed(world.now);
      ASSERT_TRUE(pair.run(seconds(700))) << side << " " << ms;
      EXPECT_TRUE(joiner->has_group()) << side << " " << ms;
      if (pair.entered) ++entered;
      EXPECT_TRUE(joiner->has_group() || !pair.paired);
      ASSERT_TRUE(world.settle()) << side << " " << ms;
      EXPECT_EQ(creator->devices().size(), 2U) << side << " " << ms;
    }
  }
  EXPECT_GT(entered, 30);
}

TEST(PairingTest, ARelayThatIsRestartedEndsItForBothAndItCanBeTriedAnew) {
  for (int ms = 0; ms < 120; ms += 12) {
    SyncWorld world;
    world.make_group(1);
    TestDevice& joiner = world.add_device();
    Pair pair(world, world.device(0), joiner);
    pair.invite();
    pair.join_by(pair.inviting->short_code());
    pair.until([] { return false; }, milliseconds(ms));
    world.restart_relay();
    ASSERT_TRUE(pair.run(seconds(700))) << ms;
    if (!joiner->has_group()) {
      EXPECT_TRUE(pair.failed) << ms;
      Pair again(world, world.device(0), joiner);
      ASSERT_TRUE(world.run_until([&] { return world.device(0)->status().synced; }));
      again.invite();
      again.join_by(again.inviting->short_code());
      ASSERT_TRUE(again.run()) << ms;
    }
    EXPECT_TRUE(joiner->has_group()) << ms;
    ASSERT_TRUE(world.settle());
    EXPECT_EQ(world.device(0)->devices().size(), 2U);
    expect_syncing(world, world.device(0), joiner);
  }
}

TEST(PairingTest, PairsADeviceThatIsEnrolledAlreadyAfterAnotherOneWasRefused) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& member = world.device(0);
  TestDevice& joiner = world.add_device_without_relay();
  TestDevice& other = world.add_device_without_relay();
  const auto propose = [&](TestDevice& device, const crypto::Ed25519KeyPair& signs) {
    const auto secrets = member->group_secrets().value();
    const auto group = crypto::GroupKeys::derive(secrets.epochs.front().secret);
    const auto name =
        core::seal_name(group.roster, group.group_id(), device.id(), "joiner", world.rng).value();
    const Bytes record = core::MemberRecord::of(device.keys, name).encode();
    EXPECT_TRUE(
        member->propose_member(record, core::sign_member_record(signs, group.group_id(), record)));
    EXPECT_TRUE(
        world.run_until([&] { return member->member_proposal() != Client::Proposal::kPending; }));
    return member->member_proposal();
  };
  // An earlier pairing got as far as the roster, one with another device not even there.
  ASSERT_EQ(propose(joiner, joiner.keys.signing), Client::Proposal::kEnrolled);
  ASSERT_EQ(propose(other, member.keys.signing), Client::Proposal::kRefused);
  auto inviting =
      Inviting::start(member.client(), member.keys, world.rng, world.now, world.wall).value();
  const auto code = core::LongCode::parse(inviting->long_code().value()).value();
  auto joining =
      Joining::start(joiner.client(), joiner.keys, code.offer(), "joiner", world.rng, world.now)
          .value();
  int paired = 0;
  int failed = 0;
  const auto count = [&](const core::pairing::Event& event) {
    paired += std::holds_alternative<core::pairing::Paired>(event);
    failed += std::holds_alternative<core::pairing::Failed>(event);
  };
  world.run_until(
      [&] {
        inviting->step(world.now);
        while (const auto event = inviting->poll_event()) {
          count(*event);
          if (std::holds_alternative<core::pairing::AskApproval>(*event)) {
            EXPECT_TRUE(inviting->approve(world.now));
          }
        }
        joining->step(world.now);
        while (const auto event = joining->poll_event()) count(*event);
        return paired == 2 || failed > 0;
      },
      seconds(60));
  EXPECT_EQ(paired, 2);
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(joiner->has_group());
}

}  // namespace
}  // namespace zerok::client::testing
