// SPDX-License-Identifier: MIT OR Apache-2.0
// DEVICE_STATE: what this device signs to have stored, and what the others do
// (docs/protocol/device-state.md).
#include "core/client/engine.h"

namespace zerok::core {

void ClientEngine::send_state() {
  const SaidState now_known{inbox_.heads_version(), record().acknowledged.sequence,
                            group_->roster().size(), true};
  const bool old = now_ >= state_refresh_due_;
  if ((said_ == now_known && !old) || now_ < state_due_ || requests_.is_open(RequestKind::kState)) {
    return;
  }
  DeviceState state;
  state.device = self();
  state.counter = record().state_counter + 1;
  state.roster_length = static_cast<std::uint32_t>(group_->roster().size());
  state.roster_head = group_->roster().head();
  if (record().acknowledged.sequence > 0) {
    state.heads.push_back({self(), record().incarnation, record().acknowledged});
  }
  for (StoredHead& head : inbox_.heads(group_->roster())) state.heads.push_back(head);
  wire::DeviceState message;
  message.device = self();
  const auto sealed =
      seal_device_state(std::move(state), group_->state_epoch(), keys_.signing, rng_);
  if (!sealed) return;
  message.state = *sealed;
  auto body = message.encode();
  if (!body) return;
  ++journal_.change().state_counter;
  said_ = now_known;
  state_due_ = saturating_add(now_, limits_.state_interval);
  state_refresh_due_ = saturating_add(now_, limits_.state_refresh);
  send_request(RequestKind::kState, wire::MessageType::kDeviceState, *std::move(body));
}

void ClientEngine::handle_state(const DeviceId& device, ByteView sealed) {
  if (device == self() || !group_->roster().is_active(device)) return;
  if (peers_.holds(device, sealed)) return;
  const auto name = sealed_state_group(sealed);
  const StateEpoch* epoch = name ? group_->state_epoch(*name) : nullptr;
  // It comes again when the key is here: with the next WELCOME.
  if (name && epoch == nullptr) return;
  const auto state = name ? open_device_state(*epoch, device, sealed)
                          : Result<DeviceState>(std::unexpected(name.error()));
  if (state) return use_state(*state, sealed);
  // Who made it can't be told from here, and a member must not be able to end others' sessions.
  NoticeDetail detail;
  detail.device = device;
  detail.code = static_cast<std::uint32_t>(state.error().code);
  switch (state.error().code) {
    case ErrorCode::kUnsupported:
      return journal_.notice(NoticeKind::kUpdateNeeded, detail);
    case ErrorCode::kPermissionDenied:
      return journal_.notice(NoticeKind::kContradiction, detail);
    default:
      return journal_.notice(NoticeKind::kRelayMisbehaves, detail);
  }
}

void ClientEngine::use_state(const DeviceState& state, ByteView sealed) {
  NoticeDetail detail;
  detail.device = state.device;
  switch (peers_.freshness(state.device, state.counter, sealed)) {
    case Peers::Freshness::kSame:
      return;
    case Peers::Freshness::kOlder:
      // A relay that lost its log shows what it has left.
      if (!record().read_before) journal_.notice(NoticeKind::kStateRolledBack, detail);
      return;
    case Peers::Freshness::kDiffers:
      detail.other = state.device;
      return journal_.notice(NoticeKind::kContradiction, detail);
    case Peers::Freshness::kNew:
      break;
  }
  journal_.add(PutPeerState{state.device, state.counter, Bytes(sealed.begin(), sealed.end())});
  peers_.heard(state.device, wall_);
  if (peers_.take(state, sealed, self(), record(), outbox_) == Peers::OwnChain::kContradicts) {
    detail.other = state.device;
    journal_.notice(NoticeKind::kStoreCopied, detail);
    // Others follow 64 of our incarnations: a device that lies must not use them up.
    if (disputed_by_.insert(state.device).second) begin_incarnation();
  }
  for (const StoredHead& head : state.heads) {
    if (group_->roster().find(head.sender) != nullptr) {
      inbox_.claim(state.device, head, journal_);
    }
  }
  switch (group_->roster().relation(state.roster_length, state.roster_head)) {
    case RosterRelation::kForked:
      tell_fork(state.device);
      break;
    case RosterRelation::kNewer:
      roster_wanted_ = true;
      break;
    case RosterRelation::kSame:
    case RosterRelation::kOlder:
      break;
  }
  peers_.drop_delivered(outbox_, self(), group_->roster(), wall_, limits_, journal_);
  journal_.tell(ClientEvent::kDevices);
  journal_.tell(ClientEvent::kOutbox);
}

}  // namespace zerok::core
