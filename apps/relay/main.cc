// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k-relay: the relay as a program. docs/operating.md is its manual.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <string>

#include "common/complain.h"
#include "core/ticket.h"
#include "relay/run.h"
#include "transport/address.h"

namespace {

constexpr const char* kFooter =
    R"(Without any option it keeps its data in $XDG_STATE_HOME/0k-relay (or ~/.local/state/0k-relay) and
listens on UDP port 4433 of every address. What it prints first is the ticket that devices need; the
file "ticket" in the data folder has it too. SIGTERM or SIGINT ends it in an orderly way.

Exit codes: 0 done; 1 failed; 2 wrong options or config file; 3 the data folder or the port is in use;
4 the data folder is damaged, or of a newer version.)";

// glibc gives large freed blocks back to the system at once, and the next message faults the same
// pages in again: docs/performance.md, "The allocator".
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
}

struct Options {
  std::string config;
  std::string bind;
  std::string data_dir;
  std::vector<std::string> advertise;
  bool open = false;
  bool json = false;
  bool verbose = false;
};

void add_options(CLI::App* app, Options& options) {
  const auto is_address = [](const std::string& text) {
    return zerok::transport::SocketAddress::parse(text) ? "" : "not an address and a port: " + text;
  };
  const auto is_host_port = [](const std::string& text) {
    return zerok::core::parse_host_port(text) ? "" : "not host:port: " + text;
  };
  app->add_option("--config", options.config, "TOML file with settings");
  app->add_option("--data-dir", options.data_dir, "Where identity and blobs are kept");
  app->add_option("--bind", options.bind, "Address and UDP port, as 0.0.0.0:4433; port 0 for any")
      ->check(is_address);
  app->add_option("--advertise", options.advertise,
                  "host:port for the ticket, up to 8; else what is bound")
      ->expected(1, 8)
      ->check(is_host_port);
  app->add_flag("--open", options.open, "Anybody may make groups, without the ticket's token");
  app->add_flag("--json", options.json, "Print one JSON object per line instead of text");
  app->add_flag("-v,--verbose", options.verbose, "Log what happens; identifiers are blinded");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace zerok::apps;
  set_program_name("0k-relay");
  keep_freed_memory();
  CLI::App app{"A relay of 0k-Sync: passes on and keeps for a while what it can't read.",
               "0k-relay"};
  app.footer(kFooter);
  app.set_version_flag("--version", "0k-relay " ZEROK_VERSION);
  Options options;
  add_options(&app, options);
  auto* ticket = app.add_subcommand("ticket", "Print the ticket without running");
  ticket->fallthrough();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kRelayExitOk : kRelayExitUsage;
  }

  RelaySettings settings;
  if (!options.config.empty()) {
    auto read = read_config(options.config);
    if (!read) return complain(read.error().text), kRelayExitUsage;
    settings = std::move(*read);
  }
  if (!options.bind.empty()) settings.bind = options.bind;
  if (!options.data_dir.empty()) settings.data_dir = options.data_dir;
  if (!options.advertise.empty()) settings.advertise = options.advertise;
  if (options.open) settings.open = true;
  zerok::log::set_level(options.verbose ? zerok::log::Level::kDebug : settings.log);
  return *ticket ? print_ticket(settings, options.json) : run_relay(settings, options.json);
}
