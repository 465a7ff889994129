// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/group_keys.h"

#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace zerok::crypto {
namespace {

constexpr std::string_view kGroupSalt = "0k-sync/2 group secret";

// SHA-256 that starts with one byte for the label's length and the label, so that no input under
// one label can equal an input under another.
Sha256 labelled_sha256(std::string_view label) {
  Sha256 hash;
  const auto size = static_cast<std::uint8_t>(label.size());
  hash.update(ByteView(&size, 1)).update(as_bytes(label));
  return hash;
}

}  // namespace

GroupId group_id_of(const Ed25519PublicKey& membership) {
  return GroupId(labelled_sha256("0k-sync/2 group id").update(membership.bytes()).finish());
}

GroupKeys GroupKeys::derive(const GroupSecret& secret) {
  const HkdfSha256 hkdf(as_bytes(kGroupSalt), secret.bytes());
  return {hkdf.derive<BlobKey>("blob key"), hkdf.derive<RosterKey>("roster key"),
          hkdf.derive<StateKey>("state key"),
          Ed25519KeyPair::from_seed(hkdf.derive<Ed25519Seed>("membership ed25519")),
          hkdf.derive<EpochCommitment>("commit")};
}

EpochId GroupKeys::epoch_id(const EpochId& parent, const RosterHead& roster_head) const {
  return EpochId(labelled_sha256("0k-sync/2 epoch id")
                     .update(parent.bytes())
                     .update(roster_head.bytes())
                     .update(commitment.bytes())
                     .finish());
}

}  // namespace zerok::crypto
