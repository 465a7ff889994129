// SPDX-License-Identifier: MIT OR Apache-2.0
// ClientRecord: the few numbers that say where a device stands, written as one small value in each
// transaction that changes any of them, so that they can't contradict each other after a crash.
#pragma once

#include <optional>

#include "core/sender_chain.h"
#include "wire/messages/session.h"

namespace zerok::core {

struct InstallIdTag {
  static constexpr const char* kName = "install";
};
// Drawn when a store is made; the same in the place where the device secret lies.
using InstallId = Id<InstallIdTag, 16>;

struct ClientRecord {
  DeviceId device{};
  InstallId install{};
  // How often the incarnation was given up for another.
  std::uint32_t renewals = 0;
  // What the next push continues.
  Incarnation incarnation{};
  ChainPosition sent{};
  // The furthest of it that the relay has acknowledged: what we sign to have sent.
  ChainPosition acknowledged{};
  std::uint64_t lamport = 0;
  // The last ones given.
  std::uint64_t outbox_number = 0;
  std::uint64_t arrival = 0;
  std::uint64_t ready_number = 0;
  std::uint64_t notice_number = 0;
  std::uint64_t state_counter = 0;
  std::uint64_t confirmed = 0;  // hand-over number up to which the application has all
  // The group's constant name, and its name in the present epoch.
  std::optional<GroupId> group{};
  GroupId epoch_group{};
  // At which relay, up to where its log is stored here, and how many lines of ours it has at least.
  EndpointId relay{};
  wire::Position position{};
  std::uint64_t own_lines = 0;
  // The largest sealed blob that the relay takes; 0: not known yet.
  std::uint32_t sealed_bytes_max = 0;
  // The log is being read again after a reset: what it no longer has may well be here. Up to where
  // it had been read: once that very position is reached, it was the same log all along.
  std::optional<wire::Position> read_before{};

  friend bool operator==(const ClientRecord&, const ClientRecord&) = default;
  Bytes encode() const;
  // kUnsupported for one of a newer version; the decoder's errors.
  static Result<ClientRecord> decode(ByteView bytes);
};

}  // namespace zerok::core
