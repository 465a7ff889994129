// SPDX-License-Identifier: MIT OR Apache-2.0
#include "driver.h"

#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <cstdio>

#include "base/log.h"
#include "base/system_clock.h"

namespace zerok::apps {
namespace {

std::atomic<bool> stop{false};

// Stateless, so one serves the transport and the endpoint whichever dies first.
Rng& system_rng() {
  static SystemRng rng;
  return rng;
}

}  // namespace

void stop_on_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { stop.store(true, std::memory_order_relaxed); };
  // Without SA_RESTART, so that a sleeping driver wakes up and looks.
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return stop.load(std::memory_order_relaxed); }

void complain(std::string_view what, const Error& error) {
  fmt::print(stderr, "0k-channel: {}: {}\n", what, error);
}

Driver::Driver(std::unique_ptr<transport::QuicTransport> transport, noise::StaticKeys keys,
               bool accept)
    : keys_(std::move(keys)), transport_(std::move(transport)) {
  link::EndpointConfig config;
  config.accept = accept;
  endpoint_ = std::make_unique<link::Endpoint>(*transport_, keys_, system_rng(), config);
}

Result<std::unique_ptr<Driver>> Driver::create(const transport::SocketAddress& bind, bool accept,
                                               const crypto::Ed25519KeyPair& signing,
                                               const crypto::NoiseStaticSecrets& noise,
                                               const Secret<32>& reset_secret) {
  transport::QuicConfig config;
  config.accept = accept;
  ZEROK_TRY(auto transport, transport::QuicTransport::create(config, signing.seed(), reset_secret,
                                                             bind, system_rng()));
  auto keys = noise::StaticKeys::from_secrets(noise.dh.clone(), noise.kem);
  return std::unique_ptr<Driver>(new Driver(std::move(transport), std::move(keys), accept));
}

std::optional<link::LinkEvent> Driver::next_event(Instant until) {
  for (;;) {
    if (auto event = endpoint_->poll_event()) return event;
    const Instant now = monotonic_now();
    endpoint_->step(now);
    if (auto event = endpoint_->poll_event()) return event;
    if (now >= until || stop_requested()) return std::nullopt;
    const Instant timeout = std::min(until, endpoint_->next_timeout());
    if (timeout > now) transport_->wait(timeout);
  }
}

}  // namespace zerok::apps
