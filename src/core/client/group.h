// SPDX-License-Identifier: MIT OR Apache-2.0
// ClientGroup: the group as one of its devices knows it: the secrets of its epochs and what derives
// from them, and its roster. Secrets leave it wrapped for the store, or in clear for a device that
// was enrolled just now.
#pragma once

#include <map>
#include <string>

#include "core/blob.h"
#include "core/device_state.h"
#include "core/roster.h"

namespace zerok::core {

// nonce || ciphertext of a secret for this device's own store; `name` is bound to it. Draws 24
// bytes.
Bytes wrap_for_store(const crypto::DeviceKeys& keys, ByteView name, ByteView secret, Rng& rng);
// kCryptoFailed for what this device did not wrap under that name.
Result<Bytes> unwrap_from_store(const crypto::DeviceKeys& keys, ByteView name, ByteView wrapped);

struct EpochSecret {
  EpochId epoch{};
  std::uint32_t number = 0;  // 0 for the first
  crypto::GroupSecret secret;
};

class ClientGroup {
 public:
  // A group of its own for this device: draws its first secret. kInvalidArgument for a bad name.
  static Result<ClientGroup> create(const crypto::DeviceKeys& keys, std::string_view device_name,
                                    Rng& rng);
  // From the store or from whoever enrolled this device. Errors: kCryptoFailed when secrets and
  // roster do not belong together, kInvalidArgument without a secret or an entry, Roster's.
  static Result<ClientGroup> restore(std::vector<EpochSecret> secrets,
                                     std::span<const Bytes> roster_entries);

  const GroupId& id() const { return roster_.group(); }
  // Its name in the present epoch.
  const GroupId& epoch_group() const { return current_; }
  const EpochId& epoch() const { return epochs_.at(current_).state.epoch; }
  const crypto::Ed25519KeyPair& membership() const { return epochs_.at(current_).membership; }
  const BlobEpoch& blob_epoch() const { return *keyring_.find(current_); }
  const BlobKeyring& keyring() const { return keyring_; }
  // Null without the key of that epoch.
  const StateEpoch* state_epoch(const GroupId& epoch_group) const;
  const StateEpoch& state_epoch() const { return epochs_.at(current_).state; }

  Roster& roster() { return roster_; }
  const Roster& roster() const { return roster_; }
  // Empty if no key held opens it.
  std::string name_of(const Member& member) const;

  struct Epoch {
    std::uint32_t number = 0;
    crypto::GroupSecret secret;
    crypto::RosterKey roster_key;
    StateEpoch state;
    crypto::Ed25519KeyPair membership;
  };
  // By the group's name in it.
  const std::map<GroupId, Epoch>& epochs() const { return epochs_; }

 private:
  explicit ClientGroup(Roster roster) : roster_(std::move(roster)), keyring_(roster_.group()) {}
  Result<void> add_epoch(EpochSecret secret);

  Roster roster_;
  BlobKeyring keyring_;
  std::map<GroupId, Epoch> epochs_;
  GroupId current_;
};

}  // namespace zerok::core
