// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k status, devices and delete.
#include <fmt/format.h>

#include <algorithm>

#include "base/system_clock.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/printable.h"
#include "cli/receiver.h"
#include "cli/session.h"
#include "cli/words.h"
#include "common/complain.h"
#include "common/signals.h"

namespace zerok::apps {
namespace {

nlohmann::json status_json(Session& session, const client::ClientStatus& status, bool offline) {
  client::Client& client = session.client();
  nlohmann::json relay = {
      {"connection", offline ? "not_asked" : connection_name(status.connection)},
      {"addresses", nlohmann::json::array()}};
  if (const auto ticket = client.relay()) relay["addresses"] = ticket->addresses;
  if (status.last_error) relay["last_error"] = error_code_name(status.last_error->code);
  if (status.stopped_by) relay["refused_by"] = static_cast<int>(*status.stopped_by);
  const auto devices = client.devices();
  nlohmann::json json = {
      {"event", "status"},
      {"device", to_base64(client.device_id().bytes())},
      {"name", session.settings().name},
      {"path", session.dir().path()},
      {"group", nullptr},
      {"devices", std::ranges::count_if(devices, [](const auto& d) { return d.active; })},
      {"relay", std::move(relay)},
      {"outbox", outbox_json(status.outbox)},
      {"position", status.position},
      {"highest", status.highest},
      {"synced", status.synced},
      {"ready", status.ready},
      {"held_back", status.held_back},
      {"quarantined", status.quarantined}};
  if (const auto group = client.group()) json["group"] = to_hex(group->bytes());
  if (status.quota) {
    json["quota"] = {{"bytes_used", status.quota->bytes_used},
                     {"bytes_max", status.quota->bytes_max}};
    if (status.quota->laggard) json["quota"]["laggard"] = to_base64(status.quota->laggard->bytes());
  }
  return json;
}

std::string relay_words(const client::ClientStatus& status, bool offline) {
  if (offline) return "not asked (--offline)";
  switch (status.connection) {
    case client::Connection::kNone:
      return "none to connect to, or no group to connect for";
    case client::Connection::kOnline:
      return "online";
    case client::Connection::kStopped:
      return "refuses this device: " + refusal_words(status.stopped_by);
    case client::Connection::kOffline:
    case client::Connection::kConnecting:
      break;
  }
  if (!status.last_error) return "no answer yet";
  return fmt::format("offline: {}", status.last_error->text.view());
}

std::string received_words(const client::ClientStatus& status) {
  std::string out;
  if (status.connection == client::Connection::kOnline) {
    out = status.position == status.highest
              ? "everything the relay has"
              : fmt::format("up to {} of {}", grouped(status.position), grouped(status.highest));
  } else {
    out = fmt::format("up to {}, when the relay was last asked", grouped(status.position));
  }
  if (status.ready > 0) out += fmt::format("; {} to be taken (0k pull)", grouped(status.ready));
  if (status.held_back > 0) {
    out += fmt::format("; {} held back until earlier ones are there", grouped(status.held_back));
  }
  if (status.quarantined > 0) {
    out += fmt::format("; {} could not be opened", grouped(status.quarantined));
  }
  return out;
}

std::string status_words(Session& session, const client::ClientStatus& status, bool offline) {
  client::Client& client = session.client();
  const auto devices = client.devices();
  std::string out =
      fmt::format("device    {}  {}\n", printable(session.settings().name, Lines::kOne),
                  to_base64(client.device_id().bytes()));
  if (client.has_group()) {
    out +=
        fmt::format("group     {}\n", counted(static_cast<std::uint64_t>(std::ranges::count_if(
                                                  devices, [](const auto& d) { return d.active; })),
                                              "device"));
  } else {
    out += "group     none: `0k group create` or `0k join`\n";
  }
  out += fmt::format("relay     {}\n", relay_words(status, offline));
  out += fmt::format("pushed    {}\n", outbox_words(status.outbox));
  out += fmt::format("received  {}\n", received_words(status));
  if (status.quota) {
    out += fmt::format("space     {} of {} at the relay are used",
                       size_words(status.quota->bytes_used), size_words(status.quota->bytes_max));
    if (status.quota->laggard) {
      out += fmt::format("; most waits for {}", device_words(devices, *status.quota->laggard));
    }
    out += '\n';
  }
  out += fmt::format("synced    {}", status.synced ? "yes"
                                     : status.connection != client::Connection::kOnline
                                         ? "not known without the relay"
                                         : "no");
  return out;
}

// Turns until the client has nothing more to find out, or `until`.
void look(Session& session, Instant until) {
  if (!session.connect(until)) return;
  while (session.client().status().position != session.client().status().highest) {
    if (!session.next_event(until) && (monotonic_now() >= until || stop_requested())) return;
  }
  // Presence comes right after the welcome.
  const Instant soon = std::min(until, monotonic_now() + std::chrono::milliseconds(100));
  while (monotonic_now() < soon && !stop_requested()) session.next_event(soon);
}

nlohmann::json device_json(const client::DeviceInfo& device) {
  nlohmann::json json = {{"event", "device"},
                         {"device", to_base64(device.id.bytes())},
                         {"name", device.name},
                         {"active", device.active},
                         {"self", device.is_self},
                         {"dormant", device.dormant},
                         {"added_by", to_base64(device.added_by.bytes())},
                         {"stored_sequence", device.stored_sequence},
                         {"online", nullptr},
                         {"away_s", nullptr}};
  if (device.online) json["online"] = *device.online;
  if (device.away_s) json["away_s"] = *device.away_s;
  return json;
}

std::string device_state_words(const client::DeviceInfo& device) {
  if (!device.active) return "left";
  if (device.is_self) return "this device";
  if (!device.online) return "not known while offline";
  if (*device.online) return "online";
  if (!device.away_s) return "not seen yet";
  return fmt::format("away for {}", time_words(std::chrono::seconds(*device.away_s)));
}

}  // namespace

int status(const CommonOptions& common, const StatusOptions& options) {
  auto opened = Session::open(common);
  if (!opened) return opened.error();
  Session& session = **opened;
  Output output(common.json);
  if (!options.offline && session.client().has_group()) {
    look(session, monotonic_now() + std::chrono::seconds(options.timeout_s));
  }
  if (stop_requested()) return kExitInterrupted;
  const auto status = session.client().status();
  if (!output.say(status_json(session, status, options.offline),
                  status_words(session, status, options.offline))) {
    return kExitFailed;
  }
  if (auto shown = show_notices(session, output); !shown) return shown.error();
  return kExitOk;
}

int devices(const CommonOptions& common, const StatusOptions& options) {
  auto opened = Session::open(common);
  if (!opened) return opened.error();
  Session& session = **opened;
  if (auto in_group = need_group(session); !in_group) return in_group.error();
  Output output(common.json);
  if (!options.offline) look(session, monotonic_now() + std::chrono::seconds(options.timeout_s));
  if (stop_requested()) return kExitInterrupted;
  const auto devices = session.client().devices();
  std::size_t width = 0;
  for (const auto& device : devices) width = std::max(width, printable_name(device).size());
  for (const auto& device : devices) {
    const auto said = output.say(
        device_json(device), fmt::format("{:{}}  {}  {}", printable_name(device), width,
                                         to_base64(device.id.bytes()), device_state_words(device)));
    if (!said) return kExitFailed;
  }
  return kExitOk;
}

int remove(const CommonOptions& common, const DeleteOptions& options) {
  const auto bytes = from_hex(options.blob);
  const auto blob = bytes ? BlobId::from_bytes(*bytes) : std::nullopt;
  if (!blob) {
    complain("that is no id: it has 32 hex digits, and push prints it");
    return kExitUsage;
  }
  auto opened = Session::open(common);
  if (!opened) return opened.error();
  Session& session = **opened;
  if (auto in_group = need_group(session); !in_group) return in_group.error();
  if (auto removed = session.client().remove(*blob); !removed) {
    return local_failure("delete", removed.error());
  }
  const Instant until = monotonic_now() + std::chrono::seconds(options.timeout_s);
  session.connect(until);
  while (session.client().status().outbox.removals > 0 && monotonic_now() < until &&
         !stop_requested()) {
    session.next_event(until);
  }
  // What the relay refused is told as a notice, and not asked for again.
  if (const auto notices = session.client().notices()) {
    const bool refused = std::ranges::any_of(*notices, [&](const auto& notice) {
      return notice.kind == core::NoticeKind::kPushFailed && notice.detail.blob == *blob;
    });
    if (refused) {
      complain("the relay refuses to: only the device that pushed something may delete it");
      return kExitRefused;
    }
  }
  const bool done = session.client().status().outbox.removals == 0;
  Output output(common.json);
  const auto said = output.say(
      {{"event", "deleted"}, {"id", options.blob}, {"done", done}},
      done ? "the relay does not have it any more; devices that have it keep it"
           : "it will be deleted when the relay can be reached; devices that have it keep it");
  if (!said) return kExitFailed;
  if (done) return kExitOk;
  return stop_requested() ? kExitInterrupted : kExitNotInTime;
}

}  // namespace zerok::apps
