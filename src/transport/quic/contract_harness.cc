// SPDX-License-Identifier: MIT OR Apache-2.0
// Two QUIC endpoints on loopback for ../contract_test.cc.
#include "transport/contract_harness.h"

#include <algorithm>

#include "base/check.h"
#include "base/system_clock.h"
#include "transport/quic/quic_transport.h"

namespace zerok::transport {
namespace {

class QuicHarness final : public ContractHarness {
 public:
  QuicHarness() {
    config_.stream_receive_window = 64 << 10;
    config_.connection_receive_window = 192 << 10;
    config_.stream_send_buffer = 64 << 10;
    config_.connection_send_buffer = 192 << 10;
    config_.streams_bidi_max = 10;
    config_.streams_uni_max = 10;
    config_.handshake_timeout = std::chrono::seconds(2);
    dialer_ = make(1, SocketAddress::ipv4({127, 0, 0, 1}, 0));
    listener_ = make(2, SocketAddress::ipv4({127, 0, 0, 1}, 0));
    address_ = listener_->local_address();
    // Bound and never read: nobody answers there.
    dead_ = make(3, SocketAddress::ipv4({127, 0, 0, 1}, 0));
  }

  ContractShape shape() const override {
    return {.stream_bytes_max = 128 << 10,
            .connection_bytes_max = 384 << 10,
            .streams_max = 10,
            .handshake_timeout = config_.handshake_timeout,
            .tells_stops_at_once = false,
            .restart_noticed = std::chrono::seconds(4)};
  }
  Transport& dialer() override { return *dialer_; }
  Transport& listener() override { return *listener_; }
  SocketAddress listener_address() const override { return address_; }
  SocketAddress dead_address() const override { return dead_->local_address(); }
  void restart_listener() override {
    listener_->abandon();
    listener_.reset();
    listener_ = make(2, address_);
  }
  Instant now() const override { return monotonic_now(); }
  void wait() override {
    const Instant until =
        std::min(monotonic_now() + std::chrono::milliseconds(1), listener_->next_timeout());
    dialer_->wait(until);
  }

 private:
  std::unique_ptr<QuicTransport> make(std::uint8_t seed, const SocketAddress& bind) {
    Secret<32> key;
    std::ranges::fill(key.mutable_bytes(), seed);
    Secret<32> reset_secret;
    auto made = QuicTransport::create(config_, key, reset_secret, bind, rng_);
    ZEROK_ASSERT(made.has_value());
    return *std::move(made);
  }

  SystemRng rng_;
  QuicConfig config_;
  std::unique_ptr<QuicTransport> dialer_;
  std::unique_ptr<QuicTransport> listener_;
  std::unique_ptr<QuicTransport> dead_;
  SocketAddress address_;
};

}  // namespace

std::unique_ptr<ContractHarness> make_contract_harness() { return std::make_unique<QuicHarness>(); }

}  // namespace zerok::transport
