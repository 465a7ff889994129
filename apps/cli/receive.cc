// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k pull and 0k watch.
#include <fmt/format.h>

#include "base/system_clock.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/receiver.h"
#include "cli/session.h"
#include "cli/words.h"
#include "common/complain.h"
#include "common/signals.h"

namespace zerok::apps {
namespace {

// A session with everything of the relay read and handed over, and nothing on its way out.
bool is_caught_up(const client::ClientStatus& status) {
  const bool sent =
      status.outbox.pending == 0 || status.outbox.waits_for != core::WaitsFor::kNothing;
  return status.connection == client::Connection::kOnline && status.position == status.highest &&
         status.ready == 0 && sent;
}

nlohmann::json caught_up_json(const client::ClientStatus& status, std::uint64_t count) {
  return {{"event", "pulled"},
          {"count", count},
          {"synced", status.synced},
          {"position", status.position},
          {"highest", status.highest},
          {"held_back", status.held_back},
          {"quarantined", status.quarantined},
          {"outbox", outbox_json(status.outbox)}};
}

int finish_pull(Session& session, Output& output, const ReceiveOptions& options,
                std::uint64_t count, bool caught_up) {
  const auto status = session.client().status();
  if (output.json()) {
    if (!output.say(caught_up_json(status, count), "")) return kExitFailed;
  } else if (!options.raw) {
    // Not part of what was received, so not in its way.
    fmt::print(stderr, "{} received; {}\n", grouped(count),
               !caught_up      ? "not everything was read"
               : status.synced ? "synced"
                               : "everything read; " + outbox_words(status.outbox));
    if (status.held_back > 0) {
      complain(fmt::format("{} held back until earlier ones of their device are there",
                           counted(status.held_back, "thing")));
    }
  }
  if (caught_up) return kExitOk;
  if (stop_requested()) return kExitInterrupted;
  const ExitCode code = complain_about_connection(status);
  return code == kExitOk ? kExitNotInTime : code;
}

}  // namespace

int pull(const CommonOptions& common, const ReceiveOptions& options) {
  Output output(common.json);
  auto opened = Session::open(common);
  if (!opened) return opened.error();
  Session& session = **opened;
  if (auto in_group = need_group(session); !in_group) return in_group.error();
  Receiver receiver(session, output, options);
  if (auto begun = receiver.begin(); !begun) return begun.error();

  const Instant until = monotonic_now() + std::chrono::seconds(options.timeout_s);
  for (;;) {
    if (auto handed = receiver.hand_over(); !handed) return handed.error();
    const auto status = session.client().status();
    if (is_caught_up(status)) break;
    if (status.connection == client::Connection::kStopped || is_wrong_relay(status)) break;
    if (!session.next_event(until) && (monotonic_now() >= until || stop_requested())) break;
  }
  if (auto shown = show_notices(session, output); !shown) return shown.error();
  const bool caught_up = is_caught_up(session.client().status());
  return finish_pull(session, output, options, receiver.count(), caught_up);
}

int watch(const CommonOptions& common, const ReceiveOptions& options) {
  Output output(common.json);
  auto opened = Session::open(common);
  if (!opened) return opened.error();
  Session& session = **opened;
  if (auto in_group = need_group(session); !in_group) return in_group.error();
  Receiver receiver(session, output, options);
  if (auto begun = receiver.begin(); !begun) return begun.error();

  const Instant until =
      options.timeout_s == 0 ? kNever : monotonic_now() + std::chrono::seconds(options.timeout_s);
  // The first step, so that what is said of the connection is about an attempt.
  auto connection = client::Connection::kConnecting;
  for (;;) {
    if (auto handed = receiver.hand_over(); !handed) return handed.error();
    if (receiver.is_full()) return kExitOk;
    if (auto shown = show_notices(session, output); !shown) return shown.error();
    const auto status = session.client().status();
    if (status.connection != connection && status.connection != client::Connection::kConnecting) {
      connection = status.connection;
      const std::string_view name = connection_name(connection);
      if (output.json()) {
        if (!output.say({{"event", "connection"}, {"connection", name}, {"at_ms", exact_time_ms()}},
                        "")) {
          return kExitFailed;
        }
      } else {
        complain(connection == client::Connection::kOnline
                     ? "watching; Ctrl-C ends it"
                     : "the relay can't be reached; trying on");
      }
    }
    if (status.connection == client::Connection::kStopped ||
        status.connection == client::Connection::kNone) {
      return complain_about_connection(status);
    }
    if (is_wrong_relay(status)) return complain_about_connection(status);
    if (!session.next_event(until)) {
      if (stop_requested()) return kExitOk;
      if (monotonic_now() >= until) return options.count == 0 ? kExitOk : kExitNotInTime;
    }
  }
}

}  // namespace zerok::apps
