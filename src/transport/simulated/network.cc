// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/simulated/network.h"

#include <algorithm>

#include "base/check.h"

namespace zerok::transport {

using simulated::Link;
using simulated::Packet;
using simulated::PacketFate;
using simulated::PacketKind;

namespace {

// Packets to an address where nobody lives go over this node's links.
constexpr NodeId kNobody{0xffffffff};

// The finaliser of splitmix64 (Steele, Lea, Flood): every bit of the result depends on every bit.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

std::uint64_t number(NodeId node) { return static_cast<std::uint64_t>(node); }

}  // namespace

void SimulatedNetwork::add_to_digest(std::uint64_t value) { digest_ = mix(digest_ ^ mix(value)); }

NodeId SimulatedNetwork::add_node(const EndpointId& identity, const SocketAddress& address) {
  ZEROK_ASSERT(!by_address_.contains(address));
  const NodeId node{static_cast<std::uint32_t>(nodes_.size())};
  nodes_.push_back({.identity = identity, .address = address, .inbox = {}});
  by_address_[address] = node;
  return node;
}

Link& SimulatedNetwork::link(NodeId from, NodeId to) {
  const auto at = links_.find({from, to});
  if (at != links_.end()) return at->second;
  const std::uint64_t seed = mix(seed_ ^ mix(number(from) << 32 | number(to)));
  Link& fresh = links_.emplace(std::pair(from, to), Link(seed)).first->second;
  fresh.set(default_settings_);
  return fresh;
}

Link& SimulatedNetwork::link_to(NodeId from, const SocketAddress& to) {
  const auto node = by_address_.find(to);
  return link(from, node == by_address_.end() ? kNobody : node->second);
}

void SimulatedNetwork::set_link(NodeId from, NodeId to, const LinkSettings& settings) {
  link(from, to).set(settings);
}

void SimulatedNetwork::set_all_links(const LinkSettings& settings) {
  default_settings_ = settings;
  for (auto& [ends, one] : links_) one.set(settings);
}

void SimulatedNetwork::set_blackhole(NodeId from, NodeId to, bool on) {
  Link& one = link(from, to);
  LinkSettings settings = one.settings();
  settings.blackhole = on;
  one.set(settings);
}

void SimulatedNetwork::set_partition(NodeId a, NodeId b, bool on) {
  set_blackhole(a, b, on);
  set_blackhole(b, a, on);
}

void SimulatedNetwork::move(NodeId node, const SocketAddress& address) {
  ZEROK_ASSERT(!by_address_.contains(address));
  by_address_.erase(get(node).address);
  get(node).address = address;
  by_address_[address] = node;
}

void SimulatedNetwork::cut_connections(NodeId a, NodeId b) {
  for (const auto& [at, other] : {std::pair(a, b), std::pair(b, a)}) {
    if (get(at).incarnation % 2 == 0) continue;
    Packet packet;
    packet.kind = PacketKind::kCut;
    packet.from = get(other).address;
    packet.to = get(at).address;
    get(at).inbox.push_back({std::move(packet), false, other, get(other).incarnation});
  }
}

void SimulatedNetwork::attach(NodeId node, std::size_t inbox_packets_max) {
  ZEROK_ASSERT(get(node).incarnation % 2 == 0);
  ++get(node).incarnation;
  get(node).inbox_packets_max = inbox_packets_max;
}

void SimulatedNetwork::detach(NodeId node) {
  ZEROK_ASSERT(get(node).incarnation % 2 == 1);
  ++get(node).incarnation;
  get(node).inbox.clear();
}

void SimulatedNetwork::push(Instant at, Delivery delivery) {
  heap_.push_back({at, ++sequence_, std::move(delivery)});
  std::push_heap(heap_.begin(), heap_.end());
}

// The sender learns of the loss, if it cares about this packet at all.
void SimulatedNetwork::push_loss(Instant at, Delivery delivery) {
  if (!delivery.packet.is_reliable()) return;
  delivery.lost = true;
  push(at, std::move(delivery));
}

void SimulatedNetwork::send(NodeId from, Packet packet, Instant now) {
  packet.from = get(from).address;
  const PacketFate fate = link_to(from, packet.to).send(packet.size(), packet.attempts, now);
  Delivery delivery{std::move(packet), false, from, get(from).incarnation};
  if (fate.duplicate) push(*fate.duplicate, delivery);
  if (fate.arrival) {
    push(*fate.arrival, std::move(delivery));
  } else {
    push_loss(fate.noticed, std::move(delivery));
  }
}

void SimulatedNetwork::refuse(Delivery delivery, Instant now) {
  const Link& used = link_to(delivery.sender, delivery.packet.to);
  const Instant noticed = now + used.retry_after(delivery.packet.attempts);
  push_loss(noticed, std::move(delivery));
}

void SimulatedNetwork::step(Instant now) {
  while (!heap_.empty() && heap_.front().at <= now) {
    std::pop_heap(heap_.begin(), heap_.end());
    Pending pending = std::move(heap_.back());
    heap_.pop_back();
    deliver(std::move(pending));
  }
}

void SimulatedNetwork::deliver(Pending pending) {
  note(pending);
  Delivery& delivery = pending.delivery;
  if (delivery.lost) {
    Node& node = get(delivery.sender);
    // Not counted against the bound: the sender's own buffers bound it.
    if (node.incarnation == delivery.incarnation) node.inbox.push_back(std::move(delivery));
    return;
  }
  const auto found = by_address_.find(delivery.packet.to);
  Node* node = found == by_address_.end() ? nullptr : &get(found->second);
  if (node != nullptr && node->incarnation % 2 == 1 &&
      node->inbox.size() < node->inbox_packets_max) {
    node->inbox.push_back(std::move(delivery));
  } else {
    refuse(std::move(delivery), pending.at);
  }
}

bool SimulatedNetwork::take(NodeId node, Delivery& out) {
  std::deque<Delivery>& inbox = get(node).inbox;
  if (inbox.empty()) return false;
  out = std::move(inbox.front());
  inbox.pop_front();
  return true;
}

void SimulatedNetwork::note(const Pending& pending) {
  const Packet& packet = pending.delivery.packet;
  for (const std::uint64_t value :
       {static_cast<std::uint64_t>(pending.at.time_since_epoch().count()), pending.sequence,
        static_cast<std::uint64_t>(packet.kind) << 1 | (pending.delivery.lost ? 1U : 0U),
        number(pending.delivery.sender), packet.connection,
        static_cast<std::uint64_t>(packet.stream), packet.offset, packet.value,
        static_cast<std::uint64_t>(packet.bytes.size())}) {
    add_to_digest(value);
  }
}

}  // namespace zerok::transport
