// SPDX-License-Identifier: MIT OR Apache-2.0
// For tests only: a relay on a memory disk and devices that speak the protocol by hand, on one
// simulated network in virtual time.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "core/roster.h"
#include "link/endpoint.h"
#include "relay/relay.h"
#include "store/memory/memory_disk.h"
#include "transport/simulated/simulated_transport.h"
#include "wire/messages/any.h"

namespace zerok::relay::testing {

struct Received {
  wire::MessageKey key;
  std::unique_ptr<Bytes> body;
  wire::AnyMessage message;  // views into body

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&message);
  }
  // The code of an ERROR; nothing for anything else.
  std::optional<wire::WireErrorCode> error() const;
  bool ends() const;
};

class RelayWorld;

// One connection at a time to the world's relay, and what came over it.
class RawDevice {
 public:
  // number: of core::testing::sample_device(); a stranger has a Noise identity of its own.
  RawDevice(RelayWorld& world, std::uint8_t number, bool foreign_noise = false);
  ~RawDevice();
  RawDevice(const RawDevice&) = delete;
  RawDevice& operator=(const RawDevice&) = delete;

  DeviceId id() const { return keys_.device_id(); }
  // Connects without a word; false if the relay is not reached within 5 s.
  bool connect();
  void disconnect();
  bool is_connected() const { return link_.has_value(); }
  // A second connection beside this one, by the same keys.
  std::unique_ptr<RawDevice> second();

  // What hello() says; change it before.
  wire::Hello hello_items;
  bool with_create = false;
  // The first byte of sample_group()'s secret. Another group's creator is this device.
  std::uint8_t group = 0x40;
  Bytes token;
  // A valid HELLO for the group of core::testing::sample_group().
  wire::Hello make_hello();
  // Connects if need be; nullopt when nothing came.
  std::optional<Received> hello();
  // As hello(), and a WELCOME: else the test stops.
  Received welcome();

  std::uint32_t send(const wire::AnyMessage& message);
  void send_raw(std::uint32_t request, std::uint8_t type, Bytes body, bool response = false);
  void notice(const wire::AnyMessage& message);
  // The answer to this request, waiting for it.
  std::optional<Received> wait(std::uint32_t request, Duration patience = std::chrono::seconds(5));
  std::optional<Received> ask(const wire::AnyMessage& message);
  // Sends a PUSH with these blobs; number n's id is 16 bytes of n, its content `bytes` of n.
  std::optional<Received> push(std::initializer_list<std::uint8_t> numbers,
                               std::size_t bytes = 100);
  std::optional<Received> pull(std::uint64_t after, std::uint64_t stored = 0, bool own = false);
  void ack(std::uint64_t stored) { notice(wire::Ack{.stored = stored}); }

  // The oldest notice of that kind, taken out.
  template <typename T>
  std::optional<Received> take_notice() {
    for (auto it = notices.begin(); it != notices.end(); ++it) {
      if (!it->as<T>()) continue;
      Received found = std::move(*it);
      notices.erase(it);
      return found;
    }
    return std::nullopt;
  }
  std::deque<Received> notices;
  std::deque<Received> answers;
  bool reads = true;
  std::optional<Error> closed;

  void step(Instant now);
  Instant next_timeout() const { return endpoint_->next_timeout(); }

 private:
  friend class RelayWorld;
  RelayWorld* world_;
  std::uint8_t number_;
  bool foreign_noise_;
  crypto::DeviceKeys keys_;
  noise::StaticKeys static_keys_;
  transport::NodeId node_;
  std::unique_ptr<transport::SimulatedTransport> transport_;
  std::unique_ptr<link::Endpoint> endpoint_;
  std::optional<link::LinkId> link_;
  bool opened_ = false;
  std::uint32_t next_request_ = 1;
  Bytes create_{};
};

class RelayWorld {
  store::MemoryDisk own_disk_;  // outlives what is opened on it

 public:
  explicit RelayWorld(const RelayConfig& a_config = {}) : RelayWorld(a_config, own_disk_) {}
  // On a disk that outlives the world.
  RelayWorld(const RelayConfig& a_config, store::MemoryDisk& a_disk);

  // As a crash would, and on the same disk again.
  void crash();
  void start();
  void restart() {
    crash();
    start();
  }

  std::unique_ptr<RawDevice> device(std::uint8_t number) {
    return std::make_unique<RawDevice>(*this, number);
  }
  // Lets virtual time pass until `done`, or for `duration`; true when done.
  template <typename Done>
  bool run_until(Done done, Duration duration = std::chrono::seconds(5)) {
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
  // One turn of everybody at this moment.
  void turn();

  RelayConfig config;
  transport::SimulatedNetwork network{7};
  DeterministicRng rng{11};
  Instant now{std::chrono::hours(1)};
  UnixMs wall = 1'800'000'000'000;
  store::MemoryDisk& disk;
  std::unique_ptr<store::RelayStore> store;
  std::unique_ptr<Relay> relay;

 private:
  friend class RawDevice;
  void advance(Instant end);

  crypto::RelayKeys relay_keys_;
  transport::NodeId relay_node_;
  transport::SocketAddress relay_address_;
  std::unique_ptr<transport::SimulatedTransport> relay_transport_;
  std::uint8_t next_node_ = 1;
  std::vector<RawDevice*> devices_;
};

}  // namespace zerok::relay::testing
