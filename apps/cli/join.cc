// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k join: takes a code of either kind and enters the group of the device that made it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "base/system_clock.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/pairing_words.h"
#include "cli/printable.h"
#include "cli/session.h"
#include "cli/words.h"
#include "client/pairing.h"
#include "common/complain.h"
#include "common/signals.h"

namespace zerok::apps {
namespace {

namespace pairing = core::pairing;

constexpr auto kFirstContact = std::chrono::seconds(10);
constexpr std::size_t kCodeBytesMax = core::LongCode::kTextBytesMax;

OrExit<std::string> read_code(const JoinOptions& options) {
  const auto refuse = [](std::string_view why) {
    complain(why);
    return std::unexpected(kExitUsage);
  };
  if (!options.code.empty()) {
    if (!options.code_file.empty()) return refuse("a code or --code-file, not both");
    return options.code;
  }
  std::string code;
  if (!options.code_file.empty()) {
    std::ifstream file(options.code_file);
    if (!std::getline(file, code)) return refuse("can't read a code from the file");
    return code;
  }
  if (isatty(STDIN_FILENO) == 1) {
    fmt::print(stderr, "The code that `0k invite` shows on the other device: ");
    std::fflush(stderr);
  }
  // Not more than the line, as it comes.
  for (char c = 0; code.size() <= kCodeBytesMax;) {
    const ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR && !stop_requested()) continue;
    if (n < 0) return std::unexpected(kExitInterrupted);
    if (n == 0 || c == '\n') break;
    code += c;
  }
  if (code.empty()) return refuse("no code was given");
  return code;
}

OrExit<core::PairingOffer> read_offer(Session& session, const std::string& text) {
  const auto code = core::parse_pairing_code(text);
  if (!code) {
    complain("code", code.error());
    complain("nothing was tried: type it again");
    return std::unexpected(kExitUsage);
  }
  if (const auto* long_code = std::get_if<core::LongCode>(&*code)) {
    if (long_code->has_expired(static_cast<std::uint64_t>(wall_now() / 1000))) {
      complain("this code has expired: ask for a new one (`0k invite` on the other device)");
      return std::unexpected(kExitNotPaired);
    }
    return long_code->offer();
  }
  const auto relay = session.client().relay();
  if (!relay) {
    complain("the short code does not say which relay: 0k init --relay TICKET, or the long code");
    return std::unexpected(kExitUsage);
  }
  return std::get<core::ShortCode>(*code).offer(*relay);
}

// What a device that just joined wants to see before it pushes anything.
int welcome(Session& session, Output& output) {
  session.connect(monotonic_now() + kFirstContact);
  std::string names;
  nlohmann::json list = nlohmann::json::array();
  for (const auto& device : session.client().devices()) {
    if (!device.active || device.is_self) continue;
    names += (names.empty() ? "" : ", ") + printable_name(device);
    list.push_back({{"device", to_base64(device.id.bytes())}, {"name", device.name}});
  }
  const auto said = output.say({{"event", "paired"}, {"devices", list}},
                               fmt::format("this device is now in a group with {}", names));
  return said ? kExitOk : kExitFailed;
}

std::optional<int> handle_join_events(Session& session, client::Joining& joining, Output& output) {
  while (auto event = joining.poll_event()) {
    if (std::holds_alternative<pairing::AwaitingApproval>(*event)) {
      complain("the code is right; the other device's user is asked now");
    } else if (std::holds_alternative<pairing::Paired>(*event)) {
      return kExitOk;
    } else if (const auto* failed = std::get_if<pairing::Failed>(&*event)) {
      if (joining.store_error()) return local_failure("group", *joining.store_error());
      if (failed->reason == pairing::Failure::kCancelled) return kExitInterrupted;
      return not_paired(output, failed->reason, PairingSide::kJoins);
    }
  }
  const auto status = session.client().status();
  if (is_wrong_relay(status)) return complain_about_connection(status);
  return std::nullopt;
}

}  // namespace

int join(const CommonOptions& common, const JoinOptions& options) {
  Output output(common.json);
  auto opened = Session::open(common);
  if (!opened) return opened.error();
  Session& session = **opened;
  if (session.client().has_group()) {
    complain("this device is in a group already; another one needs another folder (--data-dir)");
    return kExitLocalData;
  }
  const auto text = read_code(options);
  if (!text) return text.error();
  const auto offer = read_offer(session, *text);
  if (!offer) return offer.error();
  auto started = client::Joining::start(session.client(), session.keys(), *offer,
                                        session.settings().name, session.rng(), monotonic_now());
  if (!started) return local_failure("join", started.error());
  client::Joining& joining = **started;

  const Instant deadline = monotonic_now() + std::chrono::seconds(options.timeout_s);
  std::optional<int> result;
  Instant until = kNever;  // for the last words, once it is decided
  while (!joining.is_over() && monotonic_now() < until) {
    session.next_event(std::min({deadline, until, joining.next_timeout()}));
    joining.step(monotonic_now());
    if (result) continue;
    result = handle_join_events(session, joining, output);
    if (!result && stop_requested()) result = kExitInterrupted;
    if (!result && monotonic_now() >= deadline) {
      complain_about_connection(session.client().status());
      result = kExitNotInTime;
    }
    if (result) {
      if (!session.client().has_group()) joining.cancel();
      joining.step(monotonic_now());
      until = monotonic_now() + kPairingLastWords;
    }
  }
  joining.end();
  // The relay may have been lost after the group was stored, before the other device was told so.
  const int code = result.value_or(session.client().has_group() ? kExitOk : kExitFailed);
  if (code != kExitOk) return code;
  return welcome(session, output);
}

}  // namespace zerok::apps
