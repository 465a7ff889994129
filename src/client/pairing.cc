// SPDX-License-Identifier: MIT OR Apache-2.0
#include "client/pairing.h"

#include <algorithm>

#include "wire/messages/mailbox.h"

namespace zerok::client {
namespace {

// A guest's first request is MAILBOX_JOIN, which the client sends by itself.
constexpr std::uint32_t kJoinRequest = 1;

}  // namespace

// --- requests

bool MailboxRequests::send(wire::MessageType type, Result<Bytes> body, const Asked& asked) {
  if (!body) return false;  // beyond no bound of the message, as core keeps to them
  const auto number = client_->pairing_request(type, *std::move(body));
  if (!number) return false;
  asked_[*number] = asked;
  return true;
}

bool MailboxRequests::ask(const core::pairing::CreateMailbox& effect) {
  return send(wire::MessageType::kMailboxCreate,
              wire::MailboxCreate{effect.mailbox, effect.lives_s}.encode(),
              {core::pairing::Request::kCreate, effect.mailbox});
}

bool MailboxRequests::ask(const core::pairing::Put& effect) {
  return send(wire::MessageType::kMailboxPut,
              wire::MailboxPut{effect.mailbox, effect.number, effect.content}.encode(),
              {core::pairing::Request::kPut, effect.mailbox, effect.number});
}

bool MailboxRequests::ask(const core::pairing::Take& effect) {
  return send(wire::MessageType::kMailboxTake,
              wire::MailboxTake{effect.mailbox, effect.number}.encode(),
              {core::pairing::Request::kTake, effect.mailbox, effect.number});
}

bool MailboxRequests::ask(const core::pairing::CloseMailbox& effect) {
  // Whoever waits there is answered by it.
  std::erase_if(asked_, [&](const auto& entry) { return entry.second.mailbox == effect.mailbox; });
  return send(wire::MessageType::kMailboxClose, wire::MailboxClose{effect.mailbox}.encode(),
              {core::pairing::Request::kTake, effect.mailbox, 0, true});
}

std::optional<MailboxRequests::Asked> MailboxRequests::take(const PairingReply& reply) {
  const auto found = asked_.find(reply.request);
  if (found == asked_.end()) return std::nullopt;
  const Asked asked = found->second;
  asked_.erase(found);
  return asked;
}

// --- the device that invites

// The group as the creator is shown it, with what it is made of.
struct Inviting::Group {
  core::Roster roster;
  crypto::GroupKeys newest;
  std::vector<core::EpochGrant> epochs;
  std::optional<Bytes> token;

  core::PairingGroup view() const {
    std::optional<ByteView> token_view;
    if (token) token_view = *token;
    return {roster, newest.roster, epochs, token_view};
  }
};

Result<std::unique_ptr<Inviting>> Inviting::start(Client& client, const crypto::DeviceKeys& keys,
                                                  Rng& rng, Instant now, UnixMs wall) {
  const auto relay = client.relay();
  if (!client.has_group() || !relay) {
    return fail(ErrorCode::kInvalidState, "there is no group, or no relay, to invite to");
  }
  return std::unique_ptr<Inviting>(new Inviting(client, keys, *relay, rng, now, wall));
}

Inviting::Inviting(Client& client, const crypto::DeviceKeys& keys, const core::RelayTicket& relay,
                   Rng& rng, Instant now, UnixMs wall)
    : client_(&client),
      creator_(keys, relay, rng, now, static_cast<std::uint64_t>(wall / 1000)),
      requests_(client) {}

Result<Inviting::Group> Inviting::group() const {
  ZEROK_TRY(auto secrets, client_->group_secrets());
  if (secrets.epochs.empty() || secrets.roster.empty()) {
    return fail(ErrorCode::kInvalidState, "the group is not complete");
  }
  ZEROK_TRY(auto roster, core::Roster::create(secrets.roster[0], *client_->group()));
  for (std::size_t i = 1; i < secrets.roster.size(); ++i) {
    ZEROK_TRY_VOID(roster.apply(secrets.roster[i]));
  }
  auto newest = crypto::GroupKeys::derive(secrets.epochs.back().secret);
  std::vector<core::EpochGrant> epochs;
  for (auto& epoch : secrets.epochs) {
    // The first epoch has neither parent nor rotation.
    epochs.push_back({std::move(epoch.secret), EpochId{}, RosterHead{}});
  }
  std::optional<Bytes> token;
  if (const auto relay = client_->relay()) token = relay->admission_token;
  return Group{std::move(roster), std::move(newest), std::move(epochs), std::move(token)};
}

void Inviting::watch_session() {
  const auto status = client_->status();
  if (status.connection != Connection::kOnline) {
    session_.reset();
    requests_.forget_all();
  } else if (session_ != status.since) {
    session_ = status.since;
    requests_.forget_all();
    ready_ = 0;
    creator_.handle_connected();
  }
}

void Inviting::handle_reply(const PairingReply& reply, Instant now) {
  const auto asked = requests_.take(reply);
  if (!asked || asked->is_close || reply.closed) return;
  if (reply.refused) {
    creator_.handle_refusal(asked->mailbox, asked->request, *reply.refused, 0, now);
    return;
  }
  switch (asked->request) {
    case core::pairing::Request::kCreate:
      ++ready_;
      creator_.handle_mailbox_ready(asked->mailbox);
      break;
    case core::pairing::Request::kPut:
      creator_.handle_put_done(asked->mailbox, asked->number);
      break;
    case core::pairing::Request::kTake:
      if (const auto message = wire::MailboxMessage::decode(reply.body)) {
        creator_.handle_message(asked->mailbox, message->number, message->content, now);
      }
      break;
  }
}

void Inviting::enrol(const core::pairing::Enrol& effect) {
  enrolling_ = effect.device;
  const auto now_in = group();
  if (now_in && now_in->roster.is_active(effect.device)) return;
  if (!client_->propose_member(effect.record, effect.self_signature)) {
    enrolling_.reset();
    creator_.handle_enrol_refused(wire::WireErrorCode::kUnauthorized);
  }
}

// The roster decides, not what became of a proposal: one may be left from an earlier pairing, and
// one whose answer was lost has succeeded all the same.
void Inviting::watch_enrolment(Instant now) {
  if (!enrolling_) return;
  const bool is_there = std::ranges::any_of(client_->devices(), [&](const DeviceInfo& device) {
    return device.id == *enrolling_ && device.active;
  });
  if (is_there) {
    const auto with_it = group();
    if (!with_it) return;
    enrolling_.reset();
    creator_.handle_enrolled(with_it->view(), now);
  } else if (client_->member_proposal() == Client::Proposal::kRefused) {
    enrolling_.reset();
    creator_.handle_enrol_refused(wire::WireErrorCode::kUnauthorized);
  }
}

void Inviting::carry_out(core::pairing::Effect effect, Instant now) {
  if (const auto* create = std::get_if<core::pairing::CreateMailbox>(&effect)) {
    requests_.ask(*create);
  } else if (const auto* put = std::get_if<core::pairing::Put>(&effect)) {
    requests_.ask(*put);
  } else if (const auto* take = std::get_if<core::pairing::Take>(&effect)) {
    requests_.ask(*take);
  } else if (const auto* close = std::get_if<core::pairing::CloseMailbox>(&effect)) {
    requests_.ask(*close);
  } else if (const auto* member = std::get_if<core::pairing::Enrol>(&effect)) {
    enrol(*member);
  } else if (std::holds_alternative<core::pairing::PersistBurn>(effect)) {
    creator_.handle_burn_stored(now);  // an invite lives in this object only
  }
}

void Inviting::step(Instant now) {
  watch_session();
  while (const auto reply = client_->poll_pairing_reply()) handle_reply(*reply, now);
  watch_enrolment(now);
  creator_.handle_timeout(now);
  while (auto effect = creator_.poll_effect()) carry_out(*std::move(effect), now);
}

Result<void> Inviting::approve(Instant now) {
  ZEROK_TRY(const auto present, group());
  creator_.approve(present.view(), now);
  return {};
}

// --- the device that joins

Result<std::unique_ptr<Joining>> Joining::start(Client& client, const crypto::DeviceKeys& keys,
                                                const core::PairingOffer& offer, std::string name,
                                                Rng& rng, Instant now) {
  ZEROK_TRY(auto joiner, core::PairingJoiner::start(keys, offer, std::move(name), rng, now));
  auto before = client.relay();
  ZEROK_TRY_VOID(client.set_relay(offer.relay));
  if (auto guest = client.begin_guest(offer.mailbox); !guest) {
    if (before) ZEROK_TRY_VOID(client.set_relay(*before));
    return std::unexpected(guest.error());
  }
  return std::unique_ptr<Joining>(new Joining(client, std::move(joiner), std::move(before)));
}

void Joining::handle_reply(const PairingReply& reply, Instant now) {
  if (reply.closed) {
    requests_.forget_all();
    // A member can't be a guest again to tell the other device, which finds it in the group anyway.
    if (client_->has_group()) is_cut_off_ = true;
    return;
  }
  if (reply.request == kJoinRequest) {
    requests_.forget_all();
    if (reply.refused) {
      joiner_.handle_refusal(core::pairing::Request::kCreate, *reply.refused, 0, now);
    } else {
      joiner_.handle_connected();
    }
    return;
  }
  const auto asked = requests_.take(reply);
  if (!asked || asked->is_close) return;
  if (reply.refused) {
    joiner_.handle_refusal(asked->request, *reply.refused, 0, now);
  } else if (asked->request == core::pairing::Request::kPut) {
    joiner_.handle_put_done(asked->number);
  } else if (const auto message = wire::MailboxMessage::decode(reply.body)) {
    joiner_.handle_message(message->number, message->content, now);
  }
}

Result<void> Joining::store_group() {
  const core::JoinedGroup& joined = joiner_.joined();
  Client::GroupSecrets secrets;
  for (const core::EpochGrant& epoch : joined.epochs) {
    secrets.epochs.push_back({epoch.epoch_id(), epoch.secret.clone()});
  }
  secrets.roster = joined.roster.entries();
  return client_->join_group(std::move(secrets));
}

void Joining::carry_out(core::pairing::Effect effect) {
  if (const auto* put = std::get_if<core::pairing::Put>(&effect)) {
    requests_.ask(*put);
  } else if (const auto* take = std::get_if<core::pairing::Take>(&effect)) {
    requests_.ask(*take);
  } else if (const auto* close = std::get_if<core::pairing::CloseMailbox>(&effect)) {
    requests_.ask(*close);
  } else if (std::holds_alternative<core::pairing::StoreGroup>(effect)) {
    if (auto stored = store_group(); stored) {
      joiner_.handle_group_stored();
    } else {
      store_error_ = stored.error();
      joiner_.cancel();
    }
  }
}

void Joining::step(Instant now) {
  while (const auto reply = client_->poll_pairing_reply()) handle_reply(*reply, now);
  joiner_.handle_timeout(now);
  while (auto effect = joiner_.poll_effect()) carry_out(*std::move(effect));
  if (is_over()) end();
}

void Joining::end() {
  if (!is_guest_) return;
  is_guest_ = false;
  client_->end_guest();
  // The ticket of a code that came to nothing is not kept; that of one that did lacks the admission
  // token, which the group has.
  const core::RelayTicket* relay = relay_before_ ? &*relay_before_ : nullptr;
  if (client_->has_group()) {
    const auto& joined = joiner_.joined().relay;
    relay = joined.admission_token ? &joined : nullptr;
  }
  if (relay == nullptr) return;
  if (auto set = client_->set_relay(*relay); !set) store_error_ = set.error();
}

std::optional<core::pairing::Event> Joining::poll_event() { return joiner_.poll_event(); }

}  // namespace zerok::client
