// SPDX-License-Identifier: MIT OR Apache-2.0
// SimulatedLimits: the bounds and timers of one simulated endpoint. The same meaning, and where it
// matters the same defaults, as the QUIC transport's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace zerok::transport {

struct SimulatedLimits {
  // A connection on which nothing arrives for this long is closed (kTimedOut).
  Duration idle_timeout = std::chrono::seconds(30);
  // A ping after this much silence of our own.
  Duration keep_alive = std::chrono::seconds(5);
  Duration handshake_timeout = std::chrono::seconds(10);
  // How long a closed connection still answers with its close code.
  Duration closing_time = std::chrono::seconds(10);

  // Bytes that a peer may send beyond what was read.
  std::uint64_t stream_receive_window = 1U << 20;
  std::uint64_t connection_receive_window = 4U << 20;
  // Bytes that write() takes and keeps until they have arrived.
  std::uint64_t stream_send_buffer = 1U << 20;
  std::uint64_t connection_send_buffer = 4U << 20;
  // Streams that a peer may have open at once, of each kind.
  std::uint64_t streams_bidi_max = 64;
  std::uint64_t streams_uni_max = 64;

  std::size_t connections_max = 16'384;
  std::size_t half_open_max = 1'024;
  // Packets that wait for a process that does not call step(); more are lost.
  std::size_t inbox_packets_max = 65'536;
};

}  // namespace zerok::transport
