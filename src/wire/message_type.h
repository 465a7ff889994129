// SPDX-License-Identifier: MIT OR Apache-2.0
// The fixed numbers of the protocol: message types and the errors a peer is told. A number is never
// reused; new types take free numbers in the block they belong to. A peer may send a type this
// build does not know: it is answered with kUnsupported and the session goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerok::wire {

enum class MessageType : std::uint8_t {
  kHello = 0x01,
  kWelcome = 0x02,
  kDone = 0x03,
  kPush = 0x10,
  kPushAck = 0x11,
  kPull = 0x20,
  kPullResponse = 0x21,
  kAck = 0x22,
  kPresence = 0x30,
  kNotify = 0x31,
  kDeviceState = 0x32,
  kQuota = 0x33,
  kDelete = 0x40,
  kRevokeDevice = 0x50,
  kDeviceRevoked = 0x51,
  kRosterGet = 0x52,
  kRoster = 0x53,
  kRosterAppend = 0x54,
  kRegisterPush = 0x60,
  kUnregisterPush = 0x61,
  kContentRef = 0x70,
  kContentAck = 0x71,
  kMailboxCreate = 0x80,
  kMailboxJoin = 0x81,
  kMailboxReady = 0x82,
  kMailboxPut = 0x83,
  kMailboxTake = 0x84,
  kMailboxMessage = 0x85,
  kMailboxClose = 0x86,
  kError = 0xff,
};

// What an ERROR message says. 1000s: the request is wrong; 2000s: a limit of the sender's was met;
// 3000s: the relay can't just now.
enum class WireErrorCode : std::uint16_t {
  kInvalidMessage = 1000,
  kUnknownGroup = 1001,
  kUnauthorized = 1002,
  kDeviceRevoked = 1003,
  kNotBlobOwner = 1004,
  kStaleEpoch = 1005,
  kUnsupported = 1006,
  kUnknownMailbox = 1007,
  kRateLimited = 2000,
  kBlobTooLarge = 2001,
  kGroupQuotaExceeded = 2002,
  kInvalidPushToken = 2003,
  kRelayOverloaded = 3000,
  kRelayShuttingDown = 3001,
};

// The name in the specification, "PUSH_ACK"; empty for a number without a meaning.
std::string_view message_type_name(std::uint8_t number);
std::string_view wire_error_name(std::uint16_t number);

inline bool is_known_message_type(std::uint8_t number) {
  return !message_type_name(number).empty();
}
inline bool is_known_wire_error(std::uint16_t number) { return !wire_error_name(number).empty(); }

// The most bytes a message of this type may have (docs/protocol/framing.md, "Limits"). Unknown
// types get the small bound, so that they can be received, answered with kUnsupported and
// forgotten.
std::size_t message_bytes_max(std::uint8_t number);

}  // namespace zerok::wire
