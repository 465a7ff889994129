// SPDX-License-Identifier: MIT OR Apache-2.0
// What every machine of a world shares: the network, the log, what is known to be true, and the
// checkers. A machine's wall clock is the world's time and its own error.
#pragma once

#include "base/check.h"
#include "sim/device_ledger.h"
#include "sim/knobs.h"
#include "sim/relay_ledger.h"
#include "transport/simulated/simulated_transport.h"

namespace zerok::sim {

// 2026-01-01; every world begins here.
inline constexpr UnixMs kWallStart = 1'767'225'600'000;

struct Context {
  Context(std::uint64_t seed, const Knobs& with, bool traced)
      : knobs(with),
        log(traced),
        findings(log),
        secrecy(findings),
        ledger(truth, findings),
        network(seed) {}

  const Knobs knobs;
  EventLog log;
  Findings findings;
  SecrecyCheck secrecy;
  Truth truth;
  RelayLedger ledger;
  transport::SimulatedNetwork network;
  Instant now{};

  UnixMs wall(UnixMs error_ms) const {
    return kWallStart + now.time_since_epoch() / std::chrono::milliseconds(1) + error_ms;
  }
};

}  // namespace zerok::sim
