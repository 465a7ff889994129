// SPDX-License-Identifier: MIT OR Apache-2.0
// SimulatedNetwork: the world between simulated endpoints, in virtual time, one thread, from one
// seed. It holds the nodes (an identity and an address each), the links between them, and the
// packets on their way in one heap ordered by (time, sequence). The same calls with the same seed
// give the same digest. Faults are settings of links and a few verbs. It must outlive its
// transports.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "transport/address.h"
#include "transport/simulated/link.h"
#include "transport/simulated/packet.h"

namespace zerok::transport {

enum class NodeId : std::uint32_t {};

class SimulatedNetwork {
 public:
  explicit SimulatedNetwork(std::uint64_t seed) : seed_(seed) {}
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

  // A machine with nothing running on it yet. Addresses are unique.
  NodeId add_node(const EndpointId& identity, const SocketAddress& address);
  const EndpointId& identity(NodeId node) const { return get(node).identity; }
  const SocketAddress& address(NodeId node) const { return get(node).address; }

  // Faults and settings; all count for packets sent from now on.
  void set_link(NodeId from, NodeId to, const LinkSettings& settings);
  void set_all_links(const LinkSettings& settings);
  const LinkSettings& link_settings(NodeId from, NodeId to) { return link(from, to).settings(); }
  void set_blackhole(NodeId from, NodeId to, bool on);
  // Both directions.
  void set_partition(NodeId a, NodeId b, bool on);
  // The node has a new address, as after a NAT forgot it; packets on the way to the old one are
  // lost.
  void move(NodeId node, const SocketAddress& address);
  // Something in between resets every connection of the two: both ends see kReset.
  void cut_connections(NodeId a, NodeId b);

  // Delivers everything due by now to the nodes' inboxes. Time never goes back.
  void step(Instant now);
  Instant next_timeout() const { return heap_.empty() ? kNever : heap_.front().at; }
  std::size_t packets_under_way() const { return heap_.size(); }

  // A running hash over everything that was sent, lost and delivered, and every event told.
  std::uint64_t digest() const { return digest_; }
  void add_to_digest(std::uint64_t value);

  // For SimulatedTransport only. One transport at a time runs on a node.
  struct Delivery {
    simulated::Packet packet;
    bool lost;  // our own packet, back as lost
    // Who sent it; a loss concerns only the process that did.
    NodeId sender;
    std::uint64_t incarnation;
  };
  void attach(NodeId node, std::size_t inbox_packets_max);
  void detach(NodeId node);
  void send(NodeId from, simulated::Packet packet, Instant now);
  // A packet that the receiver can't use yet, or never: lost, as far as its sender can tell.
  void refuse(Delivery delivery, Instant now);
  bool take(NodeId node, Delivery& out);
  bool has_inbox(NodeId node) const { return !get(node).inbox.empty(); }
  simulated::Link& link_to(NodeId from, const SocketAddress& to);
  std::uint64_t next_connection() { return ++connections_; }

 private:
  struct Node {
    EndpointId identity;
    SocketAddress address;
    std::uint64_t incarnation = 0;  // odd while something runs
    std::size_t inbox_packets_max = 0;
    std::deque<Delivery> inbox;
  };
  struct Pending {
    Instant at;
    std::uint64_t sequence;
    Delivery delivery;
    // For the heap functions: the earliest is the greatest.
    bool operator<(const Pending& other) const {
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };

  const Node& get(NodeId node) const { return nodes_[static_cast<std::size_t>(node)]; }
  Node& get(NodeId node) { return nodes_[static_cast<std::size_t>(node)]; }
  simulated::Link& link(NodeId from, NodeId to);
  void push(Instant at, Delivery delivery);
  void push_loss(Instant at, Delivery delivery);
  void deliver(Pending pending);
  void note(const Pending& pending);

  std::uint64_t seed_;
  std::uint64_t sequence_ = 0;
  std::uint64_t connections_ = 0;
  std::uint64_t digest_ = 0;
  std::deque<Node> nodes_;
  std::map<SocketAddress, NodeId> by_address_;
  std::map<std::pair<NodeId, NodeId>, simulated::Link> links_;
  LinkSettings default_settings_;
  std::vector<Pending> heap_;
};

}  // namespace zerok::transport
