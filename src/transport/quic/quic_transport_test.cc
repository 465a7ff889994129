// SPDX-License-Identifier: MIT OR Apache-2.0
// The whole transport over real loopback sockets: addresses, offloads, moves, sleeping and waking.
#include "transport/quic/quic_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/system_clock.h"

namespace zerok::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Secret<32> filled(std::uint8_t value) {
  Secret<32> secret;
  std::ranges::fill(secret.mutable_bytes(), value);
  return secret;
}

SocketAddress at(std::string_view text) { return *SocketAddress::parse(text); }

EndpointId filled_id() { return *EndpointId::from_bytes(filled(9).bytes()); }

Result<std::unique_ptr<QuicTransport>> try_make(std::uint8_t seed, std::string_view bind,
                                                const QuicConfig& config = {}) {
  static SystemRng rng;
  return QuicTransport::create(config, filled(seed), filled(0x77), at(bind), rng);
}

// A transport that records events, and echoes every stream whole.
struct Node {
  explicit Node(std::uint8_t seed, std::string_view bind = "127.0.0.1:0",
                const QuicConfig& config = {}) {
    auto made = try_make(seed, bind, config);
    EXPECT_TRUE(made.has_value());
    if (made) transport = *std::move(made);
  }

  void step() {
    transport->step(monotonic_now());
    while (const auto event = transport->poll_event()) {
      events.push_back(*event);
      if (event->kind == Event::Kind::kReadable) read(event->connection, event->stream);
      if (event->kind == Event::Kind::kWritable) write(event->connection, event->stream);
    }
    transport->step(monotonic_now());
  }
  void read(ConnectionId connection, StreamId stream) {
    Bytes buffer(65'536);
    while (true) {
      const auto got = transport->read(connection, stream, buffer);
      if (!got) return;
      received.insert(received.end(), buffer.begin(),
                      buffer.begin() + static_cast<std::ptrdiff_t>(got->size));
      if (got->fin) fins += 1;
      if (got->fin && echo) {
        to_send = std::move(received);
        received.clear();
        written = 0;
        write(connection, stream);
      }
      if (got->size == 0 || got->fin) return;
    }
  }
  void write(ConnectionId connection, StreamId stream) {
    const auto n = transport->write(connection, stream, ByteView(to_send).subspan(written), true);
    if (n) written += *n;
  }
  std::size_t count(Event::Kind kind) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(events, [&](const Event& e) { return e.kind == kind; }));
  }
  SocketAddress address() const { return transport->local_address(); }

  std::unique_ptr<QuicTransport> transport;
  std::vector<Event> events;
  bool echo = false;
  Bytes received;
  Bytes to_send;
  std::size_t written = 0;
  std::size_t fins = 0;
};

template <typename Done>
bool drive(Node& a, Node& b, Done done, Duration limit = seconds(20)) {
  const Instant end = monotonic_now() + limit;
  while (!done()) {
    if (monotonic_now() > end) return false;
    a.step();
    b.step();
    if (!done()) a.transport->wait(monotonic_now() + milliseconds(1));
  }
  return true;
}

std::optional<ConnectionId> connect(Node& client, Node& server, const SocketAddress& address) {
  const std::size_t before = client.count(Event::Kind::kConnected);
  const auto id = client.transport->dial(address, server.transport->local_id(), monotonic_now());
  EXPECT_TRUE(id.has_value());
  const bool up =
      drive(client, server, [&] { return client.count(Event::Kind::kConnected) > before; });
  EXPECT_TRUE(up) << address.to_string();
  return up ? std::optional(*id) : std::nullopt;
}

void expect_echo(Node& client, Node& server, ConnectionId connection, std::size_t size) {
  server.echo = true;
  const auto stream = client.transport->open_stream(connection, StreamKind::kBidirectional);
  ASSERT_TRUE(stream.has_value());
  client.to_send = Bytes(size);
  DeterministicRng(size).fill(client.to_send);
  client.received.clear();
  client.written = client.fins = 0;
  client.write(connection, *stream);
  EXPECT_TRUE(drive(client, server, [&] { return client.fins == 1; }));
  EXPECT_TRUE(client.received == client.to_send);
}

TEST(QuicTransportTest, EchoesThreeMegabytesOverIpv4) {
  Node server(1);
  Node client(2);
  const auto id = connect(client, server, server.address());
  ASSERT_TRUE(id);
  expect_echo(client, server, *id, 3'000'000);
}

TEST(QuicTransportTest, EchoesOverIpv6) {
  Node server(1, "[::1]:0");
  Node client(2, "[::1]:0");
  const auto id = connect(client, server, server.address());
  ASSERT_TRUE(id);
  expect_echo(client, server, *id, 300'000);
}

TEST(QuicTransportTest, AWildcardSocketAnswersFromTheAddressThatWasDialled) {
  Node server(1, "0.0.0.0:0");
  Node client(2, "0.0.0.0:0");
  for (const char* host : {"127.0.0.1:1", "127.0.0.2:1", "127.9.8.7:1"}) {
    const auto id = connect(client, server, at(host).with_port(server.address().port()));
    ASSERT_TRUE(id);
    expect_echo(client, server, *id, 50'000);
  }
}

TEST(QuicTransportTest, AnIpv6WildcardSocketServesBothFamilies) {
  Node server(1, "[::]:0");
  Node client(2, "[::]:0");
  Node old_client(3, "127.0.0.1:0");
  const auto v6 = connect(client, server, at("[::1]:1").with_port(server.address().port()));
  const auto v4 = connect(client, server, at("127.0.0.2:1").with_port(server.address().port()));
  const auto old =
      connect(old_client, server, at("127.0.0.3:1").with_port(server.address().port()));
  ASSERT_TRUE(v6 && v4 && old);
  expect_echo(client, server, *v6, 50'000);
  expect_echo(client, server, *v4, 50'000);
  expect_echo(old_client, server, *old, 50'000);
}

TEST(QuicTransportTest, DialsAnIpv4AddressInItsIpv6FormFromEitherSocket) {
  Node server(1, "127.0.0.1:0");
  for (const char* bind : {"[::]:0", "0.0.0.0:0"}) {
    Node client(2, bind);
    const auto id =
        connect(client, server, at("[::ffff:127.0.0.1]:1").with_port(server.address().port()));
    ASSERT_TRUE(id) << bind;
    expect_echo(client, server, *id, 1'000);
  }
}

TEST(QuicTransportTest, WorksWithoutOffloadsAndWithLargePackets) {
  for (const bool offload : {false, true}) {
    for (const std::size_t payload : {std::size_t{1'200}, std::size_t{16'000}}) {
      QuicConfig config;
      config.gso = config.gro = offload;
      config.udp_payload_max = payload;
      Node server(1, "127.0.0.1:0", config);
      Node client(2, "127.0.0.1:0", config);
      const auto id = connect(client, server, server.address());
      ASSERT_TRUE(id);
      expect_echo(client, server, *id, 1'000'000);
    }
  }
}

TEST(QuicTransportTest, GoesOnWhenTheClientsPortChanges) {
  Node server(1);
  Node client(2);
  const auto id = connect(client, server, server.address());
  ASSERT_TRUE(id);
  expect_echo(client, server, *id, 10'000);
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(client.transport->rebind().has_value());
    expect_echo(client, server, *id, 100'000);
    EXPECT_TRUE(drive(client, server, [&] { return server.count(Event::Kind::kPeerMoved) >= i; }));
    const auto moved = std::ranges::find_if(
        server.events, [](const Event& e) { return e.kind == Event::Kind::kPeerMoved; });
    EXPECT_EQ(server.transport->stats(moved->connection)->remote, client.address());
  }
  EXPECT_EQ(client.count(Event::Kind::kClosed), 0U);
}

TEST(QuicTransportTest, UpdatesKeysUnderLoad) {
  Node server(1);
  Node client(2);
  const auto id = connect(client, server, server.address());
  ASSERT_TRUE(id);
  // The next update may start three probe timeouts after the last one.
  int updates = 0;
  const Instant end = monotonic_now() + seconds(10);
  while (updates < 3 && monotonic_now() < end) {
    expect_echo(client, server, *id, 200'000);
    if (client.transport->update_keys(*id, monotonic_now()).has_value()) ++updates;
  }
  expect_echo(client, server, *id, 200'000);
  EXPECT_EQ(updates, 3);
}

TEST(QuicTransportTest, SetsUpFiftyConnectionsAtOnce) {
  Node server(1);
  Node client(2);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(
        client.transport->dial(server.address(), server.transport->local_id(), monotonic_now())
            .has_value());
  }
  EXPECT_TRUE(drive(client, server, [&] {
    return client.count(Event::Kind::kConnected) == 50 &&
           server.count(Event::Kind::kAccepted) == 50;
  }));
}

TEST(QuicTransportTest, AnEndedProcessTellsItsPeersAtOnce) {
  Node server(1);
  auto client = std::make_unique<Node>(2);
  ASSERT_TRUE(connect(*client, server, server.address()));
  client.reset();
  const Instant end = monotonic_now() + seconds(2);
  while (server.count(Event::Kind::kClosed) == 0 && monotonic_now() < end) server.step();
  ASSERT_EQ(server.count(Event::Kind::kClosed), 1U);
  EXPECT_EQ(server.events.back().error.code, ErrorCode::kClosed);
}

TEST(QuicTransportTest, RefusesAPortInUseAndTakesItOnceItIsFree) {
  auto first = std::make_unique<Node>(1);
  const SocketAddress address = first->address();
  const auto second = try_make(2, address.to_string());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kAddressInUse);
  first.reset();
  EXPECT_TRUE(try_make(2, address.to_string()).has_value());
  const auto foreign = try_make(3, "192.0.2.1:0");
  ASSERT_FALSE(foreign.has_value());
  EXPECT_EQ(foreign.error().code, ErrorCode::kUnreachable);
}

TEST(QuicTransportTest, DiallingAnAddressOfAnotherFamilyFailsSoonAndClearly) {
  Node client(2);
  const auto id = client.transport->dial(at("[::1]:9"), filled_id(), monotonic_now());
  ASSERT_TRUE(id.has_value());
  client.step();
  client.step();
  ASSERT_EQ(client.count(Event::Kind::kClosed), 1U);
  EXPECT_EQ(client.events.back().error.code, ErrorCode::kUnreachable);
  EXPECT_FALSE(client.transport->dial(at("127.0.0.1:0"), filled_id(), monotonic_now()));
  EXPECT_FALSE(client.transport->dial(at("0.0.0.0:9"), filled_id(), monotonic_now()));
}

TEST(QuicTransportTest, WaitEndsAtItsTimeOrWhenAnotherThreadWakesIt) {
  Node node(1);
  const Instant start = monotonic_now();
  node.transport->wait(start + milliseconds(30));
  EXPECT_GE(monotonic_now() - start, milliseconds(30));
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(20));
    node.transport->wake();
  });
  node.transport->wait(monotonic_now() + seconds(20));
  other.join();
  EXPECT_LT(monotonic_now() - start, seconds(10));
  node.step();
  const Instant again = monotonic_now();
  node.transport->wait(again + milliseconds(30));
  EXPECT_GE(monotonic_now() - again, milliseconds(30));
}

TEST(QuicTransportTest, RefusesSettingsThatCanNotWork) {
  QuicConfig config;
  config.alpn = "";
  EXPECT_FALSE(try_make(1, "127.0.0.1:0", config));
  config = {};
  config.idle_timeout = seconds(0);
  EXPECT_FALSE(try_make(1, "127.0.0.1:0", config));
  config = {};
  config.udp_payload_max = 1'199;
  EXPECT_FALSE(try_make(1, "127.0.0.1:0", config));
  config = {};
  config.stream_receive_window = 0;
  EXPECT_FALSE(try_make(1, "127.0.0.1:0", config));
}

}  // namespace
}  // namespace zerok::transport
