// SPDX-License-Identifier: MIT OR Apache-2.0
// What a device can truthfully say of where its blobs are: pending, on the relay, with n of m
// devices, failed. "On the relay" is the relay's word, "with a device" is that device's signature.
#pragma once

#include <optional>

#include "base/id.h"
#include "base/time.h"
#include "wire/message_type.h"

namespace zerok::core {

enum class BlobPlace : std::uint8_t {
  kPending,    // only here
  kOnRelay,    // the relay has acknowledged it; delivered_to devices of devices have it
  kDelivered,  // every other device that counts has it
  kFailed,     // can't be pushed by waiting: refusal says why. It stays here.
  kUnknown,    // no such number
};

struct BlobStatus {
  BlobPlace place = BlobPlace::kUnknown;
  BlobId blob{};
  std::uint64_t cursor = 0;
  // How many of the other active devices signed that they have it, and how many there are. Both 0
  // once it left this device's outbox.
  std::uint32_t delivered_to = 0;
  std::uint32_t devices = 0;
  std::uint16_t refusal = 0;  // a wire::WireErrorCode
  bool removal_pending = false;
};

// What pending blobs wait for.
enum class WaitsFor : std::uint8_t {
  kNothing,  // none is pending, or they are on their way
  kNetwork,  // no live session
  kRate,     // the relay's rate limit
  kQuota,    // the group's space at the relay is full
  kRelay,    // the relay can't just now
  kEpoch,    // the group's secret was replaced and the new one is not here yet
};

struct OutboxStatus {
  std::size_t pending = 0;
  std::uint64_t pending_bytes = 0;
  WaitsFor waits_for = WaitsFor::kNothing;
  std::size_t on_relay = 0;  // acknowledged by the relay, not yet with every device
  std::size_t failed = 0;
  std::size_t removals = 0;       // asked for by remove() and not done by the relay yet
  std::uint64_t last_number = 0;  // of the newest push
};

struct RelayQuota {
  std::uint64_t bytes_used = 0;
  std::uint64_t bytes_max = 0;
  std::optional<DeviceId> laggard;  // whose acknowledgement is the furthest behind
};

// Something changed; the numbers are part of the API.
enum class ClientEvent : std::uint8_t {
  kReceived = 1,    // blobs can be taken
  kOutbox = 2,      // where pushed blobs are
  kConnection = 3,  // the connection's state
  kDevices = 4,     // roster, presence or states of devices
  kNotice = 5,      // a notice was added
  kPairing = 6,     // a reply to a pairing request, or the end of a proposal
};

}  // namespace zerok::core
