// SPDX-License-Identifier: MIT OR Apache-2.0
// Client: what the pairing exchange needs of a device's connection and store.
#include "client/client_parts.h"

namespace zerok::client {

Result<std::uint32_t> Client::pairing_request(wire::MessageType type, Bytes body) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  return parts.engine->pairing_request(type, std::move(body), parts.now);
}

std::optional<PairingReply> Client::poll_pairing_reply() {
  auto answer = parts_->engine->poll_pairing_answer();
  if (!answer) return std::nullopt;
  return PairingReply{answer->request, answer->type, std::move(answer->body), answer->refused,
                      answer->closed};
}

Result<void> Client::begin_guest(const MailboxId& mailbox) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  if (has_group()) return fail(ErrorCode::kInvalidState, "this device is in a group");
  parts.guest = mailbox;
  parts.engine->begin_guest(mailbox);
  parts.connection.at_once(parts.now);
  return {};
}

void Client::end_guest() {
  Parts& parts = *parts_;
  parts.guest.reset();
  parts.engine->end_guest();
  if (parts.engine->is_guest()) {
    parts.connection.drop(link::CloseCode::kNormal);
    parts.engine->handle_end();
    parts.connection.at_once(parts.now);
  }
  parts.dirty = true;
}

Result<void> Client::propose_member(Bytes record, const crypto::Ed25519Signature& self_signature) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  if (!has_group()) return fail(ErrorCode::kInvalidState, "this device is in no group");
  parts.engine->propose_member(std::move(record), self_signature);
  return {};
}

Client::Proposal Client::member_proposal() const {
  switch (parts_->engine->proposal()) {
    case core::ProposalState::kPending:
      return Proposal::kPending;
    case core::ProposalState::kEnrolled:
      return Proposal::kEnrolled;
    case core::ProposalState::kRefused:
      return Proposal::kRefused;
    case core::ProposalState::kNone:
      break;
  }
  return Proposal::kNone;
}

Result<Client::GroupSecrets> Client::group_secrets() const {
  const core::ClientGroup* group = parts_->engine->group();
  if (group == nullptr) return fail(ErrorCode::kInvalidState, "this device is in no group");
  GroupSecrets out;
  std::map<std::uint32_t, const core::ClientGroup::Epoch*> by_number;
  for (const auto& [name, epoch] : group->epochs()) by_number.emplace(epoch.number, &epoch);
  for (const auto& [number, epoch] : by_number) {
    out.epochs.push_back({epoch->state.epoch, epoch->secret.clone()});
  }
  out.roster = group->roster().entries();
  return out;
}

Result<void> Client::join_group(GroupSecrets secrets) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  if (has_group()) return fail(ErrorCode::kInvalidState, "this device is in a group");
  std::vector<core::EpochSecret> epochs;
  for (auto& epoch : secrets.epochs) {
    epochs.push_back(
        {epoch.epoch, static_cast<std::uint32_t>(epochs.size()), std::move(epoch.secret)});
  }
  ZEROK_TRY(auto group, core::ClientGroup::restore(std::move(epochs), secrets.roster));
  if (!group.roster().is_active(parts.keys.device_id())) {
    return fail(ErrorCode::kPermissionDenied, "the group's roster does not name this device");
  }
  // A guest's session goes on: the other device is still to be told.
  const bool stays = parts.engine->is_guest();
  if (!stays) {
    parts.connection.drop(link::CloseCode::kNormal);
    parts.engine->handle_end();
  }
  ZEROK_TRY_VOID(parts.adopt(std::move(group)));
  if (!stays) parts.connection.at_once(parts.now);
  return {};
}

}  // namespace zerok::client
