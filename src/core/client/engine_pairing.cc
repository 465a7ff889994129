// SPDX-License-Identifier: MIT OR Apache-2.0
// Requests of the mailbox that somebody above makes through this session.
#include "core/client/engine.h"

namespace zerok::core {
namespace {

// MAILBOX_TAKE is answered when the other side has spoken, which a person may delay.
constexpr Duration kTakeTimeout = std::chrono::seconds(2 * wire::kMailboxSecondsMax);

}  // namespace

Result<std::uint32_t> ClientEngine::pairing_request(wire::MessageType type, Bytes body,
                                                    Instant now) {
  now_ = now;
  const bool live = session_ == SessionState::kFull || session_ == SessionState::kGuest;
  if (!live || ending_) return fail(ErrorCode::kInvalidState, "no live session");
  const bool guest = session_ == SessionState::kGuest;
  switch (type) {
    case wire::MessageType::kMailboxCreate:
      if (guest) return fail(ErrorCode::kInvalidArgument, "a guest makes no mailbox");
      break;
    case wire::MessageType::kMailboxPut:
    case wire::MessageType::kMailboxTake:
    case wire::MessageType::kMailboxClose:
      break;
    default:
      return fail(ErrorCode::kInvalidArgument, "not a request of the mailbox");
  }
  if (requests_.free() == 0) return fail(ErrorCode::kOverloaded, "too many open requests");
  const auto request = send_request(RequestKind::kPairing, type, std::move(body));
  if (type == wire::MessageType::kMailboxTake) {
    requests_.set_deadline(request, saturating_add(now_, kTakeTimeout));
  }
  pairing_open_.insert(request);
  return request;
}

std::optional<PairingAnswer> ClientEngine::poll_pairing_answer() {
  if (pairing_answers_.empty()) return std::nullopt;
  PairingAnswer answer = std::move(pairing_answers_.front());
  pairing_answers_.pop_front();
  return answer;
}

}  // namespace zerok::core
