// SPDX-License-Identifier: MIT OR Apache-2.0
// MessageAssembler: puts messages together from the frames of a session, whose chunks may
// interleave. A message in one frame is passed through without a copy. Memory follows what has
// arrived, never what was announced: it doubles up to the announced size. Any error is the peer's
// breach of the protocol and final; the session ends.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/frame.h"
#include "wire/message_type.h"

namespace zerok::wire {

// A whole message. body() is good until the message dies, and, if the message came in one frame, no
// longer than the record it came in.
class Message {
 public:
  Message(MessageKey key, ByteView record_view) : key_(key), body_(record_view) {}
  Message(MessageKey key, Bytes&& owned) : key_(key), owned_(std::move(owned)), body_(owned_) {}
  Message(Message&&) noexcept = default;
  Message& operator=(Message&&) noexcept = default;

  const MessageKey& key() const { return key_; }
  ByteView body() const { return body_; }

 private:
  MessageKey key_;
  Bytes owned_;
  ByteView body_;
};

// A sender that keeps to the same numbers (scheduler.h) never meets these bounds.
struct AssemblerLimits {
  // Bytes of one message by its type number; more is kTooLarge.
  std::size_t (*message_bytes_max)(std::uint8_t type) = &wire::message_bytes_max;
  // Messages begun and not finished, and the sum of their announced sizes; more is kOverloaded.
  std::size_t open_messages_max = 8;
  std::size_t open_bytes_max = std::size_t{16} << 20;
};

class MessageAssembler {
 public:
  explicit MessageAssembler(AssemblerLimits limits = {}) : limits_(limits) {}

  // The message that this frame completes, or nullopt. Errors: kTooLarge, kOverloaded, kMalformed
  // (a chunk of a message that was not begun, begun twice, ends early or does not end).
  Result<std::optional<Message>> add(const Frame& frame);

  // From now on. What is open stays, so a receiver may raise its bounds once it knows its peer.
  void set_limits(const AssemblerLimits& limits) { limits_ = limits; }

  std::size_t open_messages() const { return open_.size(); }
  // Memory held for unfinished messages now.
  std::size_t reserved_bytes() const;

 private:
  struct Open {
    MessageKey key;
    std::uint32_t total;
    Bytes body;
  };

  Result<std::optional<Message>> begin(const Frame& frame);
  Result<std::optional<Message>> go_on(const Frame& frame);
  static void append(Open& open, ByteView chunk);

  AssemblerLimits limits_;
  std::vector<Open> open_;
  std::size_t open_bytes_ = 0;
  std::optional<Error> failed_;
};

}  // namespace zerok::wire
