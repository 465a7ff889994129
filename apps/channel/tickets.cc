// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k-channel keygen and mix-ticket, and tickets as the command line gives them.
#include <fmt/format.h>

#include <fstream>

#include "commands.h"
#include "core/ticket.h"
#include "driver.h"
#include "key_file.h"
#include "ticket_text.h"

namespace zerok::apps {

Result<std::string> ticket_text(const std::string& option) {
  if (option.empty() || option[0] != '@') return option;
  std::ifstream file(option.substr(1));
  std::string line;
  if (!std::getline(file, line)) return fail(ErrorCode::kNotFound, "can't read the ticket file");
  return line;
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
