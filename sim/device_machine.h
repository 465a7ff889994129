// SPDX-License-Identifier: MIT OR Apache-2.0
// DeviceMachine: one device: its keys, its disk, its place in the network, the process on it while
// one runs, and the application in that process, which does everything through Client and reports
// what it asked for and got to the device's ledger. A power cut can end any call.
#pragma once

#include <memory>
#include <optional>

#include "client/client.h"
#include "sim/machine.h"
#include "sim/watched_client_store.h"
#include "store/memory/memory_disk.h"

namespace zerok::sim {

class DeviceMachine {
 public:
  DeviceMachine(Context& context, DeviceIndex index, const core::RelayTicket& ticket,
                std::uint64_t seed);

  DeviceIndex index() const { return index_; }
  transport::NodeId node() const { return node_; }
  DeviceId id() const { return keys_.device_id(); }
  const crypto::DeviceKeys& keys() const { return keys_; }
  DeviceLedger& ledger() { return ledger_; }
  const DeviceLedger& ledger() const { return ledger_; }
  DiskFault& fault() { return fault_; }
  void jump_wall(UnixMs by) { wall_error_ += by; }

  bool is_running() const { return process_ != nullptr; }
  bool start();
  void crash();
  bool is_due() const;
  Instant next_timeout() const;

  // What happened in a turn that the world has to act on.
  struct Turn {
    bool power_cut = false;
    bool received = false;  // take() has something
  };
  Turn step();

  // The application. Each may end in a power cut: false, and the process is gone.
  struct PushWish {
    Bytes payload;
    Bytes key;
  };
  bool push(const PushWish& wish);
  // Takes at most `max`; `more` tells whether to come again.
  bool take(std::size_t max, bool& more);
  bool confirm(std::uint64_t number);
  bool remove(const BlobId& blob);
  bool confirm_notices();
  bool create_group(std::string_view name);
  bool join_group(client::Client::GroupSecrets secrets);
  // What push() could not do for lack of disk, or lost in a power cut, to be tried again.
  std::vector<PushWish> take_unfinished() { return std::exchange(unfinished_, {}); }

  client::Client& client() { return *process_->client; }
  bool has_group() const { return is_running() && process_->client->has_group(); }
  // Checks what the device says of itself; honest: nobody lies to it, settled: for how long there
  // has been no fault.
  void check_status(bool honest, Duration settled);

 private:
  struct Process {
    Process(std::unique_ptr<store::ClientStore> opened, DeviceMachine& machine);
    std::unique_ptr<store::ClientStore> inner;
    WatchedClientStore watched;
    transport::SimulatedTransport transport;
    DeterministicRng rng;
    std::unique_ptr<client::Client> client;
  };

  // Runs one call of the application; a power cut in it ends the process.
  template <typename Call>
  bool guarded(Call call);
  UnixMs wall() const { return context_.wall(wall_error_); }
  void refused(std::string_view what, const Error& error);

  Context& context_;
  const DeviceIndex index_;
  const core::RelayTicket& ticket_;
  DeterministicRng rng_;
  crypto::DeviceKeys keys_;
  transport::NodeId node_;
  UnixMs wall_error_ = 0;
  DiskFault fault_;
  DeviceLedger ledger_;
  std::unique_ptr<store::MemoryDisk> disk_;
  std::unique_ptr<Process> process_;
  std::vector<PushWish> unfinished_;
};

}  // namespace zerok::sim
