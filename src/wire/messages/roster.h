// SPDX-License-Identifier: MIT OR Apache-2.0
// The roster on the wire, its entries being bytes that are verified above: ROSTER_GET, ROSTER,
// ROSTER_APPEND. An entry's number is how many come before it. See session.h for what encode() and
// decode() promise, and docs/protocol/messages.md, section 9.
#pragma once

#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "wire/message_type.h"

namespace zerok::wire {

// A roster from entry `first` to its end.
struct RosterPart {
  std::uint32_t first = 0;  // the roster's length if there are no entries
  std::vector<ByteView> entries{};
  RosterHead head{};  // of the whole roster

  std::size_t length() const { return first + entries.size(); }
};

struct RosterGet {
  static constexpr MessageType kType = MessageType::kRosterGet;
  std::uint32_t first = 0;

  Result<Bytes> encode() const;
  static Result<RosterGet> decode(ByteView body);
};

// Answers ROSTER_GET and ROSTER_APPEND; comes unasked when the roster has grown.
struct Roster {
  static constexpr MessageType kType = MessageType::kRoster;
  RosterPart part{};

  Result<Bytes> encode() const;
  static Result<Roster> decode(ByteView body);
};

// The roster shall go on so from entry `first`. The first of all is never appended: HELLO has it.
struct RosterAppend {
  static constexpr MessageType kType = MessageType::kRosterAppend;
  std::uint32_t first = 0;
  std::vector<ByteView> entries{};  // at least one

  Result<Bytes> encode() const;
  static Result<RosterAppend> decode(ByteView body);
};

}  // namespace zerok::wire
