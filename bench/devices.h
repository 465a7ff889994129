// SPDX-License-Identifier: MIT OR Apache-2.0
// Devices to measure with: real Clients, each with its own keys, UDP socket and store, in groups
// that are made without pairing. One thread turns many of them; the relay is elsewhere.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "client/client.h"
#include "store/memory/memory_disk.h"
#include "transport/quic/quic_transport.h"

namespace zerok::bench {

// A group and its devices' keys, as pairing would leave them. At most 32 devices.
struct Group {
  static Result<Group> create(std::size_t devices, Rng& rng);

  client::Client::GroupSecrets secrets() const;

  crypto::GroupSecret secret;
  std::vector<crypto::DeviceKeys> devices;
  std::vector<Bytes> roster;
};

class Device {
 public:
  // database: the file its SQLite store is made in; empty: a store in memory. The group outlives
  // the device.
  static Result<std::unique_ptr<Device>> create(const Group& group, std::size_t number,
                                                const core::RelayTicket& relay,
                                                const std::string& database);
  ~Device();

  client::Client& client() { return *client_; }
  Result<client::Pushed> push(ByteView payload);

 private:
  friend class Devices;
  Device() = default;
  void step(Instant now);

  SystemRng rng_;
  store::MemoryDisk memory_;
  std::unique_ptr<store::ClientStore> store_;
  std::unique_ptr<transport::QuicTransport> transport_;
  std::unique_ptr<client::Client> client_;
  Instant due_{};
};

// The poll loop of the devices that one thread turns.
class Devices {
 public:
  Devices();
  ~Devices();
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;

  // It outlives the loop.
  Result<void> add(Device& device);
  // Turns those that have something to do, sleeping for it until then at most, and says which.
  const std::vector<Device*>& turn(Instant until);
  // Until these have a session and have read everything. kTimedOut, or kPermissionDenied if the
  // relay does not want one of them.
  Result<void> connect(std::span<Device* const> devices);

 private:
  int epoll_ = -1;
  std::vector<Device*> devices_;
  std::vector<Device*> turned_;
};

// Groups of devices with stores in memory, all of them connected, all in one loop.
class Fleet {
 public:
  explicit Fleet(const core::RelayTicket& relay) : relay_(relay) {}

  // More groups of so many devices. online: how many of each are made at all; the others are only
  // in the roster. The first of each group comes first, as it brings the group to the relay.
  Result<void> add(std::size_t groups, std::size_t devices_each, std::size_t online);
  // Of each add(): the first one of each group, then the others group by group.
  const std::vector<Device*>& devices() const { return devices_; }
  Devices& loop() { return loop_; }

 private:
  core::RelayTicket relay_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<std::unique_ptr<Device>> owned_;
  std::vector<Device*> devices_;
  Devices loop_;
};

}  // namespace zerok::bench
