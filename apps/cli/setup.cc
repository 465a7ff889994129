// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k init, group create, version.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <iostream>

#include "base/system_clock.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/printable.h"
#include "cli/session.h"
#include "cli/words.h"
#include "common/complain.h"
#include "common/file.h"
#include "common/key_file.h"
#include "common/signals.h"
#include "common/ticket_text.h"
#include "core/roster_entry.h"
#include "wire/item.h"

namespace zerok::apps {
namespace {

OrExit<std::optional<core::RelayTicket>> read_ticket(const std::string& option) {
  if (option.empty()) return std::nullopt;
  std::string text;
  if (option == "-") {
    std::getline(std::cin, text);
  } else {
    const auto given = ticket_text(option);
    if (!given) {
      complain(option, given.error());
      return std::unexpected(kExitUsage);
    }
    text = *given;
  }
  auto ticket = core::RelayTicket::parse(text);
  if (!ticket) {
    complain("ticket", ticket.error());
    complain("it is the line that 0k-relay prints; a file with it is given as @FILE");
    return std::unexpected(kExitUsage);
  }
  return *std::move(ticket);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "device";
  const std::string text = printable(name.data(), Lines::kOne);
  return text.substr(0, text.find('.'));
}

// A device that is there already: all that can be changed is where its relay is.
int change_relay(const DataDir& dir, const CommonOptions& common, const InitOptions& options,
                 const std::optional<core::RelayTicket>& ticket) {
  if (!ticket || !options.name.empty()) {
    complain(fmt::format("{}: a device is set up here already", dir.path()));
    complain("another device needs another folder: say --data-dir DIR or set ZEROK_DATA_DIR");
    return kExitLocalData;
  }
  auto session = Session::open(common);
  if (!session) return session.error();
  if (auto set = (*session)->client().set_relay(*ticket); !set) {
    return local_failure("relay", set.error());
  }
  const auto said = Output(common.json).say({{"event", "relay_set"}}, "the relay is set");
  return said ? kExitOk : kExitFailed;
}

}  // namespace

int init(const CommonOptions& common, const InitOptions& options) {
  const auto ticket = read_ticket(options.relay);
  if (!ticket) return ticket.error();
  const auto dir = locate_data_dir(common);
  if (!dir) return dir.error();
  const auto made = dir->is_made();
  if (!made) return local_failure(dir->path(), made.error());
  if (*made) return change_relay(*dir, common, options, *ticket);

  const Settings settings{options.name.empty() ? host_name() : options.name};
  if (settings.name.size() > core::kNameBytesMax || !wire::is_utf8(settings.name)) {
    complain("a device's name is UTF-8 text of at most 127 bytes");
    return kExitUsage;
  }
  if (auto folder = make_folder(dir->path(), 0700); !folder) {
    return local_failure(dir->path(), folder.error());
  }
  SystemRng rng;
  // A key without settings is of an attempt that was interrupted here; it has never been used.
  auto key = create_key_file(dir->key_file(), rng);
  if (!key && key.error().code != ErrorCode::kInvalidState) {
    return local_failure(dir->key_file(), key.error());
  }
  auto session = Session::open(*dir, settings);
  if (!session) return session.error();
  if (*ticket) {
    if (auto set = (*session)->client().set_relay(**ticket); !set) {
      return local_failure("relay", set.error());
    }
  }
  if (auto put = dir->put_settings(settings); !put) {
    return local_failure(dir->settings_file(), put.error());
  }
  const std::string id = to_base64((*session)->client().device_id().bytes());
  const auto said =
      Output(common.json)
          .say({{"event", "device_made"},
                {"device", id},
                {"name", settings.name},
                {"path", dir->path()},
                {"relay", ticket->has_value()}},
               fmt::format(
                   "made {} a device: {} ({})\nnext: `0k group create` for the first device of a "
                   "group, `0k join` for any other",
                   dir->path(), printable(settings.name, Lines::kOne), id));
  return said ? kExitOk : kExitFailed;
}

int create_group(const CommonOptions& common, const GroupOptions& options) {
  auto session = Session::open(common);
  if (!session) return session.error();
  client::Client& client = (*session)->client();
  if (client.has_group()) {
    complain("this device is in a group already; see `0k devices`");
    return kExitLocalData;
  }
  if (!client.relay()) {
    complain("no relay is set: 0k init --relay TICKET");
    return kExitLocalData;
  }
  const auto group = client.create_group((*session)->settings().name);
  if (!group) return local_failure("group", group.error());
  const bool online = (*session)->connect(monotonic_now() + std::chrono::seconds(options.timeout_s),
                                          Session::Attempts::kOnce);
  const auto said =
      Output(common.json)
          .say({{"event", "group_made"}, {"group", to_hex(group->bytes())}, {"at_relay", online}},
               online ? "made a group, and the relay has it\nnext: `0k invite` for another device"
                      : "made a group here; the relay gets it when it can be reached");
  if (!said) return kExitFailed;
  if (stop_requested()) return kExitInterrupted;
  return complain_about_connection(client.status());
}

int print_version(const CommonOptions& common) {
  const auto said =
      Output(common.json).say({{"name", "0k"}, {"version", ZEROK_VERSION}}, "0k " ZEROK_VERSION);
  return said ? kExitOk : kExitFailed;
}

}  // namespace zerok::apps
