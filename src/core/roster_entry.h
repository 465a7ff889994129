// SPDX-License-Identifier: MIT OR Apache-2.0
// One entry of a group's roster and what it carries, to the byte: docs/protocol/roster.md sections
// 2 to 4. Making entries and taking them apart; whether one may follow another is core/roster.h.
// Whoever passes an entry on passes the bytes it received.
#pragma once

#include <string>

#include "base/rng.h"
#include "crypto/device_keys.h"
#include "crypto/group_keys.h"
#include "noise/identity.h"

namespace zerok::core {

// The numbers are part of the format. Reserved: 3 removes a device and starts an epoch, 5 enrols a
// recovery kit; a reader that does not know a kind refuses the entry, and so all that follows it.
enum class RosterKind : std::uint8_t { kCreate = 1, kAdd = 2, kLeave = 4 };

inline constexpr std::size_t kRosterEntryBytesMax = 8192;
inline constexpr std::size_t kNameBytesMax = 127;
// A nonce, one length byte and 127 bytes of name, a tag: every name is as long.
inline constexpr std::size_t kSealedNameBytes = 24 + 1 + kNameBytesMax + crypto::kAeadTagSize;
using SealedName = ByteArray<kSealedNameBytes>;

// What the roster says of a device.
struct MemberRecord {
  DeviceId device;
  noise::IdentityHash noise_identity;  // what a relay pins
  crypto::X25519PublicKey sealing_dh;  // what epoch-key envelopes are sealed to
  crypto::MlKemPublicKey sealing_kem;
  SealedName name{};

  static MemberRecord of(const crypto::DeviceKeys& keys, const SealedName& name);
  Bytes encode() const;
  // kCryptoFailed for sealing keys that nothing can be sealed to, kUnsupported for flags of a newer
  // version, the decoder's errors.
  static Result<MemberRecord> decode(ByteView bytes);
};

// Draws 24 bytes. The name is a device's own claim: UTF-8, kInvalidArgument otherwise or past
// kNameBytesMax bytes.
Result<SealedName> seal_name(const crypto::RosterKey& key, const GroupId& group,
                             const DeviceId& device, std::string_view name, Rng& rng);
// kCryptoFailed under another key, group or device; kMalformed for what seal_name does not make.
Result<std::string> open_name(const crypto::RosterKey& key, const GroupId& group,
                              const DeviceId& device, const SealedName& sealed);

// Views into the bytes it was read from.
struct RosterEntry {
  std::uint64_t kind = 0;
  RosterHead previous;
  DeviceId actor;
  ByteView body;
  crypto::Ed25519Signature signature;
  ByteView signed_part;  // everything before the signature item

  // The form only. kTooLarge, kUnsupported (a later version), the decoder's errors.
  static Result<RosterEntry> decode(ByteView bytes);
  // The acting device signed it: kCryptoFailed.
  Result<void> verify() const;
};

// The head a roster has once this is its last entry.
RosterHead roster_head(ByteView entry);

// The bodies, by kind. LEAVE's is empty.
struct CreateBody {
  ByteView record;
  crypto::Ed25519PublicKey membership;
  static Result<CreateBody> decode(ByteView body);
  // The holder of the group secret signed the record: kCryptoFailed.
  Result<void> verify() const;
  crypto::Ed25519Signature signature;
};
struct AddBody {
  ByteView record;
  crypto::Ed25519Signature signature;
  static Result<AddBody> decode(ByteView body);
  // The new device asked to be in this group: kCryptoFailed.
  Result<void> verify(const GroupId& group, const DeviceId& device) const;
};
Result<void> decode_leave_body(ByteView body);

// The new device's part of an ADD; record is its encoded MemberRecord.
crypto::Ed25519Signature sign_member_record(const crypto::Ed25519KeyPair& device,
                                            const GroupId& group, ByteView record);
Bytes make_create_entry(const crypto::Ed25519KeyPair& device,
                        const crypto::Ed25519KeyPair& membership, ByteView record);
Bytes make_add_entry(const crypto::Ed25519KeyPair& adder, const RosterHead& previous,
                     ByteView record, const crypto::Ed25519Signature& self_signature);
Bytes make_leave_entry(const crypto::Ed25519KeyPair& device, const RosterHead& previous);

}  // namespace zerok::core
