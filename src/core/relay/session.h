// SPDX-License-Identifier: MIT OR Apache-2.0
// RelaySession: what a relay keeps of one connection. Small on purpose: there are many, and
// whatever grows (requests, notices) is one number or a bounded set. Only RelayHub changes it.
#pragma once

#include <optional>
#include <set>

#include "core/relay/effects.h"
#include "core/relay/token_bucket.h"
#include "crypto/hash.h"
#include "noise/identity.h"

namespace zerok::core {

// Who is at the other end, as the channel has proven.
struct SessionPeer {
  EndpointId endpoint{};
  noise::IdentityHash noise_identity{};
  crypto::Hash256 handshake_hash{};
};

enum class SessionKind : std::uint8_t {
  kNew,         // has said nothing yet
  kFull,        // a device of a group
  kUnenrolled,  // holds the membership key; the roster does not know it
  kGuest,       // pairs
  kEnding,      // got its last ERROR; nothing it says is heard
};

struct RelaySession {
  RelaySession(const SessionPeer& proven, const TokenBucket& bucket)
      : peer(proven), requests(bucket) {}

  SessionPeer peer;
  SessionKind kind = SessionKind::kNew;
  // kNew: HELLO is due; kGuest, kUnenrolled: what they came for is done; kEnding: the connection is
  // closed.
  Instant deadline = kNever;
  // When the session has to be looked at next; its place in the hub's timers.
  Instant wake = kNever;
  TokenBucket requests;
  // Requests whose answers are not on their way.
  std::set<std::uint32_t> open{};
  bool push_open = false;
  // More waits to be sent than it should: notices are put off.
  bool congested = false;

  // kFull and kUnenrolled.
  GroupId group{};
  DeviceId device{};
  std::uint64_t features = 0;
  std::uint32_t roster_shown = 0;  // entries it was sent, or had

  // The highest cursor that it was shown: what it may acknowledge.
  std::uint64_t shown = 0;
  // It was sent every line up to here; a NOTIFY may bring the next.
  std::uint64_t read_to = 0;
  bool notify_due = false;
  Instant notify_again = kNever;
  bool roster_due = false;
  bool quota_due = false;
  bool presence_due = false;
  Instant presence_after{};
  std::set<DeviceId> states_due{};
};

}  // namespace zerok::core
