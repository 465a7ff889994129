// SPDX-License-Identifier: MIT OR Apache-2.0
// QuicConfig: every number of the QUIC transport that an operator or a test may want to change.
// The defaults suit a relay and its clients; validate() refuses values that can't work.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace zerok::transport {

// When a server makes a dialling peer prove its address with a Retry packet before it keeps any
// state for it (RFC 9000 section 8.1.2).
enum class RetryPolicy : std::uint8_t { kNever, kUnderLoad, kAlways };

struct QuicConfig {
  // TLS application protocol; both ends must name the same one. 1 to 255 bytes.
  std::string alpn = "/0k-sync/2";
  // Whether peers may dial us. An endpoint that does not accept answers strangers with nothing.
  bool accept = true;

  // A connection on which nothing arrives for this long is closed (kTimedOut). The smaller of both
  // ends' values counts. 1 s to 1 h.
  Duration idle_timeout = std::chrono::seconds(30);
  // Sends a ping after this much silence, so that the idle timeout does not strike. Zero: off.
  Duration keep_alive = Duration::zero();
  // A handshake that is not complete by then is dropped, on either side. 100 ms to 10 min.
  Duration handshake_timeout = std::chrono::seconds(10);

  // Flow control, in bytes: what a peer may send beyond what was read, per stream and per
  // connection. Memory for received bytes is bounded by these.
  std::uint64_t stream_receive_window = 1U << 20;
  std::uint64_t connection_receive_window = 4U << 20;
  // Bytes that write() accepts and holds until the peer has acknowledged them, per stream and per
  // connection.
  std::size_t stream_send_buffer = 1U << 20;
  std::size_t connection_send_buffer = 4U << 20;
  // Streams a peer may have open at once, of each kind. At most 65,536.
  std::uint32_t streams_bidi_max = 64;
  std::uint32_t streams_uni_max = 64;

  // Connections in all, dialled and accepted.
  std::size_t connections_max = 16'384;
  // Accepted connections whose handshake is not complete, at about 57 KiB each. More are dropped
  // unanswered; a peer that means it tries again by itself.
  std::size_t half_open_max = 1'024;
  RetryPolicy retry = RetryPolicy::kUnderLoad;
  // With kUnderLoad: Retry from this many half-open connections on.
  std::size_t retry_half_open_min = 128;

  // Per source (one IPv4 address, or one IPv6 /64), counted apart for sources that have proven
  // their address and those that have not. A source over its limit is first made to prove its
  // address, then dropped. Zero: no limit.
  std::uint32_t handshakes_per_minute = 600;
  std::uint32_t half_open_per_source = 64;
  // Sources remembered at once.
  std::size_t sources_max = 8'192;
  // Packets sent to strangers per second, of each kind: version negotiation, refusal, stateless
  // reset.
  std::uint32_t stateless_per_second = 1'000;
  // The same for Retry. They are the way in while a flood goes on, so there are to be more of them
  // than forged packets; one costs about 10 us.
  std::uint32_t retries_per_second = 20'000;

  // The largest UDP payload to send, 1,200 to 65,000 bytes. Larger than 1,452 only makes sense
  // on loopback or jumbo frames; discovery probes upwards from 1,200.
  std::size_t udp_payload_max = 1'452;
  // Generic segmentation offload and its receiving counterpart, where the system has them.
  bool gso = true;
  bool gro = true;
  // Requested kernel buffer of the socket for each direction, in bytes.
  std::size_t socket_buffer = 4U << 20;

  Result<void> validate() const;
};

}  // namespace zerok::transport
