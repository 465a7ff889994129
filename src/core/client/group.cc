// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/group.h"

#include "core/label.h"
#include "crypto/aead.h"

namespace zerok::core {
namespace {

constexpr std::string_view kWrapLabel = "0k-sync/2 stored secret";

Bytes wrap_data(const crypto::DeviceKeys& keys, ByteView name) {
  Bytes out = begin_labelled(kWrapLabel, DeviceId::kSize + name.size());
  append(out, keys.device_id().bytes());
  append(out, name);
  return out;
}

}  // namespace

Bytes wrap_for_store(const crypto::DeviceKeys& keys, ByteView name, ByteView secret, Rng& rng) {
  Bytes out(kSealBytes + secret.size());
  const auto nonce = MutableByteView(out).first<kNonceBytes>();
  rng.fill(nonce);
  crypto::xchacha_poly_seal(keys.store, nonce, wrap_data(keys, name), secret,
                            MutableByteView(out).subspan(kNonceBytes));
  return out;
}

Result<Bytes> unwrap_from_store(const crypto::DeviceKeys& keys, ByteView name, ByteView wrapped) {
  if (wrapped.size() < kSealBytes) return fail(ErrorCode::kCryptoFailed, "not a wrapped secret");
  Bytes out(wrapped.size() - kSealBytes);
  ZEROK_TRY_VOID(crypto::xchacha_poly_open(keys.store, wrapped.first<kNonceBytes>(),
                                           wrap_data(keys, name), wrapped.subspan(kNonceBytes),
                                           out));
  return out;
}

Result<ClientGroup> ClientGroup::create(const crypto::DeviceKeys& keys,
                                        std::string_view device_name, Rng& rng) {
  crypto::GroupSecret secret;
  rng.fill(secret.mutable_bytes());
  const auto derived = crypto::GroupKeys::derive(secret);
  const GroupId group = derived.group_id();
  ZEROK_TRY(const SealedName name,
            seal_name(derived.roster, group, keys.device_id(), device_name, rng));
  const Bytes record = MemberRecord::of(keys, name).encode();
  const Bytes entry = make_create_entry(keys.signing, derived.membership, record);
  std::vector<EpochSecret> secrets;
  secrets.push_back({derived.epoch_id({}, {}), 0, std::move(secret)});
  return restore(std::move(secrets), std::span(&entry, 1));
}

Result<ClientGroup> ClientGroup::restore(std::vector<EpochSecret> secrets,
                                         std::span<const Bytes> roster_entries) {
  if (secrets.empty() || roster_entries.empty()) {
    return fail(ErrorCode::kInvalidArgument, "a group has a secret and a roster");
  }
  std::ranges::sort(secrets, {}, &EpochSecret::number);
  // The group is named by its first epoch, whose secret every device has.
  const GroupId group = crypto::GroupKeys::derive(secrets.front().secret).group_id();
  auto roster = Roster::create(roster_entries.front(), group);
  if (!roster && roster.error().code == ErrorCode::kWrongPeer) {
    return fail(ErrorCode::kCryptoFailed, "the roster is another group's");
  }
  if (!roster) return std::unexpected(roster.error());
  ClientGroup out(*std::move(roster));
  for (const Bytes& entry : roster_entries.subspan(1)) ZEROK_TRY_VOID(out.roster_.apply(entry));
  for (EpochSecret& secret : secrets) ZEROK_TRY_VOID(out.add_epoch(std::move(secret)));
  return out;
}

Result<void> ClientGroup::add_epoch(EpochSecret secret) {
  auto keys = crypto::GroupKeys::derive(secret.secret);
  const GroupId name = keys.group_id();
  // Later epochs' ids name what the rotation named; the first one's is fixed.
  if (secret.number == 0 && keys.epoch_id({}, {}) != secret.epoch) {
    return fail(ErrorCode::kCryptoFailed, "a group secret under another epoch's name");
  }
  ZEROK_TRY_VOID(keyring_.add(name, secret.epoch, std::move(keys.blob)));
  epochs_.emplace(name, Epoch{secret.number,
                              std::move(secret.secret),
                              std::move(keys.roster),
                              {roster_.group(), name, secret.epoch, std::move(keys.state)},
                              std::move(keys.membership)});
  current_ = name;
  return {};
}

const StateEpoch* ClientGroup::state_epoch(const GroupId& epoch_group) const {
  const auto at = epochs_.find(epoch_group);
  return at == epochs_.end() ? nullptr : &at->second.state;
}

std::string ClientGroup::name_of(const Member& member) const {
  const MemberRecord record = roster_.record(member);
  for (const auto& [name, epoch] : epochs_) {
    auto text = open_name(epoch.roster_key, id(), member.device, record.name);
    if (text) return *std::move(text);
  }
  return {};
}

}  // namespace zerok::core
