// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/relay/mailboxes.h"

#include <algorithm>

#include "wire/messages/limits.h"

namespace zerok::core {
namespace {

using wire::WireErrorCode;

// Closed mailboxes of one group that are remembered, as many times its open ones.
constexpr std::size_t kClosedFactor = 16;
constexpr std::uint32_t kFullRetryMs = 10'000;

}  // namespace

MailboxAnswer Mailboxes::refuse(const MailboxCaller& caller, WireErrorCode code,
                                std::uint32_t retry_after_ms) {
  return {caller.session, caller.request,
          wire::ErrorMessage{.refusal = {.code = code, .retry_after_ms = retry_after_ms}}};
}

MailboxAnswer Mailboxes::ready(const MailboxCaller& caller, const Box& box, Instant now) {
  const auto left = std::chrono::ceil<std::chrono::seconds>(box.ends - now).count();
  const auto seconds = std::clamp<std::int64_t>(left, 1, wire::kMailboxSecondsMax);
  return {caller.session, caller.request,
          wire::MailboxReady{.minor = wire::kMinorVersion,
                             .expires_s = static_cast<std::uint32_t>(seconds)}};
}

std::optional<std::size_t> Mailboxes::side_of(const Box& box, const MailboxCaller& caller) {
  if (caller.device) {
    if (caller.device->first == box.group && caller.device->second == box.creator) return 0;
  } else if (box.guest == caller.noise_identity) {
    return 1;
  }
  return std::nullopt;
}

Mailboxes::Box* Mailboxes::find(const MailboxId& mailbox) {
  const auto found = boxes_.find(mailbox);
  return found == boxes_.end() || found->second.closed ? nullptr : &found->second;
}

MailboxAnswers Mailboxes::create(const MailboxCaller& caller, const wire::MailboxCreate& message,
                                 Instant now) {
  if (!caller.device) return {refuse(caller, WireErrorCode::kUnauthorized)};
  if (const auto found = boxes_.find(message.mailbox); found != boxes_.end()) {
    if (side_of(found->second, caller) != 0) return {refuse(caller, WireErrorCode::kUnauthorized)};
    if (found->second.closed) return {refuse(caller, WireErrorCode::kUnknownMailbox)};
    return {ready(caller, found->second, now)};
  }
  std::size_t open = 0;
  std::size_t closed = 0;
  for (const auto& [id, box] : boxes_) {
    if (box.group == caller.device->first) ++(box.closed ? closed : open);
  }
  if (open >= limits_.per_group_max || closed >= kClosedFactor * limits_.per_group_max) {
    return {refuse(caller, WireErrorCode::kRateLimited, kFullRetryMs)};
  }
  if (boxes_.size() >= limits_.mailboxes_max) {
    return {refuse(caller, WireErrorCode::kRelayOverloaded, kFullRetryMs)};
  }
  Box& box = boxes_[message.mailbox];
  box.group = caller.device->first;
  box.creator = caller.device->second;
  box.ends = saturating_add(now, std::chrono::seconds(message.lives_s));
  ends_.emplace(box.ends, message.mailbox);
  return {ready(caller, box, now)};
}

MailboxAnswers Mailboxes::join(const MailboxCaller& caller, const wire::MailboxJoin& message,
                               Instant now) {
  Box* box = find(message.mailbox);
  if (box == nullptr) return {refuse(caller, WireErrorCode::kUnknownMailbox)};
  if (!box->guest) box->guest = caller.noise_identity;
  if (side_of(*box, caller) != 1) return {refuse(caller, WireErrorCode::kUnauthorized)};
  return {ready(caller, *box, now)};
}

MailboxAnswers Mailboxes::put(const MailboxCaller& caller, const wire::MailboxPut& message) {
  Box* box = find(message.mailbox);
  if (box == nullptr) return {refuse(caller, WireErrorCode::kUnknownMailbox)};
  const auto side = side_of(*box, caller);
  if (!side) return {refuse(caller, WireErrorCode::kUnauthorized)};
  Lane& lane = box->lanes[*side];
  const crypto::Hash256 hash = crypto::Sha256().update(message.content).finish();
  if (message.number <= lane.hashes.size()) {
    if (lane.hashes[message.number - 1] != hash) {
      return {refuse(caller, WireErrorCode::kInvalidMessage)};
    }
    return {{caller.session, caller.request, wire::Done{}}};
  }
  if (message.number != lane.hashes.size() + 1) {
    return {refuse(caller, WireErrorCode::kInvalidMessage)};
  }
  if (lane.waiting.size() >= limits_.waiting_max) {
    return {refuse(caller, WireErrorCode::kRateLimited, 1'000)};
  }
  if (message.content.size() > limits_.bytes_max - bytes_) {
    return {refuse(caller, WireErrorCode::kRelayOverloaded, kFullRetryMs)};
  }
  lane.hashes.push_back(hash);
  const auto kept =
      lane.waiting.emplace(message.number, Bytes(message.content.begin(), message.content.end()));
  bytes_ += message.content.size();
  MailboxAnswers answers{{caller.session, caller.request, wire::Done{}}};
  if (lane.taker && lane.taker->number == message.number) {
    answers.push_back(
        {lane.taker->session, lane.taker->request,
         wire::MailboxMessage{.number = message.number, .content = kept.first->second}});
    lane.taker.reset();
  }
  return answers;
}

void Mailboxes::drop_taken(Lane& lane, std::uint32_t number) {
  lane.taken = number;
  while (!lane.waiting.empty() && lane.waiting.begin()->first < number) {
    bytes_ -= lane.waiting.begin()->second.size();
    lane.waiting.erase(lane.waiting.begin());
  }
}

MailboxAnswers Mailboxes::take(const MailboxCaller& caller, const wire::MailboxTake& message) {
  Box* box = find(message.mailbox);
  if (box == nullptr) return {refuse(caller, WireErrorCode::kUnknownMailbox)};
  const auto side = side_of(*box, caller);
  if (!side) return {refuse(caller, WireErrorCode::kUnauthorized)};
  Lane& lane = box->lanes[1 - *side];
  // Nobody can have what was not there: a number below the last one asked for, or one that skips
  // messages which are still to come.
  if (message.number < lane.taken || message.number > lane.hashes.size() + 1) {
    return {refuse(caller, WireErrorCode::kInvalidMessage)};
  }
  MailboxAnswers answers;
  if (lane.taker) {
    answers.push_back({lane.taker->session, lane.taker->request,
                       wire::ErrorMessage{.refusal = {.code = WireErrorCode::kInvalidMessage}}});
    lane.taker.reset();
  }
  drop_taken(lane, message.number);
  if (const auto found = lane.waiting.find(message.number); found != lane.waiting.end()) {
    answers.push_back({caller.session, caller.request,
                       wire::MailboxMessage{.number = message.number, .content = found->second}});
  } else {
    lane.taker = Taker{caller.session, caller.request, message.number};
  }
  return answers;
}

void Mailboxes::end(Box& box, MailboxAnswers& answers) {
  for (Lane& lane : box.lanes) {
    if (lane.taker) {
      answers.push_back({lane.taker->session, lane.taker->request,
                         wire::ErrorMessage{.refusal = {.code = WireErrorCode::kUnknownMailbox}}});
    }
    for (const auto& [number, content] : lane.waiting) bytes_ -= content.size();
    lane = Lane{};
  }
  if (!box.closed) ++closed_;
  box.closed = true;
}

MailboxAnswers Mailboxes::close(const MailboxCaller& caller, const wire::MailboxClose& message) {
  const auto found = boxes_.find(message.mailbox);
  if (found == boxes_.end()) return {refuse(caller, WireErrorCode::kUnknownMailbox)};
  if (!side_of(found->second, caller)) {
    return {refuse(caller, found->second.closed ? WireErrorCode::kUnknownMailbox
                                                : WireErrorCode::kUnauthorized)};
  }
  MailboxAnswers answers{{caller.session, caller.request, wire::Done{}}};
  end(found->second, answers);
  return answers;
}

void Mailboxes::handle_session_closed(SessionId session) {
  for (auto& [id, box] : boxes_) {
    for (Lane& lane : box.lanes) {
      if (lane.taker && lane.taker->session == session) lane.taker.reset();
    }
  }
}

MailboxAnswers Mailboxes::handle_device_left(const GroupId& group, const DeviceId& device) {
  MailboxAnswers answers;
  for (auto& [id, box] : boxes_) {
    if (!box.closed && box.group == group && box.creator == device) end(box, answers);
  }
  return answers;
}

MailboxAnswers Mailboxes::handle_timeout(Instant now) {
  MailboxAnswers answers;
  while (!ends_.empty() && ends_.begin()->first <= now) {
    const auto box = boxes_.find(ends_.begin()->second);
    end(box->second, answers);
    --closed_;
    boxes_.erase(box);
    ends_.erase(ends_.begin());
  }
  return answers;
}

}  // namespace zerok::core
