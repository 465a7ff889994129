// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k-channel keygen and mix-ticket, and tickets as the command line gives them.
#include <fmt/format.h>

#include "base/rng.h"
#include "commands.h"
#include "common/complain.h"
#include "common/key_file.h"
#include "common/ticket_text.h"
#include "core/ticket.h"

namespace zerok::apps {

int no_key(const std::string& path, const Error& error) {
  complain(path, error);
  if (error.code == ErrorCode::kNotFound) complain("make one with: 0k-channel keygen FILE");
  return kExitFailed;
}

int keygen(const std::string& path) {
  SystemRng rng;
  if (auto made = create_key_file(path, rng); !made)
    return complain(path, made.error()), kExitFailed;
  fmt::print("made {}\n", path);
  return kExitOk;
}

int mix_ticket(const MixTicketOptions& options) {
  core::RelayTicket ticket;
  // Reads one ticket and takes from it what `take` wants; an empty option takes nothing.
  const auto from = [](const std::string& option, auto take) {
    if (option.empty()) return true;
    const auto text = ticket_text(option);
    if (!text) return complain(option, text.error()), false;
    const auto parsed = core::RelayTicket::parse(*text);
    if (!parsed) return complain("ticket", parsed.error()), false;
    take(*parsed);
    return true;
  };
  using core::RelayTicket;
  if (!from(options.ticket, [&](const RelayTicket& t) { ticket = t; }) ||
      !from(options.noise_from,
            [&](const RelayTicket& t) { ticket.noise_identity = t.noise_identity; }) ||
      !from(options.address_from, [&](const RelayTicket& t) { ticket.addresses = t.addresses; })) {
    return kExitUsage;
  }
  const auto text = ticket.to_text();
  if (!text) return complain("ticket", text.error()), kExitUsage;
  fmt::print("{}\n", *text);
  return kExitOk;
}

}  // namespace zerok::apps
