// SPDX-License-Identifier: MIT OR Apache-2.0
// What a HELLO proves: that its sender holds a device's key and the group's membership key, and
// signs for this one channel and relay (docs/protocol/messages.md section 4). A device signs, a
// relay verifies; whether the relay has the group, and whether the roster knows the device, comes
// after it and is the relay's to look up.
#pragma once

#include <expected>

#include "crypto/group_keys.h"
#include "wire/messages/session.h"

namespace zerok::core {

// One channel between a device and a relay, as both ends of it see it.
struct SessionBinding {
  crypto::Hash256 handshake_hash;  // the channel's
  EndpointId relay;
};

// Fills group, device, membership_key and both signatures of a HELLO; the other items are neither
// read nor signed. `hello.create` and `hello.admission_token` stay views of the caller's bytes,
// which must outlive hello.encode().
void sign_hello(wire::Hello& hello, const crypto::Ed25519KeyPair& device,
                const crypto::Ed25519KeyPair& membership, const SessionBinding& binding);

// Checks a decoded HELLO that came over this channel from this peer: that the group id is the
// membership key's, that the Device ID is the channel's peer, and both signatures. Otherwise the
// code of the ERROR to answer with.
std::expected<void, wire::WireErrorCode> verify_hello(const wire::Hello& hello,
                                                      const SessionBinding& binding,
                                                      const EndpointId& peer);

}  // namespace zerok::core
