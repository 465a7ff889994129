// SPDX-License-Identifier: MIT OR Apache-2.0
// What a relay says unasked, and the slot behind it: NOTIFY, PRESENCE, QUOTA, DEVICE_STATE. See
// session.h for what encode() and decode() promise, and docs/protocol/messages.md, section 8.
#pragma once

#include <optional>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "wire/message_type.h"
#include "wire/messages/pull.h"

namespace zerok::wire {

// A foreign line of kind kBlob, at most kInlineBytesMax sealed.
struct InlineLine {
  std::uint64_t cursor = 0;
  Line line{};
};

struct Notify {
  static constexpr MessageType kType = MessageType::kNotify;
  std::uint64_t highest = 0;
  // Counts only for a receiver whose position is just before it.
  std::optional<InlineLine> line{};

  Result<Bytes> encode() const;
  static Result<Notify> decode(ByteView body);
};

struct DevicePresence {
  DeviceId device{};
  bool online = false;
  std::optional<std::uint32_t> away_s{};  // since it was last online; only if it is not, but was
};

// All the other devices at once: the newest PRESENCE replaces the ones before it.
struct Presence {
  static constexpr MessageType kType = MessageType::kPresence;
  std::vector<DevicePresence> devices{};  // by ascending device id

  Result<Bytes> encode() const;
  static Result<Presence> decode(ByteView body);
};

struct Laggard {
  DeviceId device{};
  std::uint64_t stored = 0;  // its acknowledgement
};

// The group's space is running out.
struct Quota {
  static constexpr MessageType kType = MessageType::kQuota;
  std::uint64_t bytes_used = 0;
  std::uint64_t bytes_max = 0;
  std::optional<Laggard> laggard{};  // the device that keeps the most from being removed

  Result<Bytes> encode() const;
  static Result<Quota> decode(ByteView body);
};

// A device's slot, sealed and signed by it. From a device: its own. From a relay: another's, new.
struct DeviceState {
  static constexpr MessageType kType = MessageType::kDeviceState;
  DeviceId device{};
  ByteView state{};

  Result<Bytes> encode() const;
  static Result<DeviceState> decode(ByteView body);
};

}  // namespace zerok::wire
