// SPDX-License-Identifier: MIT OR Apache-2.0
// Blobs on their way to the relay, and their withdrawal: PUSH, PUSH_ACK, DELETE. See session.h for
// what encode() and decode() promise, and docs/protocol/messages.md, section 6.
#pragma once

#include <optional>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "wire/message_type.h"
#include "wire/messages/session.h"

namespace zerok::wire {

struct PushBlob {
  BlobId id{};
  ByteView sealed{};
};

// Blobs of one epoch, in the order in which they are to be committed.
struct Push {
  static constexpr MessageType kType = MessageType::kPush;
  GroupId group{};                // the group's id in the epoch they are sealed for
  std::vector<PushBlob> blobs{};  // 1 to 256, together at most kBatchBytesMax

  Result<Bytes> encode() const;
  static Result<Push> decode(ByteView body);
};

// The first cursors.size() blobs are committed and synced; a blob that was there before has the
// cursor of its first commit. `stopped` is why the next one is not, and nothing if there is none.
struct PushAck {
  static constexpr MessageType kType = MessageType::kPushAck;
  std::vector<std::uint64_t> cursors{};
  std::optional<Refusal> stopped{};

  Result<Bytes> encode() const;
  static Result<PushAck> decode(ByteView body);
};

struct Delete {
  static constexpr MessageType kType = MessageType::kDelete;
  BlobId blob{};

  Result<Bytes> encode() const;
  static Result<Delete> decode(ByteView body);
};

}  // namespace zerok::wire
