// SPDX-License-Identifier: MIT OR Apache-2.0
// Packet: what simulated endpoints send each other. It stands for a QUIC packet with its meaning
// laid open: nothing is encoded or encrypted, and a reliable packet that gets lost comes back to
// its sender as a loss after a retransmission time, as if an acknowledgement had not come.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "transport/address.h"
#include "transport/transport.h"

namespace zerok::transport::simulated {

enum class PacketKind : std::uint8_t {
  kDial,           // dialer: a new connection
  kAnswer,         // listener: its identity and what it grants
  kFinish,         // dialer: the same
  kConfirm,        // listener: the dialer is accepted
  kRefuse,         // listener: too many connections
  kData,           // bytes and the end of a stream
  kAck,            // numbers of kData packets that have arrived
  kStreamCredit,   // value: the stream may send up to this offset
  kCredit,         // value: all streams together may
  kStreamLimit,    // value: streams of the kind in `fin` (true: unidirectional) that may be opened
  kReset,          // code; offset: final size of the stream
  kStop,           // code
  kClose,          // code
  kPing,           // keeps the connection alive
  kPathChallenge,  // is the peer at this address?
  kPathResponse,   // it is
  kUnknown,        // the receiver of some packet knows no such connection
  kCut,            // from the network itself: drop every connection with `from`
};

// What one end grants the other when they meet.
struct PeerGrants {
  std::uint64_t stream_window = 0;
  std::uint64_t connection_window = 0;
  std::uint64_t streams_bidi = 0;
  std::uint64_t streams_uni = 0;
};

struct Packet {
  PacketKind kind{};
  SocketAddress from;
  SocketAddress to;
  // Names the connection; drawn once per dial from the network's counter.
  std::uint64_t connection = 0;
  bool to_dialer = false;
  StreamId stream{};
  std::uint64_t number = 0;  // of kData, per connection and direction
  std::uint64_t offset = 0;
  std::uint64_t value = 0;  // a code, a limit
  bool fin = false;
  Bytes bytes;
  std::vector<std::uint64_t> acks;
  EndpointId identity;
  PeerGrants grants;
  std::uint32_t attempts = 0;  // how often it was lost so far

  bool is_reliable() const {
    return kind != PacketKind::kPing && kind != PacketKind::kUnknown &&
           kind != PacketKind::kClose && kind != PacketKind::kRefuse && kind != PacketKind::kCut;
  }
  // Bytes on the link, headers included.
  std::size_t size() const { return 60 + bytes.size() + 2 * acks.size(); }
};

}  // namespace zerok::transport::simulated
