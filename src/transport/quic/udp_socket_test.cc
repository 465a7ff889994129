// SPDX-License-Identifier: MIT OR Apache-2.0
// UdpSocket on loopback: what strangers and odd paths must not be able to break.
#include "transport/quic/udp_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/quic/path.h"

namespace zerok::transport {
namespace {

SocketAddress at(std::string_view text) { return *SocketAddress::parse(text); }

UdpSocket bound(std::string_view address) {
  auto socket = UdpSocket::bind(at(address), {});
  EXPECT_TRUE(socket.has_value());
  return *std::move(socket);
}

std::span<const UdpSocket::Received> await(UdpSocket& socket) {
  pollfd waited{socket.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waited, 1, 2'000), 1);
  return socket.receive();
}

PacketBatch batch_of(const Path& path, std::size_t packets) {
  PacketBatch batch;
  batch.path = path;
  for (std::size_t i = 0; i < packets; ++i) {
    const MutableByteView room = batch.room(1'200);
    std::ranges::fill(room, static_cast<std::uint8_t>(i));
    batch.add(room.size());
  }
  return batch;
}

// How many datagrams the peer's kernel handed over in one piece.
std::size_t coalesced(UdpSocket& from, UdpSocket& to) {
  from.send(batch_of({at("0.0.0.0:0"), to.local()}, 4));
  const auto received = await(to);
  return received.empty() ? 0 : received[0].bytes.size() / 1'200;
}

TEST(UdpSocketTest, KeepsItsOffloadWhenABatchFailsForAnotherReason) {
  UdpSocket sender = bound("0.0.0.0:0");
  UdpSocket receiver = bound("127.0.0.1:0");
  const std::size_t before = coalesced(sender, receiver);
  if (before < 4) GTEST_SKIP() << "the system has no segmentation offload";
  // Nothing can be sent from there; the system says EINVAL, as for an offload it does not have.
  sender.send(batch_of({at("255.255.255.255:1"), receiver.local()}, 4));
  EXPECT_EQ(coalesced(sender, receiver), before);
}

TEST(UdpSocketTest, AnswersABroadcastFromAnAddressOfItsOwn) {
  UdpSocket socket = bound("0.0.0.0:0");
  const int stranger = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(stranger, 0);
  const int on = 1;
  ASSERT_EQ(::setsockopt(stranger, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)), 0);
  sockaddr_storage to;
  const socklen_t size = to_native(at("127.255.255.255:1").with_port(socket.local().port()), to);
  ASSERT_EQ(::sendto(stranger, "hi", 2, 0, reinterpret_cast<const sockaddr*>(&to), size), 2);
  const auto received = await(socket);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(socket.send(batch_of(received[0].path, 1)), UdpSocket::SendStatus::kSent);
  ::close(stranger);
}

}  // namespace
}  // namespace zerok::transport
