// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/pairing_mailbox.h"

#include <algorithm>

#include "wire/messages/session.h"

namespace zerok::core {

void PairingMailbox::stop() {
  open_ = ready_ = false;
  queue_.clear();
  create_.done();
  take_.done();
  retry_at_ = kNever;
}

void PairingMailbox::handle_connected() {
  if (!open_) return;
  create_.forget();
  put_.forget();
  take_.forget();
  retry_at_ = kNever;
  create_.wanted = creates_for_s_.has_value();
  ready_ = !create_.wanted;
}

void PairingMailbox::handle_ready() {
  create_.done();
  ready_ = open_;
}

void PairingMailbox::handle_put_done(std::uint32_t number) {
  if (queue_.empty() || !put_.in_flight || number != first_queued_) return;
  queue_.pop_front();
  ++first_queued_;
  put_.forget();
}

bool PairingMailbox::accept(std::uint32_t number) {
  if (!take_.wanted || number != next_take_) return false;
  ++next_take_;
  take_.done();
  return true;
}

bool PairingMailbox::handle_refusal(pairing::Request request, wire::WireErrorCode code,
                                    std::uint32_t retry_after_ms, Instant now) {
  if (wire::refusal_kind(code) == wire::RefusalKind::kRequest) return false;
  Asked& asked = request == pairing::Request::kCreate ? create_
                 : request == pairing::Request::kPut  ? put_
                                                      : take_;
  asked.refused = true;
  const Duration wait =
      std::clamp<Duration>(std::chrono::milliseconds(retry_after_ms), kRetryWait, kRetryWaitMax);
  retry_at_ = std::min(retry_at_, saturating_add(now, wait));
  return true;
}

void PairingMailbox::handle_timeout(Instant now) {
  if (now < retry_at_) return;
  retry_at_ = kNever;
  for (Asked* asked : {&create_, &put_, &take_}) {
    if (asked->refused) asked->forget();
  }
}

std::optional<pairing::Effect> PairingMailbox::poll_effect() {
  if (create_.is_due()) {
    create_.in_flight = true;
    return pairing::CreateMailbox{id_, *creates_for_s_};
  }
  if (!ready_) return std::nullopt;
  put_.wanted = !queue_.empty();
  if (put_.is_due()) {
    put_.in_flight = true;
    return pairing::Put{id_, first_queued_, queue_.front()};
  }
  if (take_.is_due()) {
    take_.in_flight = true;
    return pairing::Take{id_, next_take_};
  }
  return std::nullopt;
}

}  // namespace zerok::core
