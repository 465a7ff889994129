// SPDX-License-Identifier: MIT OR Apache-2.0
// Answers without state: stateless reset, version negotiation, and closing connections' last words.
#include <gtest/gtest.h>

#include "transport/quic/test_world.h"

namespace zerok::transport::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A packet with a short header and an id nobody has.
Bytes unknown_packet(std::size_t size, std::uint64_t seed) {
  Bytes packet = random_bytes(seed, size);
  if (!packet.empty()) packet[0] = static_cast<std::uint8_t>(0x40 | (packet[0] & 0x3f));
  return packet;
}

Bytes packet_of_version(std::uint32_t version, std::size_t size) {
  Bytes packet(size);
  packet[0] = 0xc0;
  store_be32(MutableByteView(packet).subspan(1), version);
  packet[5] = 8;
  packet[14] = 4;
  return packet;
}

TEST(EndpointStatelessTest, AClientNoticesARestartedServerWithinSeconds) {
  World world(1);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  world.run_for(seconds(1));
  server.restart();
  client.send(pair.client, random_bytes(1, 100));
  const Instant start = world.now();
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_LE(world.now() - start, seconds(2));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kReset);
  connect(world, client, server);
}

TEST(EndpointStatelessTest, AnIdleClientNoticesItThroughItsKeepAlive) {
  QuicConfig config;
  config.keep_alive = seconds(5);
  World world(2);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000", config);
  connect(world, client, server);
  server.restart();
  const Instant start = world.now();
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_LE(world.now() - start, seconds(7));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kReset);
}

TEST(EndpointStatelessTest, AResetMadeWithAnotherSecretIsNotBelieved) {
  World world(3);
  Host& server = world.add(1, "10.0.0.1:1000", {}, 0x55);
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  server.move_to("10.0.0.1:1");
  world.add(1, "10.0.0.1:1000", {}, 0x66);  // the same key, but it has lost the reset secret
  client.send(pair.client, random_bytes(1, 100));
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kTimedOut);
}

TEST(EndpointStatelessTest, AResetIsShorterThanItsTriggerAndShortTriggersGetNone) {
  World world(4);
  Host& server = world.add(1, "10.0.0.1:1000");
  for (std::size_t size = 1; size <= 100; ++size) {
    world.inject(address_of("10.0.0.9:9"), server, unknown_packet(size, size));
    const std::vector<Bytes> answers = world.drain(server);
    if (size < 22) {
      EXPECT_TRUE(answers.empty()) << size;
      continue;
    }
    ASSERT_EQ(answers.size(), 1U) << size;
    EXPECT_LT(answers[0].size(), size);
    EXPECT_GE(answers[0].size(), 21U);
    EXPECT_EQ(answers[0][0] & 0xc0, 0x40);
    EXPECT_EQ(answers[0].size(), std::min<std::size_t>(size - 1, 43));
  }
}

TEST(EndpointStatelessTest, AnEndpointThatDoesNotAcceptAnswersStrangersWithNothing) {
  QuicConfig config;
  config.accept = false;
  World world(5);
  Host& client = world.add(2, "10.0.0.2:2000", config);
  Host& other = world.add(3, "10.0.0.3:3000");
  const SocketAddress from = address_of("10.0.0.9:9");
  world.inject(from, client, unknown_packet(100, 1));
  world.inject(from, client, packet_of_version(0x1a2a3a4a, 1'200));
  world.inject(from, client, other.first_datagram(client));
  EXPECT_TRUE(world.drain(client).empty());
  EXPECT_EQ(client.endpoint().counts().connections, 0U);
}

TEST(EndpointStatelessTest, TwoServersDoNotAnswerEachOtherForEver) {
  World world(6);
  Host& a = world.add(1, "10.0.0.1:1000");
  Host& b = world.add(2, "10.0.0.2:2000");
  world.inject(b.address(), a, unknown_packet(1'200, 1));
  world.run_for(seconds(60));
  EXPECT_GT(world.datagrams, 0U);
  EXPECT_LE(world.datagrams, 30U);
}

TEST(EndpointStatelessTest, StrangersGetABoundedNumberOfAnswersPerSecond) {
  QuicConfig config;
  config.stateless_per_second = 10;
  World world(7);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  std::size_t answers = 0;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    world.inject(address_of("10.0.0.9:9"), server, unknown_packet(50, i));
    answers += world.drain(server).size();
  }
  EXPECT_EQ(answers, 10U);
}

TEST(EndpointStatelessTest, ALatePacketOfAClosedConnectionGetsTheCloseAgainAndNoReset) {
  World world(8);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  // The client's packets on their way when the server closes, and the close itself is lost.
  world.run_for(milliseconds(500));
  client.send(pair.client, random_bytes(1, 100));
  const std::vector<Bytes> late = world.drain(client);
  ASSERT_FALSE(late.empty());
  server.endpoint().close(pair.server, 5);
  EXPECT_EQ(world.drain(server).size(), 1U);
  std::size_t answers = 0;
  for (int i = 0; i < 100; ++i) {
    world.inject(client.address(), server, late.front());
    for (const Bytes& answer : world.drain(server)) {
      ++answers;
      world.inject(server.address(), client, answer);
    }
  }
  EXPECT_EQ(answers, 7U);  // for packets 1, 2, 4, 8, 16, 32 and 64
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kClosed);
  EXPECT_EQ(client.last(Event::Kind::kClosed)->code, 5U);
  EXPECT_EQ(server.endpoint().counts().closing, 1U);
  world.inject(address_of("10.0.0.9:9"), server, late.front());
  EXPECT_TRUE(world.drain(server).empty());
}

TEST(EndpointStatelessTest, NegotiatesTheVersionOnlyForLargeDatagrams) {
  World world(9);
  Host& server = world.add(1, "10.0.0.1:1000");
  const SocketAddress from = address_of("10.0.0.9:9");
  for (const std::uint32_t version : {0x1a2a3a4aU, 0x6b3343cfU}) {
    world.inject(from, server, packet_of_version(version, 1'199));
    EXPECT_TRUE(world.drain(server).empty()) << version;
  }
  for (const std::uint32_t version : {0x1a2a3a4aU, 0x6b3343cfU, 2U}) {
    world.inject(from, server, packet_of_version(version, 1'200));
    const std::vector<Bytes> answers = world.drain(server);
    ASSERT_EQ(answers.size(), 1U) << version;
    EXPECT_EQ(load_be32(ByteView(answers[0]).subspan(1)), 0U);
    EXPECT_EQ(load_be32(ByteView(answers[0]).last(4)), 1U);
    EXPECT_LT(answers[0].size(), 100U);
  }
  EXPECT_EQ(server.endpoint().counts().connections, 0U);
}

TEST(EndpointStatelessTest, AClientGivesUpAServerOfAnotherVersionAndIgnoresForgedNegotiations) {
  World world(10);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  client.dial(server);
  const Bytes initial = world.drain(client).front();
  // RFC 9000 section 17.2.1, with the ids of the client's first packet exchanged.
  const ByteView rest = ByteView(initial).subspan(5);
  const ByteView destination = rest.subspan(1, rest[0]);
  const ByteView source = rest.subspan(2 + destination.size(), rest[1 + destination.size()]);
  const auto negotiation = [&](ByteView to, ByteView from, std::uint32_t version) {
    Bytes packet = {0xc0, 0, 0, 0, 0, static_cast<std::uint8_t>(to.size())};
    packet.insert(packet.end(), to.begin(), to.end());
    packet.push_back(static_cast<std::uint8_t>(from.size()));
    packet.insert(packet.end(), from.begin(), from.end());
    packet.resize(packet.size() + 4);
    store_be32(MutableByteView(packet).last(4), version);
    return packet;
  };
  // One that lists the version the client used, and one with an id the client never sent.
  world.inject(server.address(), client, negotiation(source, destination, 1));
  world.inject(server.address(), client, negotiation(source, source, 0x0a1a2a3a));
  world.run_for(milliseconds(100));
  EXPECT_EQ(client.count(Event::Kind::kClosed), 0U);
  world.inject(server.address(), client, negotiation(source, destination, 0x0a1a2a3a));
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }, seconds(1)));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace zerok::transport::testing
