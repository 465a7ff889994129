// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading a group's log at a relay: PULL, PULL_RESPONSE, ACK, and the line they speak of. See
// session.h for what encode() and decode() promise, and docs/protocol/messages.md, sections 3
// and 7.
#pragma once

#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "wire/message_type.h"
#include "wire/messages/session.h"

namespace zerok::wire {

enum class LineKind : std::uint8_t {
  kBlob = 1,
  kOwn = 2,   // pushed by the reader itself, which did not ask for the content
  kStub = 3,  // the payload was removed
};

// Why a payload was removed. A newer relay may give others.
enum class StubReason : std::uint8_t {
  kConfirmed = 1,  // every other device has acknowledged it
  kExpired = 2,    // its time to live is over
  kDeleted = 3,    // by a DELETE
  kDamaged = 4,    // the relay's disk lost it
};

// One line of the log. Its cursor is told by its place; its hash does not depend on its kind.
struct Line {
  LineKind kind = LineKind::kBlob;
  BlobId blob{};
  DeviceId sender{};                 // kBlob, kStub: as the relay enrolled it
  GroupId group{};                   // kBlob: the group's id in the epoch it is sealed for
  ByteView sealed{};                 // kBlob
  CiphertextHash ciphertext_hash{};  // kOwn, kStub
  StubReason reason{};               // kStub
};

struct Pull {
  static constexpr MessageType kType = MessageType::kPull;
  std::uint64_t after = 0;
  std::uint64_t stored = 0;     // an ACK on the way
  std::uint32_t lines_max = 0;  // 1 to 1,024
  std::uint32_t bytes_max = 0;  // of sealed bytes; one blob comes whatever its size
  bool own_content = false;     // one's own blobs as kBlob, where the payload is still there

  Result<Bytes> encode() const;
  static Result<Pull> decode(ByteView body);
};

// Lines without a gap, the first of them right after `before`.
struct PullResponse {
  static constexpr MessageType kType = MessageType::kPullResponse;
  Position before{};  // where PULL asked from, or the stub floor if that was higher
  std::vector<Line> lines{};
  std::uint64_t highest = 0;

  std::uint64_t cursor_of(std::size_t index) const { return before.cursor + 1 + index; }
  Result<Bytes> encode() const;
  static Result<PullResponse> decode(ByteView body);
};

// Everything up to `stored` is stored, own, or a stub. Has no answer.
struct Ack {
  static constexpr MessageType kType = MessageType::kAck;
  std::uint64_t stored = 0;

  Result<Bytes> encode() const;
  static Result<Ack> decode(ByteView body);
};

}  // namespace zerok::wire
