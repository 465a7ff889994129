// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: what mailboxes answer, on its way to the sessions.
#include "core/relay/hub.h"

namespace zerok::core {

MailboxCaller RelayHub::caller_of(SessionId id, const RelaySession& session,
                                  std::uint32_t request) const {
  MailboxCaller caller{.session = id,
                       .request = request,
                       .device = std::nullopt,
                       .noise_identity = session.peer.noise_identity};
  if (session.kind == SessionKind::kFull) caller.device = {session.group, session.device};
  return caller;
}

void RelayHub::tell(const MailboxAnswers& answers) {
  for (const MailboxAnswer& one : answers) {
    if (std::holds_alternative<wire::ErrorMessage>(one.message)) ++errors_;
    answer(one.session, one.request, one.message);
  }
}

}  // namespace zerok::core
