// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/messages/roster.h"

#include "wire/messages/common_fields.h"

namespace zerok::wire {
namespace {

template <class Io>
void fields(Io& io, Of<Io, RosterGet>& m) {
  io.record(1);
  io.number(m.first, 0, kRosterEntriesMax);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, RosterAppend>& m) {
  io.record(2);
  io.number(m.first, 1, kRosterEntriesMax);
  roster_entries_fields(io, m.entries, 1);
  io.require(m.entries.size() <= kRosterEntriesMax - m.first, "roster entries beyond its bound");
  io.end();
}

}  // namespace

Result<Bytes> RosterGet::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<RosterGet> RosterGet::decode(ByteView body) {
  return read_message<RosterGet>(body, [](Reader& io, RosterGet& m) { fields(io, m); });
}

Result<Bytes> Roster::encode() const {
  return write_message(kType, [this](Writer& io) { roster_part_fields(io, part); });
}
Result<Roster> Roster::decode(ByteView body) {
  return read_message<Roster>(body, [](Reader& io, Roster& m) { roster_part_fields(io, m.part); });
}

Result<Bytes> RosterAppend::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<RosterAppend> RosterAppend::decode(ByteView body) {
  return read_message<RosterAppend>(body, [](Reader& io, RosterAppend& m) { fields(io, m); });
}

}  // namespace zerok::wire
