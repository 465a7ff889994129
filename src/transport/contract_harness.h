// SPDX-License-Identifier: MIT OR Apache-2.0
// ContractHarness: what contract_test.cc needs of a Transport implementation to hold it to the
// promises of transport.h. A test program lists ../contract_test.cc among its sources and defines
// make_contract_harness(). Two endpoints, a dialer and a listener, and a way to let time pass.
#pragma once

#include <memory>

#include "transport/transport.h"

namespace zerok::transport {

// What the two endpoints were configured with; both alike. Small values make the tests quick.
struct ContractShape {
  // The most bytes that can be on their way in one stream: send buffer and receive window.
  std::size_t stream_bytes_max = 0;
  // The same for all streams of a connection.
  std::size_t connection_bytes_max = 0;
  // Streams of one kind that a peer may have open.
  std::size_t streams_max = 0;
  Duration handshake_timeout{};
  // Whether kStreamStopped comes unasked and with the peer's code, or only with the next write.
  bool tells_stops_at_once = true;
  // By when a peer that sends has noticed that the other end was restarted.
  Duration restart_noticed{};
};

class ContractHarness {
 public:
  virtual ~ContractHarness() = default;

  virtual ContractShape shape() const = 0;
  virtual Transport& dialer() = 0;
  virtual Transport& listener() = 0;
  virtual SocketAddress listener_address() const = 0;
  // An address where nothing answers.
  virtual SocketAddress dead_address() const = 0;
  // Replaces the listener by a new one with the same identity and address and no memory.
  virtual void restart_listener() = 0;

  virtual Instant now() const = 0;
  // Lets time pass until either endpoint may have something to do, a short while at most. The
  // caller steps both endpoints before and after.
  virtual void wait() = 0;
};

// A fresh pair of endpoints with nothing between them yet.
std::unique_ptr<ContractHarness> make_contract_harness();

}  // namespace zerok::transport
