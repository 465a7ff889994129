// SPDX-License-Identifier: MIT OR Apache-2.0
// What two devices that pair put into their mailbox, to the byte: docs/protocol/pairing.md sections
// 4 and 6. The first three go in the clear and begin with a version; what is sealed begins with the
// number of its kind. Byte views of a decoded message are views of its bytes. decode() gives the
// decoder's errors, and kUnsupported for a newer version.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/pairing_code.h"
#include "core/roster_entry.h"
#include "wire/messages/limits.h"

namespace zerok::core {

inline constexpr std::size_t kPairingMessageBytesMax = wire::kMailboxMessageBytesMax;
// Of what is sealed: the tag is added.
inline constexpr std::size_t kPairingPlaintextBytesMax =
    kPairingMessageBytesMax - crypto::kAeadTagSize;

// Who a side is: its device's keys, and one ML-KEM key for this exchange alone.
struct PairingParty {
  static constexpr std::size_t kBytesMax = 4096;

  DeviceId device;
  noise::IdentityHash noise_identity;
  crypto::X25519PublicKey sealing_dh;
  crypto::MlKemPublicKey sealing_kem;
  crypto::MlKemPublicKey ephemeral;

  static PairingParty of(const crypto::DeviceKeys& keys, const crypto::MlKemPublicKey& ephemeral);
  Bytes encode() const;
  // kCryptoFailed for an ML-KEM key that nothing can be encapsulated to.
  static Result<PairingParty> decode(ByteView bytes);
  // What the roster will say of it under this sealed name.
  MemberRecord record(const SealedName& name) const;
  // True when the roster's record has the same keys, whatever its name.
  bool matches(const MemberRecord& record) const;
};

// Of an encoded party.
PairingPartyHash pairing_party_hash(ByteView party);

// The joiner's first message.
struct PairingOpen {
  ByteArray<32> share{};  // CPace
  ByteView party;
  Bytes encode() const;
  static Result<PairingOpen> decode(ByteView bytes);
};

// The creator's first.
struct PairingAnswer {
  ByteArray<32> share{};
  ByteView party;
  crypto::MlKemCiphertext ciphertext;  // to the joiner's ephemeral key
  ByteArray<32> commitment{};          // to the nonce of REVEAL
  Bytes encode() const;
  static Result<PairingAnswer> decode(ByteView bytes);
};

// The joiner's second: with it the joiner proves that it knew the code.
struct PairingProof {
  crypto::MlKemCiphertext ciphertext;  // to the creator's ephemeral key
  ByteView sealed;                     // NAME
  Bytes encode() const;
  static Result<PairingProof> decode(ByteView bytes);
};

// --- sealed ---

enum class PairingKind : std::uint8_t {
  kName = 1,       // joiner: what it calls itself
  kReveal = 2,     // creator: opens the commitment
  kRecord = 3,     // creator, once approved: the roster's record to sign, and the group's name
  kSignature = 4,  // joiner
  kGrant = 5,      // creator, once enrolled: the secrets of the epochs
  kEntries = 6,    // creator: a part of the roster
  kAccepted = 7,   // joiner: all is verified and stored
  kEnd = 8,        // creator: it is over, and why
};

// The secret of an epoch and what its id is made of (docs/protocol/keys.md section 6).
struct EpochGrant {
  static constexpr std::size_t kEpochsMax = 32;

  crypto::GroupSecret secret;
  EpochId parent;
  RosterHead roster_head;

  EpochId epoch_id() const {
    return crypto::GroupKeys::derive(secret).epoch_id(parent, roster_head);
  }
  EpochGrant clone() const { return {secret.clone(), parent, roster_head}; }
};

enum class PairingEndReason : std::uint8_t {
  kRefused = 1,     // by the creator's user
  kGroupFull = 2,   // no room in the roster
  kDeviceGone = 3,  // the roster knows the joiner's keys, but not as an active device's
  kFailed = 4,      // the relay would not have it
};

// encode() of a name past kNameBytesMax bytes or not UTF-8: kInvalidArgument. As decoded it is what
// the joiner claims: UTF-8 and no more.
Result<Bytes> encode_pairing_name(std::string_view name);
Result<std::string> decode_pairing_name(ByteView bytes);

Bytes encode_pairing_reveal(const ByteArray<32>& nonce);
Result<ByteArray<32>> decode_pairing_reveal(ByteView bytes);

struct PairingRecord {
  GroupId group;  // group_id_0
  ByteView record;
  Bytes encode() const;
  static Result<PairingRecord> decode(ByteView bytes);
};

struct PairingSignature {
  crypto::Ed25519Signature member;  // over the record, for the roster: sign_member_record
  crypto::Ed25519Signature device;  // over this exchange: PairingChannel::sign_device
  Bytes encode() const;
  static Result<PairingSignature> decode(ByteView bytes);
};

struct PairingGrant {
  std::vector<EpochGrant> epochs;  // 1 to 32, oldest first
  std::optional<Bytes> admission_token;
  std::uint32_t roster_length = 0;  // 1 to 4,096; the entries follow
  RosterHead roster_head;
  // Holds secrets: to be wiped.
  Bytes encode() const;
  static Result<PairingGrant> decode(ByteView bytes);
};

// One or more whole entries.
struct PairingEntries {
  std::vector<ByteView> entries;
  Bytes encode() const;
  static Result<PairingEntries> decode(ByteView bytes);
};
// How many of the entries fit one message, at least one.
std::size_t count_pairing_entries_that_fit(std::span<const Bytes> entries);

Bytes encode_pairing_accepted();
Result<void> decode_pairing_accepted(ByteView bytes);

Bytes encode_pairing_end(PairingEndReason reason);
// nullopt when it is a message of another kind; an unknown reason is kFailed.
Result<std::optional<PairingEndReason>> decode_pairing_end(ByteView bytes);

}  // namespace zerok::core
