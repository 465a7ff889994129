// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/messages/push.h"

#include "wire/messages/common_fields.h"

namespace zerok::wire {
namespace {

template <class Io>
void fields(Io& io, Of<Io, Push>& m) {
  io.record(2);
  io.id(m.group);
  std::size_t total = 0;
  io.list(m.blobs, 1, kPushBlobsMax, [&](auto& blob) {
    io.record(2);
    io.id(blob.id);
    io.bytes(blob.sealed, 1, kSealedBytesMax);
    io.end();
    total += blob.sealed.size();
    io.require(total <= kBatchBytesMax, "more bytes than one batch may have");
  });
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, PushAck>& m) {
  io.record(2);
  io.list(m.cursors, 0, kPushBlobsMax, [&](auto& cursor) { io.number(cursor, 1, kCountMax); });
  io.optional(m.stopped, [&](auto& refusal) {
    io.record(2);
    refusal_items(io, refusal);
    io.end();
  });
  io.require(!m.cursors.empty() || m.stopped.has_value(), "nothing committed and no reason");
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, Delete>& m) {
  io.record(1);
  io.id(m.blob);
  io.end();
}

}  // namespace

Result<Bytes> Push::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Push> Push::decode(ByteView body) {
  return read_message<Push>(body, [](Reader& io, Push& m) { fields(io, m); });
}

Result<Bytes> PushAck::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<PushAck> PushAck::decode(ByteView body) {
  return read_message<PushAck>(body, [](Reader& io, PushAck& m) { fields(io, m); });
}

Result<Bytes> Delete::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Delete> Delete::decode(ByteView body) {
  return read_message<Delete>(body, [](Reader& io, Delete& m) { fields(io, m); });
}

}  // namespace zerok::wire
