// SPDX-License-Identifier: MIT OR Apache-2.0
// Reaching the relay and leaving it: backoff, several addresses, a wrong relay, closing, and that a
// client with nothing to do does nothing.
#include <gtest/gtest.h>

#include "link/endpoint.h"
#include "tests/client/sync_world.h"

namespace zerok::client::testing {
namespace {

using core::BlobPlace;
using std::chrono::hours;

TEST(ConnectionTest, ComesBackWhenTheRelayDoes) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& device = world.device(0);
  world.crash_relay();
  world.network.cut_connections(world.relay_node, device.node);
  ASSERT_TRUE(world.run_until([&] { return device->status().connection == Connection::kOffline; }));
  EXPECT_FALSE(device->status().synced);
  EXPECT_TRUE(device->status().last_error);
  world.run_for(seconds(200));
  const auto wait = device->status().next_attempt - world.now;
  EXPECT_LE(wait, seconds(35));
  world.start_relay();
  EXPECT_TRUE(world.run_until([&] { return device->status().synced; }, seconds(60)));
}

TEST(ConnectionTest, TriesAtOnceInTheForeground) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& device = world.device(0);
  world.crash_relay();
  world.network.cut_connections(world.relay_node, device.node);
  world.run_for(seconds(300));
  world.start_relay();
  // Let an attempt that is under way end.
  ASSERT_TRUE(
      world.run_until([&] { return device->status().connection != Connection::kConnecting; }));
  device->foreground(world.now);
  EXPECT_TRUE(world.run_until([&] { return device->status().synced; }, milliseconds(500)));
}

TEST(ConnectionTest, MovesToAnotherNetworkAtOnce) {
  SyncWorld world;
  world.make_group(2);
  TestDevice& device = world.device(0);
  device.push("before");
  device->network_changed(world.now);
  EXPECT_TRUE(world.run_until([&] { return device->status().connection == Connection::kOnline; },
                              milliseconds(500)));
  ASSERT_TRUE(world.settle());
  world.device(1).receive();
  EXPECT_EQ(world.device(1).received.size(), 1U);
}

TEST(ConnectionTest, TriesTheAddressesOfATicketInTurn) {
  SyncWorld world;
  TestDevice& device = world.add_device_without_relay();
  ASSERT_TRUE(device->create_group("one"));
  auto ticket = world.ticket();
  ticket.addresses = {"10.9.9.9:1", "[2001:db8::7]:2", "10.0.0.1:4433"};
  ASSERT_TRUE(device->set_relay(ticket));
  // Each dead address costs its timeout, no backoff.
  EXPECT_TRUE(world.run_until([&] { return device->status().synced; },
                              device.config.limits.connect_timeout * 2 + seconds(2)));
}

TEST(ConnectionTest, WaitsBetweenAttemptsWhenARelayOfTwoAddressesClosesEachConnection) {
  SyncWorld world;
  TestDevice& device = world.add_device_without_relay();
  ASSERT_TRUE(device->create_group("one"));
  auto ticket = world.ticket();
  ticket.addresses = {"10.0.0.1:4433", "10.0.0.1:4433"};
  world.crash_relay();
  transport::SimulatedTransport transport(world.network, world.relay_node);
  const auto& keys = world.keys_of_relay();
  const auto noise = noise::StaticKeys::from_secrets(keys.noise.dh.clone(), keys.noise.kem);
  link::EndpointConfig config;
  config.accept = true;
  link::Endpoint relay(transport, noise, world.rng, config);
  ASSERT_TRUE(device->set_relay(ticket));
  int reached = 0;
  world.run_until(
      [&] {
        relay.step(world.now);
        while (const auto event = relay.poll_event()) {
          if (event->kind != link::LinkEvent::Kind::kOpened) continue;
          ++reached;
          relay.close(event->link, link::CloseCode::kNormal);
        }
        relay.step(world.now);
        return false;
      },
      seconds(120));
  EXPECT_GE(reached, 3);
  EXPECT_LE(reached, 12);
}

TEST(ConnectionTest, WaitsForANameToBeResolved) {
  SyncWorld world;
  TestDevice& device = world.add_device_without_relay();
  ASSERT_TRUE(device->create_group("one"));
  auto ticket = world.ticket();
  ticket.addresses = {"relay.example:4433"};
  ASSERT_TRUE(device->set_relay(ticket));
  const auto names = device->unresolved();
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(names[0].host, "relay.example");
  EXPECT_EQ(names[0].port, 4433);
  world.run_for(seconds(1));
  EXPECT_NE(device->status().connection, Connection::kOnline);
  device->resolved(names[0], {transport::SocketAddress::ipv4({10, 0, 0, 1}, 4433)});
  EXPECT_TRUE(world.run_until([&] { return device->status().synced; }, milliseconds(500)));
  EXPECT_TRUE(device->unresolved().empty());
}

TEST(ConnectionTest, AsksForANameAgainOnlyWithTheNextAttempt) {
  SyncWorld world;
  TestDevice& device = world.add_device_without_relay();
  ASSERT_TRUE(device->create_group("one"));
  auto ticket = world.ticket();
  ticket.addresses = {"relay.example:4433"};
  ASSERT_TRUE(device->set_relay(ticket));
  int asked = 0;
  world.run_until(
      [&] {
        for (const RelayName& name : device->unresolved()) {
          ++asked;
          device->resolved(name, {});
        }
        return false;
      },
      seconds(60));
  EXPECT_GE(asked, 3);
  EXPECT_LE(asked, 20);
}

TEST(ConnectionTest, RefusesARelayWithAnotherIdentity) {
  SyncWorld world;
  TestDevice& device = world.add_device_without_relay();
  ASSERT_TRUE(device->create_group("one"));
  device.push("secret");
  auto ticket = world.ticket();
  ticket.noise_identity.mutable_bytes()[0] ^= 1;
  ASSERT_TRUE(device->set_relay(ticket));
  world.run_for(seconds(20));
  EXPECT_NE(device->status().connection, Connection::kOnline);
  ASSERT_TRUE(device->status().last_error);
  EXPECT_EQ(device->status().last_error->code, ErrorCode::kWrongPeer);
  EXPECT_EQ(device->blob_status(1).place, BlobPlace::kPending);
}

TEST(ConnectionTest, StopsWhenTheAdmissionTokenIsWrongAndGoesOnWithARightOne) {
  relay::RelayConfig config;
  config.admission_token = Bytes{1, 2, 3};
  SyncWorld world(config);
  TestDevice& device = world.add_device_without_relay();
  ASSERT_TRUE(device->create_group("one"));
  auto ticket = world.ticket();
  ticket.admission_token = Bytes{9};
  ASSERT_TRUE(device->set_relay(ticket));
  ASSERT_TRUE(world.run_until([&] { return device->status().connection == Connection::kStopped; }));
  EXPECT_EQ(device->status().stopped_by, wire::WireErrorCode::kUnauthorized);
  EXPECT_TRUE(device.has_notice(core::NoticeKind::kRefused));
  ASSERT_TRUE(device->set_relay(world.ticket()));
  EXPECT_TRUE(world.run_until([&] { return device->status().synced; }));
}

TEST(ConnectionTest, ReconnectsAfterTheRelayWasShutDown) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& device = world.device(0);
  world.relay->shut_down(world.now);
  ASSERT_TRUE(world.run_until([&] { return device->status().connection == Connection::kOffline; }));
  world.restart_relay();
  EXPECT_TRUE(world.run_until([&] { return device->status().synced; }));
}

TEST(ConnectionTest, FlushesBeforeItClosesAndNeverWaitsLongerThanHalfASecond) {
  SyncWorld world;
  world.make_group(2);
  TestDevice& device = world.device(0);
  const auto number = device.push("last words");
  device->begin_close(world.now);
  EXPECT_FALSE(device->is_closed(world.now));
  ASSERT_TRUE(world.run_until([&] { return device->is_closed(world.now); }, milliseconds(500)));
  EXPECT_NE(device->blob_status(number).place, BlobPlace::kPending);
  ASSERT_TRUE(device.restart());
  world.run_for(seconds(5));
  world.network.set_partition(world.relay_node, device.node, true);
  device.push("never sent");
  device->begin_close(world.now);
  world.run_for(milliseconds(400));
  EXPECT_FALSE(device->is_closed(world.now));
  world.run_for(milliseconds(101));
  EXPECT_TRUE(device->is_closed(world.now));
}

TEST(ConnectionTest, DoesNothingWhileThereIsNothingToDo) {
  SyncWorld world;
  world.make_group(3);
  world.device(0).push("something");
  ASSERT_TRUE(world.settle());
  world.run_for(seconds(30));
  int due = 0;
  world.run_until(
      [&] {
        for (std::size_t n = 0; n < 3; ++n) due += world.device(n)->next_timeout() <= world.now;
        return false;
      },
      hours(1));
  // Now and then a look at whether the relay withholds something.
  EXPECT_LT(due, 200);
}

TEST(ConnectionTest, RefreshesItsStateDaily) {
  SyncWorld world;
  world.make_group(2);
  world.device(0).push("something");
  ASSERT_TRUE(world.settle());
  world.run_for(hours(24 * 8));
  // Both are still heard of after longer than it takes to be dormant.
  EXPECT_FALSE(world.device(0)->devices()[1].dormant);
  EXPECT_FALSE(world.device(1)->devices()[0].dormant);
}

TEST(ConnectionTest, KeepsItsRelayWhenAnotherOneCouldNotBeStored) {
  SyncWorld world;
  world.make_group(1);
  TestDevice& device = world.device(0);
  auto other = world.ticket();
  other.endpoint.mutable_bytes()[0] ^= 1;
  device.disk->set_full(true);
  EXPECT_FALSE(device->set_relay(other));
  EXPECT_EQ(device->relay()->endpoint, world.ticket().endpoint);
  TestDevice& new_device = world.add_device_without_relay();
  new_device.disk->set_full(true);
  EXPECT_FALSE(new_device->set_relay(other));
  EXPECT_FALSE(new_device->relay());
  device.disk->set_full(false);
  EXPECT_TRUE(world.run_until([&] { return device->status().synced; }));
}

}  // namespace
}  // namespace zerok::client::testing
