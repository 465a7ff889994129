// SPDX-License-Identifier: MIT OR Apache-2.0
// Two simulated endpoints for ../contract_test.cc, over a link with delay, jitter, loss and odd
// packet sizes: the contract holds on a bad network too.
#include "transport/contract_harness.h"

#include <algorithm>

#include "transport/simulated/simulated_transport.h"

namespace zerok::transport {
namespace {

EndpointId identity(std::uint8_t fill) {
  EndpointId id;
  std::fill(id.mutable_bytes().begin(), id.mutable_bytes().end(), fill);
  return id;
}

class SimulatedHarness final : public ContractHarness {
 public:
  SimulatedHarness() {
    network_.set_all_links({.latency = std::chrono::milliseconds(5),
                            .jitter = std::chrono::milliseconds(5),
                            .loss_per_million = 20'000,
                            .duplicate_per_million = 10'000,
                            .random_segments = true});
    limits_.stream_receive_window = 64 << 10;
    limits_.connection_receive_window = 192 << 10;
    limits_.stream_send_buffer = 64 << 10;
    limits_.connection_send_buffer = 192 << 10;
    limits_.streams_bidi_max = 10;
    limits_.streams_uni_max = 10;
    dialer_ = std::make_unique<SimulatedTransport>(network_, dialer_node_, limits_);
    listener_ = std::make_unique<SimulatedTransport>(network_, listener_node_, limits_);
  }

  ContractShape shape() const override {
    return {.stream_bytes_max = 128 << 10,
            .connection_bytes_max = 384 << 10,
            .streams_max = 10,
            .handshake_timeout = limits_.handshake_timeout,
            .restart_noticed = std::chrono::seconds(3)};
  }
  Transport& dialer() override { return *dialer_; }
  Transport& listener() override { return *listener_; }
  SocketAddress listener_address() const override { return network_.address(listener_node_); }
  SocketAddress dead_address() const override { return SocketAddress::ipv4({192, 0, 2, 9}, 9); }
  void restart_listener() override {
    listener_.reset();
    listener_ = std::make_unique<SimulatedTransport>(network_, listener_node_, limits_);
  }
  Instant now() const override { return now_; }
  void wait() override {
    const Instant next = std::min(dialer_->next_timeout(), listener_->next_timeout());
    now_ =
        std::clamp(next, now_ + std::chrono::microseconds(1), now_ + std::chrono::milliseconds(5));
  }

 private:
  SimulatedNetwork network_{1};
  NodeId dialer_node_ = network_.add_node(identity(1), SocketAddress::ipv4({192, 0, 2, 1}, 1000));
  NodeId listener_node_ = network_.add_node(identity(2), SocketAddress::ipv4({192, 0, 2, 2}, 443));
  SimulatedLimits limits_;
  std::unique_ptr<SimulatedTransport> dialer_, listener_;
  Instant now_{std::chrono::seconds(1)};
};

}  // namespace

std::unique_ptr<ContractHarness> make_contract_harness() {
  return std::make_unique<SimulatedHarness>();
}

}  // namespace zerok::transport
