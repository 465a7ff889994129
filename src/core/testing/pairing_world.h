// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests and fuzz targets only: both sides of a pairing and a relay with their mailboxes, in one
// thread and in virtual time. The relay can be told to change, repeat or lose what passes, and
// either side's connection to break at any effect.
#pragma once

#include <functional>

#include "core/pairing_creator.h"
#include "core/pairing_joiner.h"
#include "core/testing/roster_sample.h"
#include "wire/messages/session.h"

namespace zerok::core::testing {

inline RelayTicket sample_ticket(std::uint8_t n = 0x77) {
  RelayTicket ticket;
  for (auto& byte : ticket.endpoint.mutable_bytes()) byte = n;
  for (auto& byte : ticket.noise_identity.mutable_bytes()) byte = static_cast<std::uint8_t>(n + 1);
  ticket.addresses = {"relay.example:4433"};
  ticket.admission_token = Bytes{1, 2, 3};
  return ticket;
}

inline EpochGrant sample_grant(std::uint8_t first = 0x40) {
  using namespace crypto::testing;
  return {key_of<crypto::GroupSecret>(ByteView(counting_bytes(32, first))), {}, {}};
}

// A mailbox as docs/protocol/messages.md section 10 has it.
class MemoryMailbox {
 public:
  using Code = wire::WireErrorCode;
  static constexpr std::size_t kWaitingMax = 4;

  // Nothing on success.
  std::optional<Code> put(bool joiner, std::uint32_t number, const Bytes& content) {
    if (closed) return Code::kUnknownMailbox;
    auto& side = sides[joiner ? 1 : 0];
    if (number >= 1 && number <= side.messages.size()) {
      return side.messages[number - 1] == content ? std::nullopt
                                                  : std::optional(Code::kInvalidMessage);
    }
    if (number != side.messages.size() + 1) return Code::kInvalidMessage;
    if (side.messages.size() - side.arrived >= kWaitingMax) return Code::kRateLimited;
    side.messages.push_back(content);
    return std::nullopt;
  }
  // The other side's message; null while it is not there.
  const Bytes* take(bool joiner, std::uint32_t number) {
    auto& other = sides[joiner ? 0 : 1];
    other.arrived = std::max<std::size_t>(other.arrived, number - 1);
    return number <= other.messages.size() ? &other.messages[number - 1] : nullptr;
  }

  struct Side {
    std::vector<Bytes> messages;
    std::size_t arrived = 0;
  };
  std::array<Side, 2> sides;
  bool closed = false;
};

class PairingWorld {
 public:
  // The creator is sample_device(1) in a group of so many devices.
  explicit PairingWorld(std::uint8_t devices = 1, std::uint64_t seed = 1)
      : rng(seed),
        roster(sample_roster(devices)),
        creator(sample_device(1).keys, sample_ticket(), rng, now, kUnixNow) {
    epochs.push_back(sample_grant());
    creator.handle_connected();
  }

  static constexpr std::uint64_t kUnixNow = 1'800'000'000;

  PairingGroup group() const { return {roster, keys.roster, epochs, ByteView(token)}; }

  void join(const PairingOffer& offer, std::uint8_t device = 9,
            const std::string& name = "New Phone") {
    joiner.emplace(PairingJoiner::start(sample_device(device).keys, offer, name, rng, now).value());
    joiner->handle_connected();
  }

  // Until both have nothing more to say; virtual time passes only for retries.
  void run() {
    for (int quiet = 0; quiet < 2;) {
      if (step_creator() || step_joiner() || answer_takes()) {
        quiet = 0;
      } else if (!advance_to_retry()) {
        ++quiet;
      }
    }
  }

  void pass_time(Duration by) {
    now += by;
    creator.handle_timeout(now);
    if (joiner) joiner->handle_timeout(now);
  }

  template <class T>
  static const T* find(const std::vector<pairing::Event>& events) {
    for (const auto& event : events) {
      if (const T* found = std::get_if<T>(&event)) return found;
    }
    return nullptr;
  }
  bool paired() const {
    return find<pairing::Paired>(creator_events) != nullptr &&
           find<pairing::Paired>(joiner_events) != nullptr;
  }
  std::optional<pairing::Failure> creator_failure() const {
    const auto* failed = find<pairing::Failed>(creator_events);
    return failed == nullptr ? std::nullopt : std::optional(failed->reason);
  }
  std::optional<pairing::Failure> joiner_failure() const {
    const auto* failed = find<pairing::Failed>(joiner_events);
    return failed == nullptr ? std::nullopt : std::optional(failed->reason);
  }

  DeterministicRng rng;
  Instant now{std::chrono::seconds(1000)};
  crypto::GroupKeys keys = sample_group();
  Roster roster;
  std::vector<EpochGrant> epochs;
  Bytes token{1, 2, 3};
  PairingCreator creator;
  std::optional<PairingJoiner> joiner;
  std::map<MailboxId, MemoryMailbox> mailboxes;
  std::vector<pairing::Event> creator_events;
  std::vector<pairing::Event> joiner_events;

  // What the relay hands over in place of a message; nothing: it hands over nothing, ever.
  std::function<std::optional<Bytes>(bool from_joiner, std::uint32_t number, const Bytes&)>
      deliver = [](bool, std::uint32_t, const Bytes& content) { return std::optional(content); };
  std::function<void(PairingWorld&)> on_approval = [](PairingWorld& world) {
    world.creator.approve(world.group(), world.now);
  };
  // What happens instead of enrolling.
  std::function<bool(PairingWorld&, const pairing::Enrol&)> on_enrol =
      [](PairingWorld&, const pairing::Enrol&) { return false; };
  bool store_burn = true;
  // The connection of a side breaks at this effect of its (counted from 1; 0 never): the relay may
  // have got it, its answer is lost.
  std::array<int, 2> break_at{0, 0};
  bool breaks_after_arrival = true;
  int burns = 0;
  bool burn_before_answer = true;
  std::array<int, 2> effects{0, 0};

 private:
  struct Waiting {
    MailboxId mailbox;
    std::uint32_t number;
  };

  bool step_creator() {
    bool any = false;
    while (auto event = creator.poll_event()) {
      any = true;
      creator_events.push_back(*event);
      if (std::holds_alternative<pairing::AskApproval>(*event)) on_approval(*this);
    }
    const auto effect = creator.poll_effect();
    if (!effect) return any;
    const bool breaks = ++effects[0] == break_at[0];
    if (breaks && !breaks_after_arrival && is_for_relay(*effect)) {
      reconnect(false);
      return true;
    }
    const bool silent = breaks && is_for_relay(*effect);
    if (const auto* create = std::get_if<pairing::CreateMailbox>(&*effect)) {
      mailboxes.try_emplace(create->mailbox);
      if (!silent) creator.handle_mailbox_ready(create->mailbox);
    } else if (const auto* put = std::get_if<pairing::Put>(&*effect)) {
      burn_before_answer = burn_before_answer && burns > 0;
      const auto refused = mailboxes[put->mailbox].put(false, put->number, put->content);
      if (silent) {
      } else if (refused) {
        creator.handle_refusal(put->mailbox, pairing::Request::kPut, *refused, 0, now);
      } else {
        creator.handle_put_done(put->mailbox, put->number);
      }
    } else if (const auto* take = std::get_if<pairing::Take>(&*effect)) {
      if (!silent) creator_takes[take->mailbox] = {take->mailbox, take->number};
    } else if (const auto* close = std::get_if<pairing::CloseMailbox>(&*effect)) {
      mailboxes[close->mailbox].closed = true;
      creator_takes.erase(close->mailbox);
    } else if (std::holds_alternative<pairing::PersistBurn>(*effect)) {
      ++burns;
      if (store_burn) creator.handle_burn_stored(now);
    } else if (const auto* enrol = std::get_if<pairing::Enrol>(&*effect)) {
      if (!on_enrol(*this, *enrol)) enrol_now(*enrol);
    }
    if (silent) reconnect(false);
    return true;
  }

 public:
  void enrol_now(const pairing::Enrol& enrol) {
    if (!roster.is_active(enrol.device)) {
      const auto applied = roster.apply(make_add_entry(sample_device(1).keys.signing, roster.head(),
                                                       enrol.record, enrol.self_signature));
      if (!applied) return creator.handle_enrol_refused(wire::WireErrorCode::kUnauthorized);
    }
    creator.handle_enrolled(group(), now);
  }

 private:
  bool step_joiner() {
    if (!joiner) return false;
    bool any = false;
    while (auto event = joiner->poll_event()) {
      any = true;
      joiner_events.push_back(*event);
    }
    const auto effect = joiner->poll_effect();
    if (!effect) return any;
    const bool breaks = ++effects[1] == break_at[1];
    if (breaks && !breaks_after_arrival && is_for_relay(*effect)) {
      reconnect(true);
      return true;
    }
    const bool silent = breaks && is_for_relay(*effect);
    if (const auto* put = std::get_if<pairing::Put>(&*effect)) {
      const auto refused = mailboxes[put->mailbox].put(true, put->number, put->content);
      if (silent) {
      } else if (refused) {
        joiner->handle_refusal(pairing::Request::kPut, *refused, 0, now);
      } else {
        joiner->handle_put_done(put->number);
      }
    } else if (const auto* take = std::get_if<pairing::Take>(&*effect)) {
      if (!silent) joiner_take = Waiting{take->mailbox, take->number};
    } else if (const auto* close = std::get_if<pairing::CloseMailbox>(&*effect)) {
      mailboxes[close->mailbox].closed = true;
    } else if (std::holds_alternative<pairing::StoreGroup>(*effect)) {
      joiner->handle_group_stored();
    }
    if (silent) reconnect(true);
    return true;
  }

  static bool is_for_relay(const pairing::Effect& effect) {
    return !std::holds_alternative<pairing::PersistBurn>(effect) &&
           !std::holds_alternative<pairing::Enrol>(effect) &&
           !std::holds_alternative<pairing::StoreGroup>(effect) &&
           !std::holds_alternative<pairing::CloseMailbox>(effect);
  }

  void reconnect(bool is_joiner) {
    if (is_joiner) {
      joiner_take.reset();
      joiner->handle_connected();
    } else {
      creator_takes.clear();
      creator.handle_connected();
    }
  }

  bool answer_takes() {
    for (const auto& [id, take] : std::map(creator_takes)) {
      if (mailboxes[id].closed) {
        creator_takes.erase(id);
        creator.handle_refusal(id, pairing::Request::kTake, wire::WireErrorCode::kUnknownMailbox, 0,
                               now);
        return true;
      }
      if (const Bytes* content = mailboxes[id].take(false, take.number)) {
        creator_takes.erase(id);
        const auto delivered = deliver(true, take.number, *content);
        if (delivered) creator.handle_message(id, take.number, *delivered, now);
        return true;
      }
    }
    if (!joiner || !joiner_take) return false;
    const Waiting take = *joiner_take;
    if (mailboxes[take.mailbox].closed) {
      joiner_take.reset();
      joiner->handle_refusal(pairing::Request::kTake, wire::WireErrorCode::kUnknownMailbox, 0, now);
      return true;
    }
    if (const Bytes* content = mailboxes[take.mailbox].take(true, take.number)) {
      joiner_take.reset();
      const auto delivered = deliver(false, take.number, *content);
      if (delivered) joiner->handle_message(take.number, *delivered, now);
      return true;
    }
    return false;
  }

  bool advance_to_retry() {
    const Instant next = std::min(creator.next_timeout(), joiner ? joiner->next_timeout() : kNever);
    if (next > now + std::chrono::seconds(60)) return false;
    pass_time(next - now);
    return true;
  }

  std::map<MailboxId, Waiting> creator_takes;
  std::optional<Waiting> joiner_take;
};

}  // namespace zerok::core::testing
