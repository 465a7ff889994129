// SPDX-License-Identifier: MIT OR Apache-2.0
// Two endpoints over a network in memory that behaves badly: what a connection must survive.
#include <gtest/gtest.h>

#include "transport/quic/test_world.h"

namespace zerok::transport::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Sends `size` bytes each way at once and checks them.
void expect_transfer(World& world, Host& a, Host& b, const Pair& pair, std::size_t size,
                     Duration limit = seconds(600)) {
  const Bytes there = random_bytes(1, size);
  const Bytes back = random_bytes(2, size);
  const StreamId out = a.send(pair.client, there);
  const StreamId in = b.send(pair.server, back);
  const std::pair at_b{pair.server, out};
  const std::pair at_a{pair.client, in};
  EXPECT_TRUE(world.run_until([&] { return b.incoming[at_b].fin && a.incoming[at_a].fin; }, limit));
  EXPECT_TRUE(b.incoming[at_b].bytes == there);
  EXPECT_TRUE(a.incoming[at_a].bytes == back);
}

TEST(EndpointLinkTest, CarriesBytesBothWaysOverACleanLink) {
  World world(1);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  EXPECT_EQ(client.last(Event::Kind::kConnected)->peer, server.id());
  EXPECT_EQ(server.last(Event::Kind::kAccepted)->peer, client.id());
  expect_transfer(world, client, server, pair, 3'000'000);
}

class BadLinkTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(BadLinkTest, CarriesBytesThroughLossReorderingDuplicationAndDamage) {
  World world(GetParam());
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  world.faults = {.loss = 0.05 * static_cast<double>(GetParam() % 4),
                  .duplicate = 0.1,
                  .corrupt = 0.05,
                  .delay = milliseconds(5),
                  .jitter = milliseconds(20)};
  const Pair pair = connect(world, client, server);
  expect_transfer(world, client, server, pair, 200'000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BadLinkTest, ::testing::Range<std::uint64_t>(1, 9));

TEST(EndpointLinkTest, CarriesBytesThroughThirtyPercentLoss) {
  QuicConfig config;
  config.handshake_timeout = seconds(60);
  World world(7);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000", config);
  world.faults.loss = 0.3;
  const Pair pair = connect(world, client, server);
  expect_transfer(world, client, server, pair, 100'000, seconds(3'600));
}

TEST(EndpointLinkTest, GoesOnAfterATotalLossShorterThanTheIdleTimeout) {
  World world(8);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  world.faults.loss = 1;
  const Bytes bytes = random_bytes(3, 50'000);
  const StreamId stream = client.send(pair.client, bytes);
  world.run_for(seconds(10));
  world.faults.loss = 0;
  EXPECT_TRUE(world.run_until([&] { return server.incoming[{pair.server, stream}].fin; }));
  EXPECT_TRUE(server.incoming[std::pair(pair.server, stream)].bytes == bytes);
}

TEST(EndpointLinkTest, FollowsAClientWhosePortChangesUnderWay) {
  World world(9);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  world.run_for(seconds(1));
  for (const char* address : {"10.0.0.2:2001", "10.9.9.9:4444", "[2001:db8::5]:99"}) {
    client.move_to(address);
    const std::size_t moves = server.count(Event::Kind::kPeerMoved);
    expect_transfer(world, client, server, pair, 20'000);
    EXPECT_TRUE(world.run_until([&] { return server.count(Event::Kind::kPeerMoved) > moves; }));
    EXPECT_EQ(server.endpoint().stats(pair.server)->remote, client.address());
    world.run_for(seconds(5));
  }
  EXPECT_EQ(client.count(Event::Kind::kClosed), 0U);
}

TEST(EndpointLinkTest, KeepsServingTheOldAddressWhenAStrangerReplaysPackets) {
  World world(10);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  // An onlooker sends every packet of the client again from its own address.
  world.filter = [&](const SocketAddress&, const SocketAddress& to, ByteView datagram) {
    if (to == server.address()) world.inject(address_of("10.6.6.6:6"), server, datagram);
    return true;
  };
  const StreamId stream = client.send(pair.client, random_bytes(4, 30'000));
  EXPECT_TRUE(world.run_until([&] { return server.incoming[{pair.server, stream}].fin; }));
  world.filter = nullptr;
  expect_transfer(world, client, server, pair, 30'000);
  EXPECT_EQ(server.endpoint().stats(pair.server)->remote, client.address());
}

TEST(EndpointLinkTest, StaysUpThroughSixtyIdleSecondsWithKeepAlive) {
  QuicConfig config;
  config.keep_alive = seconds(5);
  World world(11);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000", config);
  const Pair pair = connect(world, client, server);
  world.run_for(seconds(60));
  EXPECT_EQ(client.count(Event::Kind::kClosed), 0U);
  EXPECT_EQ(server.count(Event::Kind::kClosed), 0U);
  expect_transfer(world, client, server, pair, 1'000);
}

TEST(EndpointLinkTest, ClosesASilentConnectionAtTheIdleTimeoutAndNotBefore) {
  World world(12);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  connect(world, client, server);
  world.run_for(seconds(28));
  EXPECT_EQ(server.count(Event::Kind::kClosed), 0U);
  world.run_for(seconds(5));
  ASSERT_EQ(server.count(Event::Kind::kClosed), 1U);
  ASSERT_EQ(client.count(Event::Kind::kClosed), 1U);
  EXPECT_EQ(server.last(Event::Kind::kClosed)->error.code, ErrorCode::kTimedOut);
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kTimedOut);
  EXPECT_EQ(server.endpoint().counts().connections, 0U);
  EXPECT_EQ(server.endpoint().counts().cids, 0U);
  EXPECT_EQ(server.endpoint().counts().reset_tokens, 0U);
}

TEST(EndpointLinkTest, GoesOnThroughManyKeyUpdates) {
  World world(13);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  world.run_for(seconds(2));
  for (int i = 0; i < 6; ++i) {
    Host& one = i % 2 == 0 ? client : server;
    const ConnectionId id = i % 2 == 0 ? pair.client : pair.server;
    expect_transfer(world, client, server, pair, 1'000);
    EXPECT_TRUE(one.endpoint().update_keys(id, world.now()).has_value());
    // RFC 9001 section 6.1: no second update before the first is confirmed.
    EXPECT_FALSE(one.endpoint().update_keys(id, world.now()).has_value());
    expect_transfer(world, client, server, pair, 10'000);
    world.run_for(seconds(3));
  }
}

TEST(EndpointLinkTest, TellsThePeerTheCodeItWasClosedWith) {
  World world(14);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  client.endpoint().close(pair.client, 4'711);
  EXPECT_TRUE(world.run_until([&] { return server.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(server.last(Event::Kind::kClosed)->code, 4'711U);
  EXPECT_EQ(server.last(Event::Kind::kClosed)->error.code, ErrorCode::kClosed);
  EXPECT_EQ(client.count(Event::Kind::kClosed), 0U);
  EXPECT_EQ(client.endpoint().write(pair.client, StreamId{0}, {}, true).error().code,
            ErrorCode::kClosed);
  world.run_for(seconds(5));
  EXPECT_EQ(client.endpoint().counts().cids, 0U);
  EXPECT_EQ(server.endpoint().counts().cids, 0U);
  EXPECT_EQ(server.endpoint().counts().closing, 0U);
}

TEST(EndpointLinkTest, LetsWhatArrivedBeforeACloseBeRead) {
  World world(15);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  server.reading = false;
  const Bytes last_words = random_bytes(5, 500);
  const StreamId stream = client.send(pair.client, last_words);
  // Into the same moment: the bytes leave first, the close right behind them.
  world.run_for(milliseconds(11));
  client.endpoint().close(pair.client, 0);
  server.reading = true;
  EXPECT_TRUE(world.run_until([&] { return server.count(Event::Kind::kClosed) > 0; }));
  server.collect(pair.server, stream);
  const auto& in = server.incoming[std::pair(pair.server, stream)];
  EXPECT_TRUE(in.error.has_value());  // after kClosed was polled nothing is left to read
}

TEST(EndpointLinkTest, TellsOfResetAndStoppedStreamsWithTheirCodes) {
  World world(16);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  const auto stream = *client.endpoint().open_stream(pair.client, StreamKind::kBidirectional);
  ASSERT_TRUE(client.endpoint().write(pair.client, stream, as_bytes("hello"), false));
  EXPECT_TRUE(world.run_until([&] { return server.count(Event::Kind::kReadable) > 0; }));

  client.endpoint().reset_stream(pair.client, stream, 11);
  EXPECT_TRUE(world.run_until([&] { return server.count(Event::Kind::kStreamReset) > 0; }));
  EXPECT_EQ(server.last(Event::Kind::kStreamReset)->code, 11U);
  EXPECT_FALSE(client.endpoint().write(pair.client, stream, as_bytes("more"), false).has_value());

  const auto other = *client.endpoint().open_stream(pair.client, StreamKind::kBidirectional);
  ASSERT_TRUE(client.endpoint().write(pair.client, other, as_bytes("hello"), false));
  EXPECT_TRUE(world.run_until([&] { return server.count(Event::Kind::kReadable) > 1; }));
  client.endpoint().stop_reading(pair.client, other, 12);
  world.run_for(seconds(1));
  // A writer with nothing to write learns of it when it writes.
  EXPECT_TRUE(server.endpoint().write(pair.server, other, as_bytes("x"), false).has_value());
  EXPECT_TRUE(world.run_until([&] { return server.count(Event::Kind::kStreamStopped) > 0; }));
  EXPECT_EQ(server.endpoint().write(pair.server, other, as_bytes("x"), false).error().code,
            ErrorCode::kReset);
  expect_transfer(world, client, server, pair, 10'000);
}

TEST(EndpointLinkTest, TellsABlockedWriterThatThePeerStoppedReading) {
  World world(18);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  server.reading = false;
  const StreamId stream = client.send(pair.client, random_bytes(1, 10'000'000));
  world.run_for(seconds(5));
  EXPECT_FALSE(client.all_written());
  server.endpoint().stop_reading(pair.server, stream, 77);
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kStreamStopped) > 0; }));
  world.run_for(seconds(1));
  EXPECT_EQ(client.endpoint().stats(pair.client)->bytes_buffered, 0U);
  EXPECT_EQ(server.endpoint().stats(pair.server)->bytes_buffered, 0U);
}

TEST(EndpointLinkTest, CarriesManyStreamsThroughAConnectionWindowSmallerThanTheirSum) {
  QuicConfig config;
  config.stream_receive_window = 64'000;
  config.connection_receive_window = 20'000;
  World world(17);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000", config);
  const Pair pair = connect(world, client, server);
  std::map<StreamId, Bytes> sent;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Bytes bytes = random_bytes(100 + i, 1 + i * 3'000);
    sent[client.send(pair.client, bytes)] = bytes;
  }
  const auto finished = [&] {
    return std::ranges::count_if(server.incoming, [](const auto& in) { return in.second.fin; });
  };
  EXPECT_TRUE(world.run_until([&] { return finished() == 20; }));
  for (const auto& [stream, bytes] : sent) {
    EXPECT_TRUE(server.incoming[std::pair(pair.server, stream)].bytes == bytes);
  }
}

TEST(EndpointLinkTest, WaitsForConnectionCreditAndStillEndsStreamsThatNeedNone) {
  QuicConfig config;
  config.connection_receive_window = 20'000;
  World world(18);
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000", config);
  const Pair pair = connect(world, client, server);
  server.reading = false;
  const Bytes bytes = random_bytes(1, 30'000);
  const StreamId first = client.send(pair.client, bytes);
  const StreamId second = client.send(pair.client, bytes);
  world.run_for(seconds(2));
  EXPECT_EQ(server.endpoint().stats(pair.server)->bytes_buffered, 20'000U);
  // Waiting costs nothing: no packet goes to and fro.
  const std::uint64_t before = world.datagrams;
  world.run_for(seconds(5));
  EXPECT_LE(world.datagrams - before, 2U);

  const StreamId empty = client.send(pair.client, {});
  world.run_for(seconds(1));
  server.collect(pair.server, empty);
  EXPECT_TRUE((server.incoming[{pair.server, empty}].fin));
  server.reading = true;
  server.collect(pair.server, first);
  server.collect(pair.server, second);
  EXPECT_TRUE(world.run_until([&] {
    return server.incoming[{pair.server, first}].fin && server.incoming[{pair.server, second}].fin;
  }));
  EXPECT_TRUE((server.incoming[{pair.server, first}].bytes == bytes));
  EXPECT_TRUE((server.incoming[{pair.server, second}].bytes == bytes));
}

}  // namespace
}  // namespace zerok::transport::testing
