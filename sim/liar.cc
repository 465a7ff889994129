// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/liar.h"

#include "core/blob.h"
#include "core/roster_entry.h"

namespace zerok::sim {
namespace {

using std::chrono::seconds;

// Every attempt is over by then: the relay has to end what it refuses.
constexpr Duration kAttempt = seconds(40);
constexpr int kNoiseMessages = 40;

crypto::DeviceKeys make_keys(Rng& rng) {
  crypto::DeviceSecret secret;
  rng.fill(secret.mutable_bytes());
  return crypto::DeviceKeys::derive(secret);
}

}  // namespace

Liar::Liar(Context& context, std::uint64_t seed)
    : context_(context),
      rng_(seed),
      own_keys_(make_keys(rng_)),
      own_node_(context.network.add_node(own_keys_.endpoint_id(),
                                         transport::SocketAddress::ipv4({10, 66, 6, 6}, 666))),
      node_(own_node_) {}

void Liar::begin(Trick trick, const Loot& loot, const core::RelayTicket& relay) {
  ZEROK_ASSERT(!is_busy());
  trick_ = trick;
  device_ = &own_keys_;
  node_ = own_node_;
  if (trick == Trick::kWrongNoise) {
    device_ = loot.device;
    node_ = context_.network.add_node(device_->endpoint_id(),
                                      transport::SocketAddress::ipv4({10, 66, 7, ++stolen_}, 666));
  }
  group_keys_ = crypto::GroupKeys::derive(loot.group);
  roster_ = loot.roster;
  relay_ = relay.endpoint;
  sent_ = false;
  welcomed_ = false;
  requests_ = 0;
  ends_ = context_.now + kAttempt;
  context_.log.note("liar: trick {}", static_cast<int>(trick));
  noise_ = std::make_unique<noise::StaticKeys>(noise::StaticKeys::generate(rng_));
  transport_ = std::make_unique<transport::SimulatedTransport>(context_.network, node_);
  endpoint_ = std::make_unique<link::Endpoint>(*transport_, *noise_, rng_, link::EndpointConfig{});
  const auto dialled = endpoint_->dial(transport::SocketAddress::ipv4({10, 0, 0, 1}, 443),
                                       relay.endpoint, relay.noise_identity, context_.now);
  if (!dialled) return stop();
  link_ = *dialled;
}

void Liar::stop() {
  endpoint_.reset();
  transport_.reset();
  noise_.reset();
}

bool Liar::is_due() const {
  return is_busy() && (context_.network.has_inbox(node_) || next_timeout() <= context_.now);
}

Instant Liar::next_timeout() const {
  return is_busy() ? std::min(ends_, endpoint_->next_timeout()) : kNever;
}

void Liar::step() {
  endpoint_->step(context_.now);
  while (is_busy()) {
    const auto event = endpoint_->poll_event();
    if (!event) break;
    switch (event->kind) {
      case link::LinkEvent::Kind::kOpened:
        opened();
        break;
      case link::LinkEvent::Kind::kMessage:
        answered(*event->message);
        break;
      case link::LinkEvent::Kind::kDrained:
        break;
      case link::LinkEvent::Kind::kClosed:
        context_.log.note("liar: closed after {} requests", requests_);
        return stop();
    }
  }
  if (!is_busy()) return;
  if (context_.now >= ends_) {
    // Only who may bring a roster is let stay.
    if (trick_ != Trick::kNotEnrolled && trick_ != Trick::kForgedRoster &&
        endpoint_->info(link_).has_value()) {
      context_.findings.fail("liar", "trick {} was still connected after {} s",
                             static_cast<int>(trick_), kAttempt / seconds(1));
    }
    return stop();
  }
  endpoint_->step(context_.now);
}

wire::Hello Liar::hello(const core::SessionBinding& binding) const {
  wire::Hello hello;
  core::sign_hello(hello, device_->signing, group_keys_->membership, binding);
  return hello;
}

void Liar::opened() {
  const auto info = endpoint_->info(link_);
  const core::SessionBinding binding{info->handshake_hash, relay_};
  wire::Hello message = hello(binding);
  switch (trick_) {
    case Trick::kWrongMembership: {
      const auto own = crypto::Ed25519KeyPair::generate(rng_);
      const GroupId group = message.group;
      core::sign_hello(message, own_keys_.signing, own, binding);
      if (rng_.below(2) == 0) message.group = group;
      break;
    }
    case Trick::kFalseSignature:
      rng_.fill(message.membership_signature);
      break;
    case Trick::kReplayedHello: {
      core::SessionBinding other = binding;
      other.handshake_hash[rng_.below(other.handshake_hash.size())] ^= 1;
      message = hello(other);
      break;
    }
    case Trick::kWrongNoise:
    case Trick::kNotEnrolled:
    case Trick::kForgedRoster:
      break;
    case Trick::kNoise:
      for (int i = 0; i < kNoiseMessages; ++i) {
        Bytes body(1 + rng_.below(300));
        rng_.fill(body);
        const wire::MessageKey key{static_cast<std::uint32_t>(rng_.below(5)),
                                   static_cast<std::uint8_t>(rng_.below(256)), rng_.below(4) == 0};
        (void)endpoint_->send(link_, wire::Priority::kBulk, key, std::move(body));
      }
      return;
    case Trick::kSilent:
      return;
  }
  send(message);
}

void Liar::send(const wire::AnyMessage& message, bool is_request) {
  auto body = wire::encode_message(message);
  ZEROK_ASSERT(body.has_value());
  const wire::MessageKey key{is_request ? ++requests_ : 0,
                             static_cast<std::uint8_t>(wire::message_type(message)), false};
  (void)endpoint_->send(link_, wire::Priority::kBulk, key, *std::move(body));
}

void Liar::answered(const wire::Message& message) {
  const auto decoded = wire::decode_message(message.key().type, message.body());
  if (!decoded) {
    context_.findings.fail("liar", "the relay sent what can't be read");
    return;
  }
  if (const auto* error = std::get_if<wire::ErrorMessage>(&*decoded)) {
    context_.log.note("liar: request {} got ERROR {}", message.key().request,
                      static_cast<int>(error->refusal.code));
    return;
  }
  if (const auto* welcome = std::get_if<wire::Welcome>(&*decoded)) {
    if (trick_ != Trick::kNotEnrolled && trick_ != Trick::kForgedRoster) {
      context_.findings.fail("liar", "trick {} was welcomed", static_cast<int>(trick_));
      return;
    }
    if (welcome->highest != 0 || welcome->pending != 0 || !welcome->states.empty() ||
        welcome->hash_at_position) {
      context_.findings.fail("liar", "a stranger was told of the log");
    }
    if (welcomed_) return;
    welcomed_ = true;
    if (trick_ == Trick::kForgedRoster) return forge_roster();
    return ask_for_everything();
  }
  if (std::holds_alternative<wire::Roster>(*decoded)) return;
  context_.findings.fail("liar", "a stranger's request was answered with message {}",
                         int{message.key().type});
}

void Liar::ask_for_everything() {
  const Bytes sealed(300, 7);
  wire::Push push;
  push.group = group_keys_->group_id();
  push.blobs.push_back({core::draw_blob_id(rng_), sealed});
  send(push);
  wire::Pull pull;
  pull.lines_max = 10;
  pull.bytes_max = 1000;
  send(pull);
  wire::Delete remove;
  for (const auto& [id, blob] : context_.truth.blobs) remove.blob = id;
  send(remove);
  wire::DeviceState state;
  state.device = own_keys_.device_id();
  state.state = sealed;
  send(state);
  wire::Ack ack;
  ack.stored = 1;
  send(ack, false);
  send(wire::RosterGet{});
}

void Liar::forge_roster() {
  RosterHead head;
  if (!roster_.empty()) head = core::roster_head(roster_.back());
  const auto name = core::seal_name(group_keys_->roster, group_keys_->group_id(),
                                    own_keys_.device_id(), "liar", rng_);
  ZEROK_ASSERT(name.has_value());
  const Bytes record = core::MemberRecord::of(own_keys_, *name).encode();
  const auto self = core::sign_member_record(own_keys_.signing, group_keys_->group_id(), record);
  // Enrolled by itself, and by a member whose signature it does not have.
  Bytes entry = core::make_add_entry(own_keys_.signing, head, record, self);
  if (rng_.below(2) == 0) entry[entry.size() - 1 - rng_.below(60)] ^= 1;
  wire::RosterAppend append;
  append.first = static_cast<std::uint32_t>(roster_.size());
  append.entries.push_back(entry);
  if (append.first > 0) send(append);
  append.first = 1;
  send(append);
}

}  // namespace zerok::sim
