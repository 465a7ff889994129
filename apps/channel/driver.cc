// SPDX-License-Identifier: MIT OR Apache-2.0
#include "driver.h"

#include "base/system_clock.h"
#include "common/signals.h"

namespace zerok::apps {
namespace {

// Stateless, so one serves the transport and the endpoint whichever dies first.
Rng& system_rng() {
  static SystemRng rng;
  return rng;
}

}  // namespace

Driver::Driver(std::unique_ptr<transport::QuicTransport> transport, noise::StaticKeys keys,
               bool accept)
    : keys_(std::move(keys)), transport_(std::move(transport)) {
  link::EndpointConfig config;
  config.accept = accept;
  endpoint_ = std::make_unique<link::Endpoint>(*transport_, keys_, system_rng(), config);
  wake_when_stopped(transport_.get());
}

Driver::~Driver() { wake_when_stopped(nullptr); }

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
