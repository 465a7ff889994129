// SPDX-License-Identifier: MIT OR Apache-2.0
// Peers and strangers that misbehave: floods, forged and damaged datagrams, wrong keys, readers
// that stop. What they cost is bounded, they get a clear error or nothing, and others are unharmed.
#include <gtest/gtest.h>
#include <malloc.h>

#include "transport/quic/test_world.h"

namespace zerok::transport::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

SocketAddress stranger(std::uint64_t i) {
  return SocketAddress::ipv4({172, static_cast<std::uint8_t>(i >> 16),
                              static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)},
                             4'000);
}

// A one-way transfer, as a sign of life.
void expect_alive(World& world, Host& client, Host& server, const Pair& pair) {
  const Bytes bytes = random_bytes(9, 20'000);
  const StreamId stream = client.send(pair.client, bytes);
  EXPECT_TRUE(world.run_until([&] { return server.incoming[{pair.server, stream}].fin; }));
  EXPECT_TRUE(server.incoming[std::pair(pair.server, stream)].bytes == bytes);
}

std::size_t heap_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

TEST(EndpointHostileTest, BoundsAThousandHalfDoneHandshakesAndLeavesOthersUnharmed) {
  QuicConfig config;
  config.retry = RetryPolicy::kNever;
  config.half_open_max = 200;
  config.sources_max = 500;
  World world(1);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000");
  Host& attacker = world.add(3, "10.0.0.3:3000");
  const Pair pair = connect(world, client, server);

  std::vector<Bytes> flood;
  for (int i = 0; i < 1'000; ++i) flood.push_back(attacker.first_datagram(server));
  const std::size_t before = heap_bytes();
  for (std::size_t i = 0; i < flood.size(); ++i) {
    world.inject(stranger(i), server, flood[i]);
    world.drain(server);
  }
  EXPECT_EQ(server.endpoint().counts().half_open, 200U);
  EXPECT_LE(server.endpoint().counts().connections, 201U);
  EXPECT_LE(server.endpoint().counts().sources, 500U);
  EXPECT_LT(heap_bytes() - before, 200U * 128 * 1'024);

  expect_alive(world, client, server, pair);
  world.run_for(seconds(11));
  EXPECT_EQ(server.endpoint().counts().half_open, 0U);
  EXPECT_EQ(server.endpoint().counts().connections, 1U);
  EXPECT_LT(server.endpoint().counts().cids, 10U);
  EXPECT_EQ(server.count(Event::Kind::kAccepted), 1U);
  expect_alive(world, client, server, pair);
  Host& late = world.add(4, "10.0.0.4:4000");
  connect(world, late, server);
}

TEST(EndpointHostileTest, AsksForAddressProofUnderLoadAndStillLetsHonestClientsIn) {
  QuicConfig config;
  config.retry_half_open_min = 50;
  World world(2);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& attacker = world.add(3, "10.0.0.3:3000");
  for (std::uint64_t i = 0; i < 300; ++i) {
    world.inject(stranger(i), server, attacker.first_datagram(server));
  }
  EXPECT_EQ(server.endpoint().counts().half_open, 50U);
  Host& honest = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, honest, server);
  expect_alive(world, honest, server, pair);
}

TEST(EndpointHostileTest, KeepsNoStateForAnUnprovenAddressWhenRetryIsAlways) {
  QuicConfig config;
  config.retry = RetryPolicy::kAlways;
  World world(3);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000");
  const Bytes first = client.first_datagram(server);
  world.inject(stranger(1), server, first);
  EXPECT_EQ(server.endpoint().counts().connections, 0U);
  const std::vector<Bytes> answer = world.drain(server);
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0][0] & 0xf0, 0xf0);  // RFC 9000 section 17.2.5: Retry
  EXPECT_LT(answer[0].size(), first.size() / 3);

  // The token is worth nothing to anybody else.
  std::optional<Bytes> with_token;
  world.filter = [&](const SocketAddress& from, const SocketAddress&, ByteView datagram) {
    if (from == client.address() && !with_token && world.datagrams > 2) {
      with_token = Bytes(datagram.begin(), datagram.end());
      world.inject(stranger(2), server, *with_token);
      EXPECT_EQ(server.endpoint().counts().connections, 0U);
    }
    return true;
  };
  const Pair pair = connect(world, client, server);
  EXPECT_TRUE(with_token.has_value());
  expect_alive(world, client, server, pair);
}

TEST(EndpointHostileTest, TakesARetryTokenForTenSecondsAndNoLonger) {
  for (const bool late : {false, true}) {
    QuicConfig config;
    config.retry = RetryPolicy::kAlways;
    World world(19);
    Host& server = world.add(1, "10.0.0.1:1000", config);
    Host& client = world.add(2, "10.0.0.2:2000");
    client.dial(server);
    for (const Bytes& first : world.drain(client)) world.inject(client.address(), server, first);
    for (const Bytes& retry : world.drain(server)) world.inject(server.address(), client, retry);
    const std::vector<Bytes> again = world.drain(client);
    ASSERT_FALSE(again.empty());
    world.filter = [](const SocketAddress&, const SocketAddress&, ByteView) { return false; };
    world.run_for(late ? seconds(11) : seconds(9));
    world.inject(client.address(), server, again.front());
    EXPECT_EQ(server.endpoint().counts().connections, late ? 0U : 1U);
  }
}

TEST(EndpointHostileTest, LetsHonestClientsInUnderLoadWhileCheapPacketsAskForAnswers) {
  QuicConfig config;
  config.retry = RetryPolicy::kAlways;
  World world(17);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& honest = world.add(2, "10.0.0.2:2000");
  // Far more than the answers of a second, with each packet that the honest client sends.
  std::uint64_t seed = 0;
  world.faults.delay = {};
  world.filter = [&](const SocketAddress& from, const SocketAddress&, ByteView) {
    for (int i = 0; from == honest.address() && i < 3'000; ++i) {
      Bytes noise = random_bytes(++seed, 22);
      noise[0] = 0x40;
      world.inject(stranger(1), server, noise);
      if (i % 1'000 == 0) world.drain(server);
    }
    return true;
  };
  honest.dial(server);
  EXPECT_TRUE(
      world.run_until([&] { return honest.count(Event::Kind::kConnected) > 0; }, seconds(2)));
}

TEST(EndpointHostileTest, TakesNoFirstPacketWithAGuessableConnectionId) {
  World world(18);
  Host& server = world.add(1, "10.0.0.1:1000");
  for (std::size_t size = 0; size <= 8; ++size) {
    // Version 1, Initial; ids of `size` and 4 bytes, a token of 5 bytes that means nothing.
    Bytes packet = {0xc3, 0, 0, 0, 1, static_cast<std::uint8_t>(size)};
    packet.resize(packet.size() + size, 0x11);
    for (const int byte : {4, 9, 9, 9, 9, 5, 1, 2, 3, 4, 5, 0x44, 0x80}) {
      packet.push_back(static_cast<std::uint8_t>(byte));
    }
    packet.resize(1'200);
    world.inject(stranger(size), server, packet);
    // Only the last gets as far as being tried, and limited as its source.
    EXPECT_EQ(server.endpoint().counts().sources, size < 8 ? 0U : 1U) << size;
  }
}

TEST(EndpointHostileTest, LimitsHandshakesPerMinuteOfOneSource) {
  QuicConfig config;
  config.retry = RetryPolicy::kNever;
  config.handshakes_per_minute = 6;
  World world(4);
  Host& server = world.add(1, "[2001:db8::1]:1000", config);
  Host& a = world.add(2, "[2001:db8:5:5::1]:2000");
  Host& b = world.add(3, "[2001:db8:5:5:9::2]:2000");  // the same /64
  Host& c = world.add(4, "[2001:db8:5:6::1]:2000");    // another
  for (int i = 0; i < 6; ++i) connect(world, i % 2 == 0 ? a : b, server);
  b.dial(server);
  EXPECT_TRUE(world.run_until([&] { return b.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(b.last(Event::Kind::kClosed)->error.code, ErrorCode::kTimedOut);
  connect(world, c, server);
  world.run_for(minutes(1));
  connect(world, b, server);
}

TEST(EndpointHostileTest, LimitsUnfinishedHandshakesOfOneSource) {
  QuicConfig config;
  config.retry = RetryPolicy::kNever;
  config.half_open_per_source = 5;
  World world(5);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& attacker = world.add(3, "10.0.0.3:3000");
  for (int i = 0; i < 50; ++i) {
    world.inject(attacker.address(), server, attacker.first_datagram(server));
  }
  EXPECT_EQ(server.endpoint().counts().half_open, 5U);
  world.drain(server);
  world.run_for(seconds(11));
  connect(world, attacker, server);
}

TEST(EndpointHostileTest, RefusesConnectionsBeyondItsLimitWithAClearError) {
  QuicConfig config;
  config.connections_max = 2;
  World world(6);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  connect(world, client, server);
  client.dial(server);
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kOverloaded);
  expect_alive(world, client, server, pair);
  EXPECT_FALSE(server.endpoint().dial(client.address(), client.id(), world.now()).has_value());
}

TEST(EndpointHostileTest, NeverSendsMoreThanThreeTimesWhatAnUnprovenAddressSent) {
  World world(7);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Bytes first = client.first_datagram(server);
  std::size_t sent = 0;
  world.filter = [&](const SocketAddress& from, const SocketAddress&, ByteView datagram) {
    if (from == server.address()) sent += datagram.size();
    return false;
  };
  world.inject(stranger(1), server, first);
  world.run_for(seconds(15));
  EXPECT_GT(sent, 0U);
  EXPECT_LE(sent, 3 * first.size());
}

TEST(EndpointHostileTest, RefusesAServerThatProvesAnotherKey) {
  World world(8);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  Host& expected = world.add(3, "10.0.0.3:3000");
  const auto id = client.endpoint().dial(server.address(), expected.id(), world.now());
  ASSERT_TRUE(id.has_value());
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kWrongPeer);
  EXPECT_EQ(client.count(Event::Kind::kConnected), 0U);
  world.run_for(seconds(15));
  EXPECT_EQ(server.events.size(), 0U);
  EXPECT_EQ(server.endpoint().counts().connections, 0U);
}

TEST(EndpointHostileTest, RefusesAClientWithoutAKey) {
  World world(9);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  client.lose_key();
  client.dial(server);
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kHandshakeFailed);
  // TLS was complete on the client's side; it must not have been taken for acceptance.
  EXPECT_EQ(client.count(Event::Kind::kConnected), 0U);
  EXPECT_EQ(server.events.size(), 0U);
}

TEST(EndpointHostileTest, ReportsAConnectionOnlyOnceTheServerHasConfirmedIt) {
  World world(10);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const ConnectionId id = client.dial(server);
  bool hold = true;
  world.filter = [&](const SocketAddress& from, const SocketAddress&, ByteView) {
    // The server's first flight passes, what follows its acceptance is lost.
    return !(hold && from == server.address() && server.count(Event::Kind::kAccepted) > 0);
  };
  world.run_for(seconds(2));
  EXPECT_EQ(server.count(Event::Kind::kAccepted), 1U);
  EXPECT_EQ(client.count(Event::Kind::kConnected), 0U);
  EXPECT_EQ(client.endpoint().open_stream(id, StreamKind::kBidirectional).error().code,
            ErrorCode::kWouldBlock);
  hold = false;
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kConnected) > 0; }));
}

TEST(EndpointHostileTest, RefusesAnotherProtocol) {
  QuicConfig other;
  other.alpn = "/0k-sync/1";
  World world(11);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000", other);
  client.dial(server);
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kUnsupported);
  EXPECT_EQ(server.events.size(), 0U);
}

TEST(EndpointHostileTest, GivesUpDiallingNobodyAtTheHandshakeTimeout) {
  World world(12);
  Host& nobody = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  client.dial(nobody);
  nobody.move_to("10.0.0.1:1");
  const Instant start = world.now();
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kTimedOut);
  EXPECT_LE(world.now() - start, seconds(11));
  EXPECT_EQ(client.endpoint().counts().connections, 0U);

  client.dial(nobody);
  client.endpoint().unreachable(nobody.address(), 101);
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 1; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kUnreachable);
}

TEST(EndpointHostileTest, StopsAWriterWhosePeerStopsReadingAndKeepsMemoryBounded) {
  QuicConfig config;
  config.stream_send_buffer = 100'000;
  config.stream_receive_window = 50'000;
  World world(13);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000", config);
  Host& other = world.add(3, "10.0.0.3:3000", config);
  const Pair pair = connect(world, client, server);
  const Pair healthy = connect(world, other, server);
  server.reading = false;
  const Bytes bytes = random_bytes(1, 1'000'000);
  const auto stream = client.send(pair.client, bytes);
  world.run_for(seconds(5));
  EXPECT_EQ(*client.endpoint().write(pair.client, stream, as_bytes("x"), false), 0U);
  EXPECT_LE(client.endpoint().stats(pair.client)->bytes_buffered, 100'000U);
  EXPECT_LE(server.endpoint().stats(pair.server)->bytes_buffered, 50'000U);

  server.reading = true;
  expect_alive(world, other, server, healthy);
  server.collect(pair.server, stream);
  EXPECT_TRUE(world.run_until([&] { return server.incoming[{pair.server, stream}].fin; }));
  EXPECT_TRUE(server.incoming[std::pair(pair.server, stream)].bytes == bytes);
}

TEST(EndpointHostileTest, LetsAPeerHaveNoMoreStreamsThanAllowedEvenIfItEndsThem) {
  QuicConfig config;
  config.streams_uni_max = 10;
  World world(14);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  server.reading = false;
  std::vector<StreamId> streams;
  for (int i = 0; i < 10; ++i) streams.push_back(client.send(pair.client, {}));
  world.run_for(seconds(1));
  // All ten are over as far as QUIC is concerned, but nobody has taken note of them yet.
  EXPECT_EQ(client.endpoint().open_stream(pair.client, StreamKind::kUnidirectional).error().code,
            ErrorCode::kWouldBlock);
  for (const StreamId stream : streams) server.collect(pair.server, stream);
  world.run_for(seconds(1));
  EXPECT_TRUE(client.endpoint().open_stream(pair.client, StreamKind::kUnidirectional).has_value());
}

TEST(EndpointHostileTest, WithstandsDamagedCopiesOfEveryPacketOfALiveConnection) {
  World world(15);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  DeterministicRng rng(99);
  world.filter = [&](const SocketAddress& from, const SocketAddress& to, ByteView datagram) {
    Host& target = to == server.address() ? server : client;
    for (int i = 0; i < 8; ++i) {
      Bytes damaged(datagram.begin(), datagram.end());
      damaged[rng.below(damaged.size())] ^= static_cast<std::uint8_t>(1U << rng.below(8));
      if (i % 2 == 1) damaged.resize(rng.below(damaged.size() + 1));
      world.inject(from, target, damaged);
    }
    return true;
  };
  const Pair pair = connect(world, client, server);
  expect_alive(world, client, server, pair);
  expect_alive(world, client, server, pair);
  EXPECT_EQ(server.endpoint().counts().connections, 1U + server.endpoint().counts().half_open);
}

TEST(EndpointHostileTest, TakesAClockThatGoesBackwardsForOneThatStands) {
  World world(17);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  world.run_for(seconds(3));
  const Instant early{seconds(1)};
  client.send(pair.client, random_bytes(1, 5'000));
  client.endpoint().handle_timeouts(early);
  while (const PacketBatch* batch = client.endpoint().poll_transmit(early)) {
    for (std::size_t i = 0; i < batch->segments(); ++i) {
      server.endpoint().receive({server.address(), client.address()}, 0, batch->segment(i), early);
    }
  }
  server.endpoint().handle_timeouts(early);
  while (server.endpoint().poll_transmit(early) != nullptr) {
  }
  expect_alive(world, client, server, pair);
}

TEST(EndpointHostileTest, WithstandsRandomDatagrams) {
  World world(16);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  DeterministicRng rng(7);
  for (int i = 0; i < 20'000; ++i) {
    Bytes noise(rng.below(i % 10 == 0 ? 1'500 : 80));
    rng.fill(noise);
    world.inject(stranger(rng.below(100)), server, noise);
    world.inject(stranger(rng.below(100)), client, noise);
    if (i % 100 == 0) world.drain(server);
  }
  EXPECT_LE(server.endpoint().counts().outbox, 1'024U);
  EXPECT_EQ(server.endpoint().counts().connections, 1U);
  expect_alive(world, client, server, pair);
}

}  // namespace
}  // namespace zerok::transport::testing
