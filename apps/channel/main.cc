// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k-channel: shows, and lets one test by hand, what the ground of 0k-Sync does: an authenticated
// post-quantum channel between two processes over real QUIC.
#include <CLI/CLI.hpp>
#include <string>

#include "base/log.h"
#include "commands.h"
#include "common/complain.h"

namespace {

constexpr const char* kFooter = R"(Example, in two terminals:
  0k-channel keygen relay.key && 0k-channel listen --key relay.key
  0k-channel keygen device.key && 0k-channel dial --key device.key --ticket 0krelay... --file README.md

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 the peer is not who the ticket says; 4 nobody answered in time;
5 the echo differs.)";

void add_json(CLI::App* command, bool& json) {
  command->add_flag("--json", json, "Print one JSON object per line instead of text");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace zerok::apps;
  set_program_name("0k-channel");
  CLI::App app{"An authenticated post-quantum channel between two processes.", "0k-channel"};
  app.footer(kFooter);
  app.set_version_flag("--version", "0k-channel " ZEROK_VERSION);
  app.require_subcommand(1);
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "Log what happens; identifiers are blinded");

  std::string new_key;
  auto* keygen_command = app.add_subcommand("keygen", "Make a key file (mode 0600)");
  keygen_command->add_option("FILE", new_key, "Where to; must not exist")->required();

  ListenOptions listen_options;
  auto* listen_command =
      app.add_subcommand("listen", "Accept channels and echo what comes; prints a ticket");
  listen_command->add_option("--key", listen_options.key_file, "Key file")->required();
  listen_command->add_option("--bind", listen_options.bind, "Address and UDP port, 0 for any")
      ->capture_default_str();
  listen_command->add_option("--advertise", listen_options.advertise, "host:port for the ticket");
  listen_command->add_option("--ticket-file", listen_options.ticket_file,
                             "Write the ticket here too");
  listen_command->add_option("--serve", listen_options.links_to_serve,
                             "Exit after this many channels; 0: run until stopped");
  add_json(listen_command, listen_options.json);

  DialOptions dial_options;
  auto* dial_command = app.add_subcommand("dial", "Open a channel to a ticket's owner");
  dial_command->add_option("--key", dial_options.key_file, "Key file")->required();
  dial_command->add_option("--ticket", dial_options.ticket, "The ticket, or @FILE")->required();
  dial_command->add_option("--file", dial_options.file, "Send this file and compare its echo");
  dial_command->add_option("--out", dial_options.out, "Write the echo here");
  dial_command->add_option("--timeout", dial_options.timeout_s, "Seconds without progress")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  add_json(dial_command, dial_options.json);

  MixTicketOptions mix_options;
  auto* mix_command = app.add_subcommand(
      "mix-ticket", "Make a ticket out of several, to see wrong identities refused");
  mix_command->add_option("--ticket", mix_options.ticket, "The ticket to change, or @FILE")
      ->required();
  mix_command->add_option("--noise-from", mix_options.noise_from,
                          "Take the Noise identity of this one");
  mix_command->add_option("--address-from", mix_options.address_from,
                          "Take the addresses of this one");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kExitOk : kExitUsage;
  }
  if (verbose) zerok::log::set_level(zerok::log::Level::kDebug);
  if (*keygen_command) return keygen(new_key);
  if (*listen_command) return listen(listen_options);
  if (*dial_command) return dial(dial_options);
  return mix_ticket(mix_options);
}
