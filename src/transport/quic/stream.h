// SPDX-License-Identifier: MIT OR Apache-2.0
// Stream: what Connection keeps for one QUIC stream. Plain data; Connection has the rules. It lives
// until both directions are over and the application has been told and has read everything.
#pragma once

#include <cstdint>

#include "transport/quic/stream_buffers.h"
#include "transport/transport.h"

namespace zerok::transport {

// The events of one stream that wait to be polled, one bit each, lowest first.
enum StreamEventBit : std::uint8_t {
  kOpenedBit = 1,
  kReadableBit = 2,
  kWritableBit = 4,
  kResetBit = 8,
  kStoppedBit = 16,
};

struct Stream {
  explicit Stream(std::int64_t stream_id) : id(stream_id) {}

  std::int64_t id;
  SendBuffer send;
  ReceiveQueue receive;
  Stream* next_to_send = nullptr;
  Stream* next_event = nullptr;
  std::uint64_t reset_code = 0;
  std::uint64_t stop_code = 0;

  std::uint8_t events = 0;
  bool in_send_list = false;
  bool in_event_list = false;

  bool can_send = true;         // false: the peer's unidirectional stream, or this side is over
  bool fin_written = false;     // the application ended the stream
  bool fin_sent = false;        // and ngtcp2 has taken the end
  bool send_blocked = false;    // by the peer's stream flow control
  bool wants_writable = false;  // a write took less than all
  bool stopped = false;         // the peer asked us to stop

  bool can_receive = true;     // false: our unidirectional stream, or reading is over
  bool fin_received = false;   // the peer's end has arrived
  bool peer_reset = false;     // the peer abandoned its side
  bool readable_armed = true;  // the next arrival makes an event
  bool closed = false;         // ngtcp2 has forgotten the stream
};

}  // namespace zerok::transport
