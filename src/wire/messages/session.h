// SPDX-License-Identifier: MIT OR Apache-2.0
// How a session begins and what it answers: HELLO, WELCOME, DONE, ERROR. Layout, meaning and rules:
// docs/protocol/messages.md, sections 2, 4 and 5. Byte strings of a decoded message are views into
// its body, here and in all messages. encode() gives kInvalidArgument for what decode() would
// refuse; decode() gives the Decoder's errors, kMalformed for a broken rule, kTooLarge.
#pragma once

#include <optional>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "wire/message_type.h"
#include "wire/messages/roster.h"

namespace zerok::wire {

// Bits of HELLO and WELCOME; those that a side does not know mean nothing to it.
inline constexpr std::uint64_t kFeaturePresence = 1;  // PRESENCE is wanted; is sent
inline constexpr std::uint64_t kFeatureInline = 2;    // blobs are wanted in NOTIFY; are sent there

// A place in a group's log at one relay: everything up to the cursor, and the running hash over it.
// The hash is zeros exactly as long as there is no line.
struct Position {
  std::uint64_t cursor = 0;
  LogHash log_hash{};
  friend bool operator==(const Position&, const Position&) = default;
};

struct Hello {
  static constexpr MessageType kType = MessageType::kHello;
  std::uint32_t minor = 0;
  std::uint64_t features = 0;
  GroupId group{};
  DeviceId device{};
  ByteArray<64> device_signature{};      // Ed25519 over hello_signed_bytes, by the device key
  ByteArray<32> membership_key{};        // whose hash is the group id
  ByteArray<64> membership_signature{};  // the same by the membership key
  Position position{};
  std::uint32_t roster_length = 0;
  RosterHead roster_head{};
  std::optional<ByteView> create{};  // the roster's first entry: makes the group if it is not there
  std::optional<ByteView> admission_token{};  // only with it

  Result<Bytes> encode() const;
  static Result<Hello> decode(ByteView body);
};

enum class HelloSigner : std::uint8_t { kDevice, kMembership };

// What a HELLO's two signatures are over; binds them to this very channel and relay.
Bytes hello_signed_bytes(HelloSigner signer, std::span<const std::uint8_t, 32> handshake_hash,
                         const EndpointId& relay, const GroupId& group, const DeviceId& device);

// What a relay allows this device, at most the bounds of limits.h.
struct SessionLimits {
  std::uint32_t sealed_bytes_max = 0;  // of one blob
  std::uint32_t push_blobs_max = 0;    // in one PUSH
  std::uint32_t pull_lines_max = 0;    // in one PULL_RESPONSE
  std::uint32_t pull_bytes_max = 0;
  std::uint32_t blobs_per_minute = 0;
  std::uint32_t blobs_burst = 0;
  std::uint64_t bytes_per_minute = 0;
  std::uint64_t group_bytes_max = 0;
  std::uint64_t group_bytes_used = 0;
  std::uint32_t ttl_s = 0;
};

struct StateOfDevice {
  DeviceId device{};
  ByteView state{};
};

struct Welcome {
  static constexpr MessageType kType = MessageType::kWelcome;
  std::uint32_t minor = 0;
  std::uint64_t features = 0;
  // The relay's log hash at HELLO's cursor; nothing if that is above `highest` or below `floor`.
  std::optional<LogHash> hash_at_position{};
  std::uint64_t highest = 0;
  Position floor{};             // the stub floor: lines up to it are gone
  std::uint64_t pending = 0;    // foreign blobs above HELLO's cursor
  std::uint64_t own_lines = 0;  // lines that this device ever pushed here, gone ones included
  RosterPart roster{};          // entries from HELLO's roster_length on
  std::vector<StateOfDevice> states{};  // of the other devices, by ascending device id
  SessionLimits limits{};

  Result<Bytes> encode() const;
  static Result<Welcome> decode(ByteView body);
};

// The request was carried out, durably where that means something.
struct Done {
  static constexpr MessageType kType = MessageType::kDone;
  Result<Bytes> encode() const;
  static Result<Done> decode(ByteView body);
};

// Numbers that a newer peer made up stay what they are: refusal_kind() says how to take them.
struct Refusal {
  WireErrorCode code = WireErrorCode::kInvalidMessage;
  std::uint32_t retry_after_ms = 0;  // 0: nothing said
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

enum class RefusalKind : std::uint8_t {
  kRequest,  // 1000s: the same request fails again
  kLimit,    // 2000s: a limit of the sender's
  kRelay,    // 3000s and above: the relay can't just now
};
RefusalKind refusal_kind(WireErrorCode code);

// Not called Error: that is what Result carries.
struct ErrorMessage {
  static constexpr MessageType kType = MessageType::kError;
  Refusal refusal{};
  bool ends_session = false;  // the sender closes the connection after it

  Result<Bytes> encode() const;
  static Result<ErrorMessage> decode(ByteView body);
};

}  // namespace zerok::wire
