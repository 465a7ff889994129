// SPDX-License-Identifier: MIT OR Apache-2.0
// What a group's devices derive from the group secret of one epoch, and the two public names that
// follow from it: docs/protocol/keys.md sections 4 to 6.
#pragma once

#include "crypto/sign.h"

namespace zerok::crypto {

// 32 random bytes per epoch; never a passphrase.
using GroupSecret = SecretKey<struct GroupSecretTag, 32>;

// All are XChaCha20-Poly1305 keys; a function that wants one does not take another.
struct BlobKey : XChaChaPolyKey {
  using XChaChaPolyKey::XChaChaPolyKey;
};
struct RosterKey : XChaChaPolyKey {
  using XChaChaPolyKey::XChaChaPolyKey;
};
struct StateKey : XChaChaPolyKey {
  using XChaChaPolyKey::XChaChaPolyKey;
};

// Commits to the group secret inside the epoch id without telling anything about it.
using EpochCommitment = SecretKey<struct EpochCommitmentTag, 32>;

// How the relay names a group in the epoch with this membership key.
GroupId group_id_of(const Ed25519PublicKey& membership);

struct GroupKeys {
  static GroupKeys derive(const GroupSecret& secret);

  // The group's in this epoch. The first epoch's is the group's constant name.
  GroupId group_id() const { return group_id_of(membership.public_key()); }
  // The epoch this secret belongs to. parent and roster_head: those the rotation names; both all
  // zero for a group's first epoch.
  EpochId epoch_id(const EpochId& parent, const RosterHead& roster_head) const;

  BlobKey blob;
  RosterKey roster;
  StateKey state;
  // Whoever holds it is a member in this epoch.
  Ed25519KeyPair membership;
  EpochCommitment commitment;
};

}  // namespace zerok::crypto
