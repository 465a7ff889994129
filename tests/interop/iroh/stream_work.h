// SPDX-License-Identifier: MIT OR Apache-2.0
// StreamWork: what our side does with streams in these tests, over any Transport. It echoes every
// stream the peer opens (a bidirectional one onto itself, a unidirectional one onto a new one), and
// sends patterns and checks that they come back. peer.mjs does the same with the same pattern.
#pragma once

#include <cstddef>
#include <list>
#include <optional>

#include "transport/transport.h"

namespace zerok::interop {

// The byte at a position of a stream's pattern; peer.mjs computes the same.
std::uint8_t pattern_byte(std::uint64_t stream_number, std::uint64_t position);

class StreamWork {
 public:
  explicit StreamWork(transport::Transport& transport) : transport_(transport) {}

  // Opens `streams` streams as the peer's limit allows; each sends `size` bytes and must get the
  // same back: on itself, or for unidirectional ones on the next such stream the peer opens (so ask
  // for one at a time).
  void send_patterns(transport::ConnectionId connection, transport::StreamKind kind,
                     std::uint64_t streams, std::size_t size);
  // Drops all of a connection's streams.
  void forget(transport::ConnectionId connection);

  void on_stream_opened(transport::ConnectionId connection, transport::StreamId stream);
  // Reads and writes whatever can go on now.
  void step();

  // All patterns sent came back, byte for byte.
  bool patterns_done() const { return patterns_open_ == 0 && !failed_; }
  // A wrong byte, an early end, or an error on a pattern's stream.
  bool failed() const { return failed_; }
  std::uint64_t pattern_bytes_back() const { return pattern_bytes_back_; }

 private:
  struct Work {
    transport::ConnectionId connection;
    transport::StreamKind kind;
    bool echo;
    std::uint64_t number = 0;
    std::size_t size = 0;
    std::optional<transport::StreamId> in;
    std::optional<transport::StreamId> out;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    Bytes held;  // read but not yet echoed
    bool in_ended = false;
    bool out_ended = false;
  };

  // False when the work is over, for better or worse.
  bool step_one(Work& work);
  Result<void> open(Work& work);
  Result<void> send_pattern(Work& work);
  Result<void> check_pattern(Work& work);
  Result<void> echo(Work& work);

  transport::Transport& transport_;
  std::list<Work> works_;
  std::size_t patterns_open_ = 0;
  std::uint64_t pattern_bytes_back_ = 0;
  bool failed_ = false;
};

}  // namespace zerok::interop
