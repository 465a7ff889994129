// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayMachine: the machine of the relay: its keys, its disk, its place in the network, and the
// process on it while one runs. The keys outlive everything, as a backup of them would.
#pragma once

#include <memory>
#include <optional>

#include "relay/relay.h"
#include "sim/lying_relay_store.h"
#include "sim/machine.h"
#include "sim/watched_relay_store.h"
#include "store/memory/memory_disk.h"

namespace zerok::sim {

class RelayMachine {
 public:
  RelayMachine(Context& context, std::uint64_t seed);

  bool is_running() const { return process_ != nullptr; }
  // False when the process could not open its store, or lost its power doing so.
  bool start();
  void crash();
  // RELAY_SHUTTING_DOWN to everybody; the process ends by itself when it is done.
  void shut_down();

  bool is_due() const;
  Instant next_timeout() const;
  // False when the process ended in it: a power cut, or the end of a shutdown.
  bool step();

  DiskFault& fault() { return fault_; }
  Lies& lies() { return lies_; }
  void jump_wall(UnixMs by);
  // An empty disk; an old one. The process must not run.
  void wipe();
  void take_copy();
  bool has_copy() const { return copy_ != nullptr; }
  void restore();
  // A line that nobody pushed, as a malicious relay can write any. The process must not run.
  void invent(const GroupId& group, const DeviceId& sender, const BlobId& blob, ByteView sealed);
  // What the relay of the next start allows.
  core::RelayLimits& limits() { return limits_; }

  transport::NodeId node() const { return node_; }
  const crypto::RelayKeys& keys() const { return keys_; }
  const core::RelayTicket& ticket() const { return ticket_; }
  relay::RelayStats stats() const { return process_->relay->stats(); }

 private:
  struct Process {
    Process(std::unique_ptr<store::RelayStore> opened, RelayMachine& machine);
    std::unique_ptr<store::RelayStore> inner;
    WatchedRelayStore watched;
    LyingRelayStore lying;
    transport::SimulatedTransport transport;
    DeterministicRng rng;
    std::unique_ptr<relay::Relay> relay;
    bool stopping = false;
  };

  UnixMs wall() const { return context_.wall(wall_error_); }

  Context& context_;
  DeterministicRng rng_;
  crypto::RelayKeys keys_;
  transport::NodeId node_;
  core::RelayTicket ticket_;
  core::RelayLimits limits_;
  UnixMs wall_error_ = 0;
  bool wall_jumped_ = false;
  DiskFault fault_;
  Lies lies_;
  std::unique_ptr<store::MemoryDisk> disk_;
  std::unique_ptr<store::MemoryDisk> copy_;
  RelayLedger::Copy ledger_copy_;
  std::unique_ptr<Process> process_;
};

}  // namespace zerok::sim
