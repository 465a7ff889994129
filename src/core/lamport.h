// SPDX-License-Identifier: MIT OR Apache-2.0
// One order of all blobs that every device arrives at alone: docs/protocol/blob.md section 5. The
// clock only moves forward, survives a hostile maximum by stopping there, and is stored with what
// moved it.
#pragma once

#include <algorithm>
#include <compare>

#include "core/blob_content.h"

namespace zerok::core {

// Compares in the order of its members.
struct OrderKey {
  std::uint64_t lamport = 0;
  DeviceId device;
  Incarnation incarnation;
  std::uint64_t sequence = 0;

  static OrderKey of(const BlobHeader& header) {
    return {header.lamport, header.device, header.incarnation, header.sequence};
  }
  friend auto operator<=>(const OrderKey&, const OrderKey&) = default;
};

class LamportClock {
 public:
  // value: as stored; 0 for a new device.
  explicit LamportClock(std::uint64_t value = 0) : value_(std::min(value, kLamportMax)) {}

  std::uint64_t value() const { return value_; }
  // For the header of the next content of our own. Later than all that was observed, unless the
  // clock stands at kLamportMax.
  std::uint64_t next() { return value_ += value_ < kLamportMax ? 1 : 0; }
  // Of every content received.
  void observe(std::uint64_t lamport) { value_ = std::max(value_, std::min(lamport, kLamportMax)); }

 private:
  std::uint64_t value_;
};

}  // namespace zerok::core
