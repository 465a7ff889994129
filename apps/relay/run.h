// SPDX-License-Identifier: MIT OR Apache-2.0
// Running a relay, and saying its ticket without running it.
#pragma once

#include "relay/config.h"

namespace zerok::apps {

// docs/operating.md lists them.
enum RelayExitCode : int {
  kRelayExitOk = 0,
  kRelayExitFailed = 1,
  kRelayExitUsage = 2,    // options or the config file
  kRelayExitInUse = 3,    // another relay has the data folder, or another program the port
  kRelayExitDamaged = 4,  // what is in the data folder can't be used
};

// Until SIGINT or SIGTERM.
int run_relay(const RelaySettings& settings, bool json);
int print_ticket(const RelaySettings& settings, bool json);

}  // namespace zerok::apps
