// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k-channel listen: accepts channels, prints its ticket and echoes every message.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "base/system_clock.h"
#include "commands.h"
#include "common/complain.h"
#include "common/key_file.h"
#include "common/signals.h"
#include "core/ticket.h"
#include "driver.h"

namespace zerok::apps {
namespace {

using link::LinkEvent;
using link::LinkId;

struct Echoing {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

// A line to standard output, at once: scripts wait for it.
void say(const ListenOptions& options, const nlohmann::json& event, const std::string& text) {
  fmt::print("{}\n", options.json ? event.dump() : text);
  std::fflush(stdout);
}

Result<core::RelayTicket> make_ticket(const ListenOptions& options, Driver& driver) {
  core::RelayTicket ticket;
  ticket.endpoint = driver.transport().local_id();
  ticket.noise_identity = driver.noise_identity();
  const auto bound = driver.transport().local_address();
  if (!options.advertise.empty()) {
    ticket.addresses = {options.advertise};
  } else if (bound.is_wildcard()) {
    return fail(ErrorCode::kInvalidArgument,
                "bound to every address: say with --advertise which one the ticket shall name");
  } else {
    ticket.addresses = {bound.to_string()};
  }
  return ticket;
}

// The echo of one message, or false when the link has to be closed: its peer sends faster than it
// reads.
bool echo(Driver& driver, const LinkEvent& event, Echoing& counts) {
  const wire::MessageKey key = event.message->key();
  const ByteView body = event.message->body();
  ++counts.messages;
  counts.bytes += body.size();
  const wire::MessageKey answer{.request = key.request, .type = key.type, .response = true};
  return driver.endpoint()
      .send(event.link, wire::Priority::kBulk, answer, Bytes(body.begin(), body.end()))
      .has_value();
}

}  // namespace

int listen(const ListenOptions& options) {
  stop_on_signals();
  const auto secret = read_key_file(options.key_file);
  if (!secret) return no_key(options.key_file, secret.error());
  const auto bind = transport::SocketAddress::parse(options.bind);
  if (!bind) return complain(options.bind, bind.error()), kExitUsage;
  const auto keys = crypto::RelayKeys::derive(crypto::RelaySecret(secret->bytes()));
  auto driver = Driver::create(*bind, true, keys.signing, keys.noise, keys.stateless_reset);
  if (!driver) return complain(options.bind, driver.error()), kExitFailed;

  const auto ticket = make_ticket(options, **driver);
  if (!ticket) return complain("ticket", ticket.error()), kExitUsage;
  const auto text = ticket->to_text();
  if (!text) return complain("ticket", text.error()), kExitUsage;
  if (!options.ticket_file.empty()) {
    std::ofstream file(options.ticket_file, std::ios::trunc);
    if (!(file << *text << '\n' << std::flush)) {
      return complain(options.ticket_file, {ErrorCode::kIo, "can't write the ticket"}), kExitFailed;
    }
  }
  say(options, {{"event", "listening"}, {"address", ticket->addresses[0]}, {"ticket", *text}},
      fmt::format("listening on {}\nticket {}", ticket->addresses[0], *text));

  std::map<LinkId, Echoing> open;
  std::uint64_t served = 0;
  while (!stop_requested() && (options.links_to_serve == 0 || served < options.links_to_serve)) {
    const auto event = (*driver)->next_event(kNever);
    if (!event) continue;
    switch (event->kind) {
      case LinkEvent::Kind::kOpened: {
        open[event->link] = {};
        const auto info = (*driver)->endpoint().info(event->link);
        const double ms = std::chrono::duration<double, std::milli>(info->setup_time).count();
        say(options, {{"event", "opened"}, {"setup_ms", ms}},
            fmt::format("opened: a peer proved its TLS key and both Noise keys in {:.2f} ms", ms));
        break;
      }
      case LinkEvent::Kind::kMessage:
        if (!echo(**driver, *event, open[event->link])) {
          (*driver)->endpoint().close(event->link, link::CloseCode::kOverloaded);
          open.erase(event->link);
          ++served;
          say(options, {{"event", "overloaded"}}, "closed: the peer does not read its echo");
        }
        break;
      case LinkEvent::Kind::kDrained:
        break;
      case LinkEvent::Kind::kClosed: {
        const Echoing counts = open[event->link];
        open.erase(event->link);
        ++served;
        say(options, {{"event", "closed"}, {"messages", counts.messages}, {"bytes", counts.bytes}},
            fmt::format("closed: echoed {} messages, {} bytes", counts.messages, counts.bytes));
        break;
      }
    }
  }
  return kExitOk;
}

}  // namespace zerok::apps
