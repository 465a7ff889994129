// SPDX-License-Identifier: MIT OR Apache-2.0
// SimulatedTransport: a Transport in virtual time. It is the process that runs on one node of a
// SimulatedNetwork: destroying it is a crash without a word, and a new one on the same node knows
// nothing of the old one's connections, which its peers then learn. step() also moves the network
// on.
#pragma once

#include <map>
#include <memory>

#include "transport/simulated/connection.h"
#include "transport/simulated/network.h"
#include "transport/transport.h"

namespace zerok::transport {

class SimulatedTransport final : public Transport {
 public:
  // At most one on a node at a time.
  SimulatedTransport(SimulatedNetwork& network, NodeId node, const SimulatedLimits& limits = {});
  ~SimulatedTransport() override;
  SimulatedTransport(const SimulatedTransport&) = delete;
  SimulatedTransport& operator=(const SimulatedTransport&) = delete;

  EndpointId local_id() const override { return network_.identity(node_); }
  Result<ConnectionId> dial(const SocketAddress& address, const EndpointId& peer,
                            Instant now) override;
  Result<StreamId> open_stream(ConnectionId connection, StreamKind kind) override;
  Result<std::size_t> write(ConnectionId connection, StreamId stream, ByteView bytes,
                            bool fin) override;
  Result<ReadResult> read(ConnectionId connection, StreamId stream, MutableByteView out) override;
  void reset_stream(ConnectionId connection, StreamId stream, std::uint64_t code) override;
  void stop_reading(ConnectionId connection, StreamId stream, std::uint64_t code) override;
  void close(ConnectionId connection, std::uint64_t code) override;
  std::optional<ConnectionStats> stats(ConnectionId connection) const override;
  void step(Instant now) override;
  Instant next_timeout() const override;
  std::optional<Event> poll_event() override;

  std::size_t connection_count() const { return connections_.size(); }

 private:
  // A connection's name and whether we are its dialer: a node may dial itself.
  using Key = std::pair<std::uint64_t, bool>;
  struct Closing {
    simulated::Packet packet;
    Instant until;
  };

  simulated::Connection* find(ConnectionId id) const;
  void take_inbox(Instant now);
  void take(SimulatedNetwork::Delivery delivery, Instant now);
  void accept(SimulatedNetwork::Delivery delivery, Instant now);
  void cut(const SocketAddress& remote);
  void send_data(ConnectionId id, simulated::Connection& connection, Instant now);
  void flush(Instant now);
  void drop_dead_half_open();

  SimulatedNetwork& network_;
  const NodeId node_;
  const SimulatedLimits limits_;
  simulated::ConnectionSinks sinks_;
  // Its end was polled last; what it received may be read until the next poll.
  std::optional<ConnectionId> told_closed_;
  std::map<ConnectionId, std::unique_ptr<simulated::Connection>> connections_;
  std::map<Key, ConnectionId> by_key_;
  std::map<Key, Closing> closing_;
  // Connections whose data waits for a slow link to drain.
  std::map<ConnectionId, Instant> paced_;
  std::uint64_t next_id_ = 0;
  Instant now_{};
};

}  // namespace zerok::transport
