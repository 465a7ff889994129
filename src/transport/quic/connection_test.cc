// SPDX-License-Identifier: MIT OR Apache-2.0
// What only a peer that breaks the rules would send, or what shows only from inside.
#include "transport/quic/connection.h"

#include <gtest/gtest.h>
#include <ngtcp2/ngtcp2.h>

#include "base/log.h"
#include "transport/quic/test_world.h"

namespace zerok::transport {

struct ConnectionTestPeer {
  static Connection& connection(Endpoint& endpoint, ConnectionId id) {
    return *endpoint.find(id)->connection;
  }
  static bool holds_tls(Endpoint& endpoint, ConnectionId id) {
    return connection(endpoint, id).tls_ != nullptr;
  }
  // Has the connection send TLS bytes after the handshake.
  static void send_late_tls(Endpoint& endpoint, ConnectionId id, ByteView bytes) {
    EXPECT_EQ(
        ngtcp2_conn_submit_crypto_data(connection(endpoint, id).conn_, NGTCP2_ENCRYPTION_LEVEL_1RTT,
                                       bytes.data(), bytes.size()),
        0);
    endpoint.touch(id, *endpoint.find(id));
  }
};

namespace testing {
namespace {

using std::chrono::seconds;

TEST(ConnectionTest, KeepsNoTlsStateOnceTheHandshakeIsConfirmed) {
  World world(1);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const ConnectionId dialled = client.dial(server);
  EXPECT_TRUE(ConnectionTestPeer::holds_tls(client.endpoint(), dialled));
  const Pair pair = connect(world, client, server);
  EXPECT_FALSE(ConnectionTestPeer::holds_tls(client.endpoint(), pair.client));
  EXPECT_FALSE(ConnectionTestPeer::holds_tls(server.endpoint(), pair.server));
}

TEST(ConnectionTest, AServerEndsAConnectionThatSpeaksTlsAfterTheHandshake) {
  World world(2);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  // A TLS KeyUpdate, which RFC 9001 section 6 forbids.
  ConnectionTestPeer::send_late_tls(client.endpoint(), pair.client, ByteArray<5>{24, 0, 0, 1, 0});
  EXPECT_TRUE(world.run_until([&] { return client.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.code, ErrorCode::kTransportProtocol);
  EXPECT_EQ(client.last(Event::Kind::kClosed)->error.native, 0x10a);
  EXPECT_EQ(server.last(Event::Kind::kClosed)->error.code, ErrorCode::kTransportProtocol);
}

TEST(ConnectionTest, AClientSkipsSessionTicketsButNotWithoutEnd) {
  World world(3);
  Host& server = world.add(1, "10.0.0.1:1000");
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  const Bytes tickets = random_bytes(1, 10'000);
  for (int i = 0; i < 6; ++i) {
    ConnectionTestPeer::send_late_tls(server.endpoint(), pair.server, tickets);
    world.run_for(seconds(2));
  }
  EXPECT_EQ(client.count(Event::Kind::kClosed), 0U);
  ConnectionTestPeer::send_late_tls(server.endpoint(), pair.server, tickets);
  EXPECT_TRUE(world.run_until([&] { return server.count(Event::Kind::kClosed) > 0; }));
  EXPECT_EQ(server.last(Event::Kind::kClosed)->error.code, ErrorCode::kTransportProtocol);
}

TEST(ConnectionTest, NoLineOfTheLogNamesAPeerOrItsAddress) {
  std::string lines;
  log::set_level(log::Level::kTrace);
  log::set_sink([&](log::Level, std::string_view line) { lines.append(line).push_back('\n'); });
  World world(4);
  QuicConfig config;
  config.half_open_max = 1;
  Host& server = world.add(1, "10.0.0.1:1000", config);
  Host& client = world.add(2, "10.0.0.2:2000");
  const Pair pair = connect(world, client, server);
  world.inject(address_of("10.7.7.7:7"), server, client.first_datagram(server));
  world.inject(address_of("10.7.7.7:7"), server, client.first_datagram(server));
  client.endpoint().close(pair.client, 1);
  world.run_for(seconds(1));
  log::set_sink({});
  log::set_level(log::Level::kWarn);
  EXPECT_NE(lines.find("too many unfinished handshakes"), std::string::npos);
  EXPECT_NE(lines.find("endpoint#"), std::string::npos);
  for (const EndpointId& id : {server.id(), client.id()}) {
    EXPECT_EQ(lines.find(to_hex(id.bytes())), std::string::npos);
    EXPECT_EQ(lines.find(to_base64(id.bytes())), std::string::npos);
  }
  EXPECT_EQ(lines.find("10.0.0"), std::string::npos);
  EXPECT_EQ(lines.find("10.7.7"), std::string::npos);
}

}  // namespace
}  // namespace testing
}  // namespace zerok::transport
