// SPDX-License-Identifier: MIT OR Apache-2.0
// The items that several messages share, for the .cc files of this folder only: see fields.h.
#pragma once

#include "wire/messages/fields.h"
#include "wire/messages/limits.h"
#include "wire/messages/pull.h"
#include "wire/messages/roster.h"
#include "wire/messages/session.h"

namespace zerok::wire {

// Two items of the record around it.
template <class Io>
void position_fields(Io& io, Of<Io, Position>& m) {
  io.number(m.cursor, 0, kCountMax);
  io.id(m.log_hash);
  io.require(m.cursor > 0 || m.log_hash == LogHash(), "a hash of an empty log");
}

// Two items of the record around it.
template <class Io>
void refusal_items(Io& io, Of<Io, Refusal>& m) {
  io.number(m.code, 1000, 9999);
  io.number(m.retry_after_ms, 0, kRetryAfterMsMax);
}

// One item: a list whose entries are bounded together.
template <class Io>
void roster_entries_fields(Io& io, Of<Io, std::vector<ByteView>>& entries, std::size_t items_min) {
  std::size_t total = 0;
  io.list(entries, items_min, kRosterEntriesMax, [&](auto& entry) {
    io.bytes(entry, 1, kRosterEntryBytesMax);
    total += entry.size();
    io.require(total <= kRosterBytesMax, "more bytes than a roster may have");
  });
}

// A record of three.
template <class Io>
void roster_part_fields(Io& io, Of<Io, RosterPart>& m) {
  io.record(3);
  io.number(m.first, 0, kRosterEntriesMax);
  roster_entries_fields(io, m.entries, 0);
  io.id(m.head);
  io.require(m.length() >= 1 && m.length() <= kRosterEntriesMax,
             "a roster that is empty or too long");
  io.end();
}

// A record of three or five.
template <class Io>
void line_fields(Io& io, Of<Io, Line>& m) {
  io.record(3, m.kind == LineKind::kOwn ? 3 : 5);
  io.number(m.kind, 1, 3);
  io.id(m.blob);
  switch (m.kind) {
    case LineKind::kBlob:
      io.id(m.sender);
      io.id(m.group);
      io.bytes(m.sealed, 1, kSealedBytesMax);
      break;
    case LineKind::kOwn:
      io.id(m.ciphertext_hash);
      break;
    case LineKind::kStub:
      io.id(m.sender);
      io.id(m.ciphertext_hash);
      io.number(m.reason, 1, 255);
      break;
  }
  io.end();
}

}  // namespace zerok::wire
