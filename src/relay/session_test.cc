// SPDX-License-Identifier: MIT OR Apache-2.0
// How a session begins, what it may ask and how it ends: docs/protocol/messages.md, sections 2, 4
// and 5, against a relay on a simulated network.
#include "core/session_proof.h"
#include "relay/testing/relay_testing.h"

namespace zerok::relay {
namespace {

using core::testing::sample_add;
using core::testing::sample_create;
using core::testing::sample_group;
using core::testing::sample_leave;
using core::testing::sample_roster;
using std::chrono::seconds;
using testing::RawDevice;
using testing::Received;
using wire::WireErrorCode;

class RelaySessionTest : public testing::RelayTestBase {};

TEST_F(RelaySessionTest, RefusesAGroupItDoesNotHaveAndMakesItWithCreate) {
  a_ = world_.device(1);
  const auto unknown = a_->hello();
  EXPECT_EQ(error(unknown), WireErrorCode::kUnknownGroup);
  EXPECT_TRUE(unknown->ends());
  EXPECT_TRUE(world_.run_until([&] { return a_->closed.has_value(); }));
  EXPECT_EQ(world_.relay->stats().groups, 0U);
  a_->disconnect();
  a_->with_create = true;
  const auto answer = a_->welcome();
  const auto* welcome = answer.as<wire::Welcome>();
  EXPECT_EQ(welcome->minor, wire::kMinorVersion);
  EXPECT_EQ(welcome->features, wire::kFeatureInline | wire::kFeaturePresence);
  EXPECT_EQ(welcome->roster.first, 0U);
  EXPECT_EQ(welcome->roster.length(), 1U);
  EXPECT_EQ(welcome->roster.head, sample_roster(1).head());
  EXPECT_EQ(welcome->hash_at_position, LogHash());
  EXPECT_EQ(welcome->limits.ttl_s, world_.config.limits.ttl_s);
  EXPECT_EQ(welcome->limits.group_bytes_used, 0U);
}

TEST_F(RelaySessionTest, AGroupItMadeIsThereAfterACrash) {
  make_group(1);
  restart();
  EXPECT_TRUE(a_->hello()->as<wire::Welcome>());
}

TEST_F(RelaySessionTest, ChecksBothSignaturesAndTheGroupId) {
  make_group(1);
  const auto refused = [&](auto change) {
    auto device = world_.device(1);
    EXPECT_TRUE(device->connect());
    wire::Hello hello = device->make_hello();
    change(hello);
    const auto answer = device->ask(hello);
    EXPECT_TRUE(answer && answer->ends());
    EXPECT_TRUE(a_->is_connected());
    return error(answer);
  };
  EXPECT_EQ(refused([](wire::Hello& h) { h.device_signature[3] ^= 1; }),
            WireErrorCode::kUnauthorized);
  EXPECT_EQ(refused([](wire::Hello& h) { h.membership_signature[3] ^= 1; }),
            WireErrorCode::kUnauthorized);
  EXPECT_NE(refused([](wire::Hello& h) { h.group.mutable_bytes()[0] ^= 1; }), std::nullopt);
  EXPECT_NE(refused([](wire::Hello& h) { h.membership_key[0] ^= 1; }), std::nullopt);
  // Another device's name, with signatures that hold for this one's.
  EXPECT_EQ(refused([&](wire::Hello& h) { h.device = core::testing::sample_device(2).id(); }),
            WireErrorCode::kUnauthorized);
}

TEST_F(RelaySessionTest, AHelloIsWorthNothingOnAnotherConnection) {
  make_group(1);
  auto first = a_->second();
  ASSERT_TRUE(first->connect());
  const wire::Hello overheard = first->make_hello();
  auto second = a_->second();
  ASSERT_TRUE(second->connect());
  EXPECT_EQ(error(second->ask(overheard)), WireErrorCode::kUnauthorized);
  EXPECT_TRUE(a_->is_connected());
}

TEST_F(RelaySessionTest, PinsTheNoiseIdentityThatTheRosterNames) {
  make_group(2);
  RawDevice thief(world_, 2, true);
  const auto answer = thief.hello();
  EXPECT_EQ(error(answer), WireErrorCode::kUnauthorized);
  EXPECT_TRUE(answer->ends());
  // The real device is not disturbed.
  EXPECT_TRUE(b_->pull(0)->as<wire::PullResponse>());
}

TEST_F(RelaySessionTest, ADeviceThatIsNotEnrolledMayOnlyBringTheRoster) {
  make_group(1);
  b_ = world_.device(2);
  const auto answer = b_->welcome();
  const auto* welcome = answer.as<wire::Welcome>();
  EXPECT_EQ(welcome->highest, 0U);
  EXPECT_FALSE(welcome->hash_at_position);
  EXPECT_TRUE(welcome->states.empty());
  EXPECT_EQ(error(b_->push({1})), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(b_->pull(0)), WireErrorCode::kUnauthorized);
  EXPECT_EQ(error(b_->ask(wire::MailboxCreate{.mailbox = {}, .lives_s = 1})),
            WireErrorCode::kUnauthorized);
  EXPECT_TRUE(b_->ask(wire::RosterGet{.first = 0})->as<wire::Roster>());
  const Bytes add = sample_add(1, 2, sample_roster(1).head());
  const auto appended = b_->ask(wire::RosterAppend{.first = 1, .entries = {add}});
  ASSERT_TRUE(appended && appended->as<wire::Roster>());
  EXPECT_EQ(appended->as<wire::Roster>()->part.length(), 2U);
  // Enrolled now, but in this session still a visitor.
  EXPECT_EQ(error(b_->push({1})), WireErrorCode::kUnauthorized);
  b_->disconnect();
  b_->welcome();
  EXPECT_EQ(cursors(b_->push({1})), std::vector<std::uint64_t>{1});
}

TEST_F(RelaySessionTest, UnenrolledSessionsOfAGroupAreBounded) {
  make_group(1);
  std::vector<std::unique_ptr<RawDevice>> visitors;
  for (std::uint8_t n = 0; n < world_.config.limits.unenrolled_per_group_max; ++n) {
    visitors.push_back(world_.device(static_cast<std::uint8_t>(10 + n)));
    EXPECT_TRUE(visitors.back()->hello()->as<wire::Welcome>());
  }
  visitors.push_back(world_.device(30));
  EXPECT_EQ(error(visitors.back()->hello()), WireErrorCode::kRelayOverloaded);
  EXPECT_TRUE(a_->pull(0)->as<wire::PullResponse>());
}

TEST_F(RelaySessionTest, VisitorsMayNotStayForEver) {
  make_group(1);
  b_ = world_.device(2);
  b_->welcome();
  world_.run_for(world_.config.limits.visit_time + seconds(5));
  EXPECT_FALSE(b_->is_connected());
  EXPECT_TRUE(a_->is_connected());
}

TEST_F(RelaySessionTest, AFirstMessageThatIsNoHelloEndsTheSession) {
  make_group(1);
  for (const std::uint8_t type :
       std::initializer_list<std::uint8_t>{0x10, 0x20, 0x22, 0x33, 0x90, 0xff}) {
    auto device = a_->second();
    ASSERT_TRUE(device->connect());
    device->send_raw(1, type, Bytes{0x90});
    const auto answer = device->wait(1);
    EXPECT_EQ(error(answer), WireErrorCode::kInvalidMessage) << int{type};
    EXPECT_TRUE(answer->ends());
    EXPECT_TRUE(world_.run_until([&] { return device->closed.has_value(); }));
  }
}

TEST_F(RelaySessionTest, ASecondHelloEndsTheSession) {
  make_group(1);
  const auto answer = a_->ask(a_->make_hello());
  EXPECT_EQ(error(answer), WireErrorCode::kInvalidMessage);
  EXPECT_TRUE(answer->ends());
}

TEST_F(RelaySessionTest, WhoeverSaysNothingIsSentAway) {
  make_group(1);
  auto device = a_->second();
  ASSERT_TRUE(device->connect());
  // A channel is open only once something was said: an answer that nobody asked for will do.
  device->send_raw(1, 0x01, Bytes{0x90}, true);
  world_.run_for(seconds(8));
  EXPECT_TRUE(device->is_connected());
  world_.run_for(seconds(6));
  EXPECT_FALSE(device->is_connected());
  EXPECT_TRUE(a_->is_connected());
}

TEST_F(RelaySessionTest, AnUnknownTypeIsUnsupportedAndTheSessionGoesOn) {
  make_group(1);
  const Bytes body = wire::Notify{.highest = 1}.encode().value();
  // Kept for later, never given, and one that only relays say.
  for (const std::uint8_t type :
       std::initializer_list<std::uint8_t>{0x50, 0x60, 0x90, 0xe0, 0x31}) {
    a_->send_raw(1000U + type, type, body);
    const auto answer = a_->wait(1000U + type);
    EXPECT_EQ(error(answer), WireErrorCode::kUnsupported) << int{type};
    EXPECT_FALSE(answer->ends());
    // Without a request number it is ignored.
    a_->send_raw(0, type, body);
  }
  EXPECT_TRUE(a_->pull(0)->as<wire::PullResponse>());
  EXPECT_FALSE(a_->take_notice<wire::ErrorMessage>());
}

TEST_F(RelaySessionTest, AnInvalidBodyEndsTheSession) {
  make_group(1);
  const auto answer_to = [&](std::uint32_t request, std::uint8_t type, Bytes body) {
    auto device = a_->second();
    device->welcome();
    device->send_raw(request, type, std::move(body));
    if (request > 0) {
      auto answer = device->wait(request);
      EXPECT_TRUE(answer && answer->ends());
      return error(answer);
    }
    EXPECT_TRUE(world_.run_until([&] { return !device->is_connected(); }));
    return error(device->take_notice<wire::ErrorMessage>());
  };
  EXPECT_EQ(answer_to(9, 0x10, {0x90}), WireErrorCode::kInvalidMessage);
  EXPECT_EQ(answer_to(9, 0x20, {0xc1}), WireErrorCode::kInvalidMessage);
  EXPECT_EQ(answer_to(0, 0x22, {0x90}), WireErrorCode::kInvalidMessage);
  // A request without a number, and a notice with one.
  const Bytes pull =
      wire::Pull{.after = 0, .lines_max = 1, .bytes_max = 1, .own_content = false}.encode().value();
  EXPECT_EQ(answer_to(0, 0x20, pull), WireErrorCode::kInvalidMessage);
  EXPECT_EQ(answer_to(9, 0x22, wire::Ack{.stored = 0}.encode().value()),
            WireErrorCode::kInvalidMessage);
}

TEST_F(RelaySessionTest, ARequestNumberThatIsOpenEndsTheSession) {
  make_group(1);
  ASSERT_TRUE(a_->ask(wire::MailboxCreate{.mailbox = testing::mailbox_id(1), .lives_s = 60}));
  a_->send_raw(77, static_cast<std::uint8_t>(wire::MessageType::kMailboxTake),
               wire::MailboxTake{.mailbox = testing::mailbox_id(1), .number = 1}.encode().value());
  world_.run_for(seconds(1));
  a_->send_raw(77, static_cast<std::uint8_t>(wire::MessageType::kRosterGet),
               wire::RosterGet{}.encode().value());
  const auto answer = a_->wait(77);
  EXPECT_EQ(error(answer), WireErrorCode::kInvalidMessage);
  EXPECT_TRUE(answer->ends());
}

TEST_F(RelaySessionTest, SixteenRequestsMayBeOpen) {
  RelayConfig config;
  config.limits.mailboxes_per_group_max = 20;
  testing::RelayWorld world(config);
  RawDevice a(world, 1);
  a.with_create = true;
  a.welcome();
  std::vector<std::uint32_t> takes;
  for (std::uint8_t n = 0; n < 17; ++n) {
    const auto mailbox = testing::mailbox_id(n);
    ASSERT_TRUE(a.ask(wire::MailboxCreate{.mailbox = mailbox, .lives_s = 60}));
    if (takes.size() == 15) break;
    takes.push_back(a.send(wire::MailboxTake{.mailbox = mailbox, .number = 1}));
  }
  // The 15 takes stay open, so there is room for one.
  const auto sixteenth = a.send(wire::MailboxTake{.mailbox = testing::mailbox_id(15), .number = 1});
  EXPECT_FALSE(a.wait(sixteenth, seconds(1)));
  const auto answer = a.ask(wire::RosterGet{});
  EXPECT_EQ(error(answer), WireErrorCode::kRateLimited);
  EXPECT_FALSE(answer->ends());
}

TEST_F(RelaySessionTest, ANewSessionOfADeviceReplacesTheOlderAndStaysWhenThatOneCloses) {
  make_group(2);
  auto again = a_->second();
  again->welcome();
  EXPECT_TRUE(world_.run_until([&] { return !a_->is_connected(); }));
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().sessions, 2U);
  // The newer one is still told of everything.
  ASSERT_TRUE(b_->push({1}));
  EXPECT_TRUE(world_.run_until([&] { return again->take_notice<wire::Notify>().has_value(); }));
  EXPECT_EQ(cursors(again->push({2})), std::vector<std::uint64_t>{2});
}

TEST_F(RelaySessionTest, ManyConnectionsOfOneDeviceLeaveOne) {
  make_group(1);
  std::vector<std::unique_ptr<RawDevice>> others;
  for (int i = 0; i < 20; ++i) {
    others.push_back(a_->second());
    others.back()->welcome();
  }
  world_.run_for(seconds(5));
  EXPECT_EQ(world_.relay->stats().sessions, 1U);
  EXPECT_EQ(world_.relay->stats().connections, 1U);
  EXPECT_EQ(cursors(others.back()->push({1})), std::vector<std::uint64_t>{1});
}

TEST_F(RelaySessionTest, KeepsNothingInMemoryOfGroupsThatNobodyIsConnectedTo) {
  make_group(2);
  EXPECT_EQ(world_.relay->stats().groups, 1U);
  a_->disconnect();
  b_->disconnect();
  EXPECT_TRUE(world_.run_until([&] { return world_.relay->stats().groups == 0; }));
  EXPECT_EQ(world_.relay->stats().sessions, 0U);
}

TEST_F(RelaySessionTest, TellsWhereTheLogIsAtThePositionOfTheDevice) {
  make_group(2);
  ASSERT_TRUE(a_->push({1, 2, 3}));
  const auto pulled = b_->pull(2);
  const wire::Position at_two = pulled->as<wire::PullResponse>()->before;
  b_->disconnect();
  b_->hello_items.position = at_two;
  const auto answer = b_->welcome();
  const auto* welcome = answer.as<wire::Welcome>();
  EXPECT_EQ(welcome->hash_at_position, at_two.log_hash);
  EXPECT_EQ(welcome->highest, 3U);
  EXPECT_EQ(welcome->pending, 1U);
  b_->disconnect();
  // Above the highest: the log was longer once.
  b_->hello_items.position = {.cursor = 9, .log_hash = at_two.log_hash};
  const auto above = b_->welcome();
  EXPECT_FALSE(above.as<wire::Welcome>()->hash_at_position);
  EXPECT_EQ(above.as<wire::Welcome>()->pending, 0U);
}

TEST_F(RelaySessionTest, BringsOnlyTheRosterEntriesThatAreLacking) {
  make_group(2);
  b_->disconnect();
  b_->hello_items.roster_length = 1;
  b_->hello_items.roster_head = sample_roster(1).head();
  const auto answer = b_->welcome();
  EXPECT_EQ(answer.as<wire::Welcome>()->roster.first, 1U);
  EXPECT_EQ(answer.as<wire::Welcome>()->roster.entries.size(), 1U);
  b_->disconnect();
  b_->hello_items.roster_length = 9;
  const auto longer = b_->welcome();
  EXPECT_EQ(longer.as<wire::Welcome>()->roster.first, 2U);
  EXPECT_TRUE(longer.as<wire::Welcome>()->roster.entries.empty());
}

TEST_F(RelaySessionTest, FeaturesAreThoseThatBothKnow) {
  make_group(1);
  a_->disconnect();
  a_->hello_items.features = 0xff00 | wire::kFeaturePresence;
  EXPECT_EQ(a_->welcome().as<wire::Welcome>()->features, wire::kFeaturePresence);
}

TEST_F(RelaySessionTest, TellsEverybodyThatItIsShuttingDown) {
  make_group(2);
  ASSERT_TRUE(a_->push({1}));
  world_.relay->shut_down(world_.now);
  EXPECT_TRUE(world_.run_until([&] { return world_.relay->is_shut_down(); }, seconds(10)));
  for (auto* device : {a_.get(), b_.get()}) {
    const auto notice = device->take_notice<wire::ErrorMessage>();
    EXPECT_EQ(error(notice), WireErrorCode::kRelayShuttingDown);
    EXPECT_TRUE(notice->ends());
  }
  // Newcomers too, until it has stopped.
  a_->disconnect();
  EXPECT_TRUE(!a_->hello() || !a_->is_connected() || a_->take_notice<wire::ErrorMessage>());
}

class RelayAdmissionTest : public testing::RelayTestBase {
 protected:
  static RelayConfig with_token() {
    RelayConfig config;
    config.admission_token = Bytes{1, 2, 3};
    return config;
  }
  RelayAdmissionTest() : RelayTestBase(with_token()) {}
};

TEST_F(RelayAdmissionTest, ANewGroupNeedsTheToken) {
  a_ = world_.device(1);
  a_->with_create = true;
  for (const Bytes& token : {Bytes{}, Bytes{1, 2}, Bytes{1, 2, 4}, Bytes{1, 2, 3, 4}}) {
    a_->token = token;
    EXPECT_EQ(error(a_->hello()), WireErrorCode::kUnauthorized);
    a_->disconnect();
  }
  a_->token = {1, 2, 3};
  a_->welcome();
  // Only to make it.
  a_->disconnect();
  a_->token = {};
  a_->welcome();
}

TEST_F(RelayAdmissionTest, TheTicketHasTheToken) {
  EXPECT_EQ(world_.relay->ticket({"a:1"}).admission_token, (Bytes{1, 2, 3}));
}

TEST(RelayOpenTest, NewGroupsComeNoFasterThanAllowed) {
  RelayConfig config;
  config.limits.new_groups_burst = 2;
  config.limits.new_groups_per_hour = 1;
  testing::RelayWorld world(config);
  const auto made_by = [&](std::uint8_t number) {
    RawDevice device(world, number);
    device.group = number;
    device.with_create = true;
    return device.hello();
  };
  EXPECT_TRUE(made_by(1)->as<wire::Welcome>());
  EXPECT_TRUE(made_by(2)->as<wire::Welcome>());
  const auto third = made_by(3);
  EXPECT_EQ(third->error(), WireErrorCode::kRateLimited);
  EXPECT_GT(third->as<wire::ErrorMessage>()->refusal.retry_after_ms, 3'000'000U);
  EXPECT_LE(third->as<wire::ErrorMessage>()->refusal.retry_after_ms, 3'601'000U);
  // Those that are there are no new ones.
  EXPECT_TRUE(made_by(1)->as<wire::Welcome>());
  world.run_for(std::chrono::minutes(61));
  EXPECT_TRUE(made_by(3)->as<wire::Welcome>());
}

TEST(RelayOpenTest, GroupsAreBounded) {
  RelayConfig config;
  config.limits.groups_max = 2;
  testing::RelayWorld world(config);
  for (std::uint8_t n = 1; n <= 3; ++n) {
    RawDevice device(world, n);
    device.group = n;
    device.with_create = true;
    const auto answer = device.hello();
    EXPECT_EQ(answer->error(),
              n <= 2 ? std::nullopt : std::optional(WireErrorCode::kRelayOverloaded));
  }
}

}  // namespace
}  // namespace zerok::relay
