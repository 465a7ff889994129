// SPDX-License-Identifier: MIT OR Apache-2.0
// Transport: authenticated connections with ordered byte streams, driven by polling. Two
// implementations: quic/ (real, RFC 9000, iroh's wire) and simulated/ (virtual time). No callbacks
// and no threads: the driver calls step(now), drains poll_event(), reads and writes, and sleeps
// until next_timeout() or input. Not thread-safe: one driver, one thread. Peers are named by
// EndpointId (their Ed25519 key), proven before any event about them appears.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "transport/address.h"

namespace zerok::transport {

// Names a connection of one transport; never reused within it.
enum class ConnectionId : std::uint64_t {};
// A QUIC stream id (RFC 9000 section 2.1): the low bits say who opened it and whether it is
// unidirectional.
enum class StreamId : std::uint64_t {};

enum class StreamKind : std::uint8_t { kBidirectional, kUnidirectional };

struct Event {
  enum class Kind : std::uint8_t {
    kConnected,     // a dialled peer proved its id AND accepted ours (QUIC: handshake confirmed)
    kAccepted,      // a peer dialled us and proved its id
    kStreamOpened,  // the peer opened a stream
    kReadable,      // bytes or the end of a stream wait; edge-triggered, repeated only after a read
                    // found nothing left
    kWritable,      // a write that took less than all can go on
    kStreamReset,   // the peer abandoned its sending side (code = its application code)
    kStreamStopped,  // the peer reads no more of what we send (code = its application code, or 0
                     // where QUIC's library does not say); seen at the latest by the next write
    kPeerMoved,      // the peer's network address changed and was validated
    kClosed,  // the last event of a connection; error says why, code is the peer's application code
              // if it closed. What had arrived can be read until the next poll_event()
  };
  Kind kind;
  ConnectionId connection;
  StreamId stream{};
  EndpointId peer{};
  std::uint64_t code = 0;
  Error error{ErrorCode::kClosed, "closed"};
};

struct ReadResult {
  std::size_t size = 0;  // bytes written to the caller's buffer
  bool fin = false;      // the peer ended the stream and all of it has now been read
};

// What a connection costs and does, for limits, metrics and tests. Byte counts are of stream
// payload.
struct ConnectionStats {
  SocketAddress remote;
  Duration smoothed_rtt{};
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t packets_lost = 0;
  // Bytes held in memory for this connection's streams now: unsent or unacknowledged, and received
  // but unread.
  std::uint64_t bytes_buffered = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  virtual EndpointId local_id() const = 0;

  // Starts connecting; kConnected or kClosed follows. A peer that proves another key than `peer` is
  // kWrongPeer.
  virtual Result<ConnectionId> dial(const SocketAddress& address, const EndpointId& peer,
                                    Instant now) = 0;

  // kWouldBlock when the peer's limit on open streams is reached.
  virtual Result<StreamId> open_stream(ConnectionId connection, StreamKind kind) = 0;

  // Takes as many bytes as the stream's send buffer has room for and returns how many; fin counts
  // only when all were taken. 0 means wait for kWritable. Errors: kClosed, kReset (peer stopped the
  // stream), kInvalidState (after fin).
  virtual Result<std::size_t> write(ConnectionId connection, StreamId stream, ByteView bytes,
                                    bool fin) = 0;

  // Copies waiting bytes out; size 0 without fin means wait for kReadable. What was read is given
  // back to the peer as flow control credit: a reader that stops reading stops its peer. Errors:
  // kClosed, kReset.
  virtual Result<ReadResult> read(ConnectionId connection, StreamId stream,
                                  MutableByteView out) = 0;

  // Abandons our sending side. The peer sees kStreamReset.
  virtual void reset_stream(ConnectionId connection, StreamId stream, std::uint64_t code) = 0;
  // Asks the peer to stop sending and drops what arrives. The peer sees kStreamStopped.
  virtual void stop_reading(ConnectionId connection, StreamId stream, std::uint64_t code) = 0;

  // Closes at once; the peer sees kClosed with the code. Unsent bytes are dropped. No event follows
  // on this side.
  virtual void close(ConnectionId connection, std::uint64_t code) = 0;

  // nullopt when there is no such connection.
  virtual std::optional<ConnectionStats> stats(ConnectionId connection) const = 0;

  // Receives, runs timers, sends. Call at next_timeout(), on input and after writing.
  virtual void step(Instant now) = 0;
  virtual Instant next_timeout() const = 0;
  // The next thing that happened. The queue is bounded: at most one entry per kind and stream.
  virtual std::optional<Event> poll_event() = 0;
};

}  // namespace zerok::transport
