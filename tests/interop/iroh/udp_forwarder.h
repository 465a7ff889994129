// SPDX-License-Identifier: MIT OR Apache-2.0
// UdpForwarder: stands between one client and one server on loopback, as a NAT would. The server
// sees its upstream socket; replacing that socket gives the client a new source port without the
// client's knowledge. It also counts the server's Retry packets. Never blocks.
#pragma once

#include <cstdint>
#include <optional>

#include "transport/address.h"

namespace zerok::interop {

class UdpForwarder {
 public:
  // Listens on a free loopback port of the server's address family.
  explicit UdpForwarder(const transport::SocketAddress& server);
  UdpForwarder(const UdpForwarder&) = delete;
  UdpForwarder& operator=(const UdpForwarder&) = delete;
  ~UdpForwarder();

  bool open() const { return front_ >= 0 && upstream_ >= 0; }
  // Where the client sends to.
  transport::SocketAddress address() const;
  // What the server sees as the client's address.
  transport::SocketAddress client_as_seen() const;

  void replace_upstream();
  // From now on loses every nth packet of each direction; 0 for none.
  void lose_every(int nth) { lose_every_ = nth; }
  void poll();

  int front_fd() const { return front_; }
  int upstream_fd() const { return upstream_; }
  int retries_seen() const { return retries_seen_; }
  int lost() const { return lost_; }

 private:
  bool loses(int& packets);

  transport::SocketAddress server_;
  std::optional<transport::SocketAddress> client_;
  int front_ = -1;
  int upstream_ = -1;
  int retries_seen_ = 0;
  int lose_every_ = 0;
  int packets_up_ = 0;
  int packets_down_ = 0;
  int lost_ = 0;
};

// An unconnected, non-blocking UDP socket on the loopback address of the family, any free port; -1
// on failure.
int open_loopback_udp(transport::AddressFamily family);

}  // namespace zerok::interop
