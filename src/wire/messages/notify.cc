// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/messages/notify.h"

#include "wire/messages/common_fields.h"

namespace zerok::wire {
namespace {

template <class Io>
void fields(Io& io, Of<Io, Notify>& m) {
  io.record(2);
  io.number(m.highest, 0, kCountMax);
  io.optional(m.line, [&](auto& inlined) {
    io.record(2);
    io.number(inlined.cursor, 1, m.highest);
    line_fields(io, inlined.line);
    io.require(inlined.line.kind == LineKind::kBlob, "a notice of another kind of line");
    io.require(inlined.line.sealed.size() <= kInlineBytesMax, "too long for a notice");
    io.end();
  });
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, Presence>& m) {
  io.record(1);
  io.list(m.devices, 0, kDevicesMax - 1, [&](auto& device) {
    io.record(3);
    io.id(device.device);
    io.flag(device.online);
    io.optional(device.away_s, [&](auto& seconds) { io.number(seconds, 0, kSecondsMax); });
    io.require(!device.online || !device.away_s, "away and online");
    io.end();
  });
  require_ascending(io, m.devices, [](const DevicePresence& device) { return device.device; });
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, Quota>& m) {
  io.record(3);
  io.number(m.bytes_used, 0, kCountMax);
  io.number(m.bytes_max, 1, kCountMax);
  io.optional(m.laggard, [&](auto& laggard) {
    io.record(2);
    io.id(laggard.device);
    io.number(laggard.stored, 0, kCountMax);
    io.end();
  });
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, DeviceState>& m) {
  io.record(2);
  io.id(m.device);
  io.bytes(m.state, 1, kDeviceStateBytesMax);
  io.end();
}

}  // namespace

Result<Bytes> Notify::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Notify> Notify::decode(ByteView body) {
  return read_message<Notify>(body, [](Reader& io, Notify& m) { fields(io, m); });
}

Result<Bytes> Presence::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Presence> Presence::decode(ByteView body) {
  return read_message<Presence>(body, [](Reader& io, Presence& m) { fields(io, m); });
}

Result<Bytes> Quota::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<Quota> Quota::decode(ByteView body) {
  return read_message<Quota>(body, [](Reader& io, Quota& m) { fields(io, m); });
}

Result<Bytes> DeviceState::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<DeviceState> DeviceState::decode(ByteView body) {
  return read_message<DeviceState>(body, [](Reader& io, DeviceState& m) { fields(io, m); });
}

}  // namespace zerok::wire
