// SPDX-License-Identifier: MIT OR Apache-2.0
// The hub by itself, with the store's answers given by hand: in which order it wants things, and
// what no store in memory can say. The rules of sessions are tested through src/relay.
#include "core/relay/hub.h"

#include <gtest/gtest.h>

#include "core/session_proof.h"
#include "core/testing/roster_sample.h"

namespace zerok::core {
namespace {

using testing::sample_device;
using testing::sample_group;
using testing::sample_roster;

constexpr SessionId kSession{7};
constexpr Instant kNow{std::chrono::hours(1)};

class RelayHubTest : public ::testing::Test {
 protected:
  RelayHubTest()
      : hub_(RelayPolicy{}, EndpointId(), RetentionClock::start({}, kNow, 1'000'000).value(), {},
             kNow) {}

  template <typename T>
  T next() {
    auto effect = hub_.poll_effect();
    EXPECT_TRUE(effect && std::holds_alternative<T>(*effect)) << typeid(T).name();
    return effect && std::holds_alternative<T>(*effect) ? std::get<T>(std::move(*effect)) : T{};
  }
  bool is_quiet() { return !hub_.poll_effect(); }
  void say(std::uint32_t request, const wire::AnyMessage& message) {
    body_ = wire::encode_message(message).value();
    hub_.handle_message(kSession,
                        {.request = request,
                         .type = static_cast<std::uint8_t>(wire::message_type(message)),
                         .response = false},
                        body_, kNow);
  }
  // Device 1 of a group of two, up to its WELCOME; three lines are in the log.
  void welcome() {
    const auto& device = sample_device(1);
    hub_.handle_opened(kSession,
                       {.endpoint = device.keys.endpoint_id(),
                        .noise_identity = MemberRecord::decode(device.record)->noise_identity,
                        .handshake_hash = {}},
                       kNow);
    wire::Hello hello;
    sign_hello(hello, device.keys.signing, sample_group().membership, {});
    say(1, hello);
    EXPECT_EQ(next<ReadGroup>().group, sample_group().group_id());
    LogHash hash;
    hash.mutable_bytes()[0] = 3;
    hub_.handle_read(ReadGroup::Answer(GroupRecord{.key = LogKey{5},
                                                   .group = sample_group().group_id(),
                                                   .head = {.cursor = 3, .log_hash = hash},
                                                   .roster = sample_roster(2).entries(),
                                                   .devices = {}}),
                     kNow);
    EXPECT_EQ(next<RaiseBounds>().session, kSession);
    EXPECT_EQ(next<ReadStart>().group, LogKey{5});
    hub_.handle_read(ReadStart::Answer{.hash = LogHash(), .foreign = 2}, kNow);
    EXPECT_EQ(next<Send>().key.type, static_cast<std::uint8_t>(wire::MessageType::kWelcome));
    EXPECT_TRUE(is_quiet());
    hub_.handle_committed({}, kNow);
  }

  RelayHub hub_;
  Bytes body_;
};

TEST_F(RelayHubTest, AsksForTheGroupOnlyAfterTheSignaturesHold) {
  const auto& device = sample_device(1);
  hub_.handle_opened(kSession, {.endpoint = device.keys.endpoint_id()}, kNow);
  wire::Hello hello;
  sign_hello(hello, device.keys.signing, sample_group().membership, {});
  hello.device_signature[0] ^= 1;
  say(1, hello);
  EXPECT_EQ(next<Send>().key.type, static_cast<std::uint8_t>(wire::MessageType::kError));
  EXPECT_TRUE(is_quiet());
}

TEST_F(RelayHubTest, ALineIsAppendedAndItsSenderCountedBeforeTheAnswer) {
  welcome();
  const Bytes sealed(10, 1);
  say(2, wire::Push{.group = sample_group().group_id(), .blobs = {{BlobId(), sealed}}});
  EXPECT_EQ(next<ReadBlobs>().blobs.size(), 1U);
  EXPECT_FALSE(hub_.depends_on_commit(kSession));
  hub_.handle_read(ReadBlobs::Answer{std::nullopt}, kNow);
  const auto append = next<AppendLine>();
  EXPECT_EQ(append.line.cursor, 4U);
  EXPECT_EQ(append.sealed.size(), 10U);
  EXPECT_EQ(append.committed, 1'000'000);
  EXPECT_EQ(next<PutDevice>().device.own_lines, 1U);
  EXPECT_EQ(next<Send>().key.type, static_cast<std::uint8_t>(wire::MessageType::kPushAck));
  EXPECT_TRUE(is_quiet());
  EXPECT_TRUE(hub_.depends_on_commit(kSession));
  hub_.handle_committed({}, kNow);
  EXPECT_FALSE(hub_.depends_on_commit(kSession));
  EXPECT_EQ(hub_.blobs_committed(), 1U);
}

TEST_F(RelayHubTest, ALineThatTheDiskLostBecomesAStubInsteadOfAWall) {
  welcome();
  say(2, wire::Pull{.after = 1, .lines_max = 10, .bytes_max = 1000, .own_content = false});
  EXPECT_EQ(next<ReadLines>().after, 1U);
  hub_.handle_read(ReadLines::Answer{.is_damaged = true}, kNow);
  const auto stub = next<MakeStub>();
  EXPECT_EQ(stub.cursor, 2U);
  EXPECT_EQ(stub.reason, wire::StubReason::kDamaged);
  EXPECT_EQ(next<ReadLines>().after, 1U);
  const LineRecord line{.cursor = 2, .stub = wire::StubReason::kDamaged};
  hub_.handle_read(ReadLines::Answer{.before = LogHash(), .lines = {{line, {}}}}, kNow);
  const auto send = next<Send>();
  const auto response = wire::PullResponse::decode(send.body);
  ASSERT_TRUE(response);
  ASSERT_EQ(response->lines.size(), 1U);
  EXPECT_EQ(response->lines[0].kind, wire::LineKind::kStub);
  EXPECT_TRUE(hub_.depends_on_commit(kSession));
}

TEST_F(RelayHubTest, AFailedChangeEndsTheSessionAndForgetsTheGroup) {
  welcome();
  const Bytes sealed(10, 1);
  say(2, wire::Push{.group = sample_group().group_id(), .blobs = {{BlobId(), sealed}}});
  next<ReadBlobs>();
  hub_.handle_read(ReadBlobs::Answer{std::nullopt}, kNow);
  next<AppendLine>();
  hub_.handle_store_failed(kNow);
  const auto send = next<Send>();
  const auto error = wire::ErrorMessage::decode(send.body);
  ASSERT_TRUE(error);
  EXPECT_EQ(send.key.request, 2U);
  EXPECT_EQ(error->refusal.code, wire::WireErrorCode::kRelayOverloaded);
  EXPECT_TRUE(error->ends_session);
  EXPECT_TRUE(is_quiet());
  EXPECT_EQ(hub_.groups(), 0U);
  hub_.handle_committed({}, kNow);
  // What it says now is not heard.
  say(3, wire::RosterGet{});
  EXPECT_TRUE(is_quiet());
}

TEST_F(RelayHubTest, AFailedReadIsAnErrorForWhoAskedAndNobodyElse) {
  welcome();
  say(2, wire::Pull{.after = 0, .lines_max = 10, .bytes_max = 1000, .own_content = false});
  next<ReadLines>();
  hub_.handle_store_failed(kNow);
  EXPECT_EQ(next<Send>().key.request, 2U);
  EXPECT_EQ(next<PutDevice>().device.device, sample_device(1).id());  // when it was last here
  EXPECT_TRUE(is_quiet());
}

TEST_F(RelayHubTest, CleaningUpThatFailsEndsNoSessionAndIsTriedAgain) {
  welcome();
  const Instant later = kNow + std::chrono::seconds(2);
  while (hub_.next_timeout() <= later) {
    hub_.handle_timeout(later, 0);
    const auto effect = hub_.poll_effect();
    if (effect && std::holds_alternative<PutDevice>(*effect)) break;
    ASSERT_TRUE(effect && std::holds_alternative<ReadExpired>(*effect));
    hub_.handle_read(ReadExpired::Answer{}, later);
    next<ReadOldStubs>();
    hub_.handle_read(ReadExpired::Answer{}, later);
  }
  EXPECT_FALSE(hub_.depends_on_commit(kSession));
  hub_.handle_store_failed(later);
  EXPECT_TRUE(is_quiet());
  EXPECT_EQ(hub_.groups(), 1U);
  const Instant again = later + std::chrono::seconds(11);
  EXPECT_LE(hub_.next_timeout(), again);
}

}  // namespace
}  // namespace zerok::core
