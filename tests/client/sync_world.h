// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests only: a relay and devices, the real ones, on memory disks and one simulated network in
// virtual time. Every process can be crashed and started again on what its disk has kept.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/client.h"
#include "core/roster_entry.h"
#include "relay/relay.h"
#include "store/memory/memory_disk.h"
#include "transport/simulated/simulated_transport.h"

namespace zerok::client::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SyncWorld;

class TestDevice {
 public:
  TestDevice(SyncWorld& world, std::uint8_t number);

  // Starts the process on its disk; the error if the client does not open.
  Result<void> start();
  // Without a word, and nothing but the disk is left.
  void crash();
  Result<void> restart() {
    crash();
    return start();
  }
  bool is_running() const { return client_ != nullptr; }
  // A copy of this disk takes its place: what a backup brings back.
  void use_disk(std::unique_ptr<store::MemoryDisk> disk);

  Client& client() { return *client_; }
  Client* operator->() { return client_.get(); }
  DeviceId id() const { return keys.device_id(); }
  // Takes and confirms everything that is there, and remembers it.
  void receive(bool confirm = true);
  std::uint64_t push(std::string_view payload);
  bool has_notice(core::NoticeKind kind) const;

  crypto::DeviceKeys keys;
  std::unique_ptr<store::MemoryDisk> disk;
  ClientConfig config;
  std::vector<std::string> received;     // payloads, in the order they were handed over
  std::map<std::uint64_t, BlobId> seen;  // hand-over number and blob
  transport::NodeId node;

 private:
  friend class SyncWorld;
  void step(Instant now, UnixMs wall);

  SyncWorld* world_;
  std::unique_ptr<transport::SimulatedTransport> transport_;
  std::unique_ptr<store::ClientStore> store_;
  std::unique_ptr<DeterministicRng> rng_;
  std::unique_ptr<Client> client_;
};

class SyncWorld {
 public:
  explicit SyncWorld(const relay::RelayConfig& config = {});

  void start_relay();
  void crash_relay();
  void restart_relay() {
    crash_relay();
    start_relay();
  }
  void use_relay_disk(std::unique_ptr<store::MemoryDisk> disk);
  core::RelayTicket ticket() const;
  const crypto::RelayKeys& keys_of_relay() const { return relay_keys_; }

  // A device with its client opened and the relay's ticket.
  TestDevice& add_device();
  TestDevice& add_device_without_relay();
  // The first device makes the group, every further one is enrolled by the first; all are at the
  // relay afterwards.
  void make_group(std::size_t devices);
  void enrol(TestDevice& member, TestDevice& joiner);
  TestDevice& device(std::size_t n) { return *devices_[n]; }

  template <typename Done>
  bool run_until(Done done, Duration duration = seconds(60)) {
    const Instant end = now + duration;
    for (;;) {
      turn();
      if (done()) return true;
      if (now >= end) return false;
      advance(end);
    }
  }
  void run_for(Duration duration) {
    run_until([] { return false; }, duration);
  }
  // All devices that run are synced.
  bool settle(Duration duration = seconds(120));

  transport::SimulatedNetwork network{5};
  DeterministicRng rng{17};
  Instant now{std::chrono::hours(1)};
  UnixMs wall = 1'800'000'000'000;
  relay::RelayConfig relay_config;
  std::unique_ptr<store::MemoryDisk> relay_disk;
  std::unique_ptr<relay::Relay> relay;
  transport::NodeId relay_node;

 private:
  void turn();
  void advance(Instant end);

  crypto::RelayKeys relay_keys_;
  std::unique_ptr<store::RelayStore> relay_store_;
  std::unique_ptr<transport::SimulatedTransport> relay_transport_;
  std::vector<std::unique_ptr<TestDevice>> devices_;
  std::uint64_t starts_ = 0;
  friend class TestDevice;
};

}  // namespace zerok::client::testing
