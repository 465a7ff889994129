// SPDX-License-Identifier: MIT OR Apache-2.0
// zerok_bench: how fast it is, what bounds it and whether it is fast enough. docs/performance.md
// explains the figures.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iterator>

#include "base/log.h"
#include "bench/idle.h"
#include "bench/relay_process.h"
#include "bench/report.h"

namespace {

using namespace zerok::bench;

std::vector<Measurement> all_measurements() {
  std::vector<Measurement> all;
  for (auto* part :
       {primitives, handshake, sealing, quic_throughput, noise_throughput, setups, idle_memory,
        storage, durable_push, time_to_sync, catch_up, idle_sessions, binaries}) {
    std::ranges::move(part(), std::back_inserter(all));
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures 0k-Sync, from its primitives to the time until two devices are in sync.",
               "zerok_bench");
  Settings settings;
  bool json = false;
  bool list = false;
  app.add_option("filter", settings.filter,
                 "Only values whose key contains this (and what they are compared with)");
  app.add_flag("--json", json, "One JSON object instead of a table");
  app.add_flag("--list", list, "Say what can be measured, and don't");
  app.add_option("--seconds", settings.seconds, "How long one sample measures")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app.add_option("--samples", settings.samples, "How often each is measured; the best counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  std::string idle_server;
  app.add_option("--idle-server", idle_server, "Used by the memory measurement for its server")
      ->check(CLI::IsMember({"noise", "quic"}))
      ->group("");
  std::optional<std::string> relay_server;
  app.add_option("--relay-server", relay_server, "Used by the measurements that need a relay")
      ->group("");
  CLI11_PARSE(app, argc, argv);
  zerok::log::set_level(zerok::log::Level::kError);
  if (relay_server) return serve_relay(STDIN_FILENO, *relay_server);
  if (!idle_server.empty()) return serve_idle(STDIN_FILENO, idle_server == "noise");

  const std::vector<Measurement> all = all_measurements();
  if (std::ranges::none_of(
          all, [&](const Measurement& one) { return is_picked(one, settings.filter); })) {
    fmt::print(stderr, "zerok_bench: no key contains '{}'; see --list\n", settings.filter);
    return 2;
  }
  if (list) {
    for (const Measurement& one : all) {
      if (!is_picked(one, settings.filter)) continue;
      for (const Value& value : one.values) {
        fmt::print("{:<40} {} ({})\n", value.key, value.name, value.unit);
      }
    }
    return 0;
  }
  std::string failed;
  const auto outcomes = run(all, settings, !json, failed);
  if (!outcomes) {
    fmt::print(stderr, "zerok_bench: {}: {}\n", failed, outcomes.error());
    return 1;
  }
  json ? print_json(*outcomes, settings) : print_table(*outcomes, settings);
  return 0;
}
