// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/messages/pull.h"

#include "wire/messages/common_fields.h"

namespace zerok::wire {
namespace {

template <class Io>
void fields(Io& io, Of<Io, Pull>& m) {
  io.record(5);
  io.number(m.after, 0, kCountMax);
  io.number(m.stored, 0, kCountMax);
  io.number(m.lines_max, 1, kPullLinesMax);
  io.number(m.bytes_max, 1, kBatchBytesMax);
  io.flag(m.own_content);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, PullResponse>& m) {
  io.record(4);
  position_fields(io, m.before);
  std::size_t total = 0;
  io.list(m.lines, 0, kPullLinesMax, [&](auto& line) {
    line_fields(io, line);
    total += line.sealed.size();
    io.require(total <= kBatchBytesMax, "more bytes than one batch may have");
  });
  io.number(m.highest, 0, kCountMax);
  io.require(m.before.cursor <= m.highest && m.lines.size() <= m.highest - m.before.cursor,
             "lines above the highest cursor");
  io.require(!m.lines.empty() || m.before.cursor == m.highest, "no line where there are some");
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, Ack>& m) {
  io.record(1);
  io.number(m.stored, 0, kCountMax);
  io.end();
}

}  // namespace

Result<Bytes> Pull::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Pull> Pull::decode(ByteView body) {
  return read_message<Pull>(body, [](Reader& io, Pull& m) { fields(io, m); });
}

Result<Bytes> PullResponse::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<PullResponse> PullResponse::decode(ByteView body) {
  return read_message<PullResponse>(body, [](Reader& io, PullResponse& m) { fields(io, m); });
}

Result<Bytes> Ack::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Ack> Ack::decode(ByteView body) {
  return read_message<Ack>(body, [](Reader& io, Ack& m) { fields(io, m); });
}

}  // namespace zerok::wire
