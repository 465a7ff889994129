// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/loopback.h"

#include <pthread.h>

#include <algorithm>

#include "base/system_clock.h"
#include "bench/timing.h"

namespace zerok::bench {
namespace {

constexpr double kPatienceSeconds = 10;

}  // namespace

transport::QuicConfig quic_config() {
  transport::QuicConfig config;
  config.handshakes_per_minute = 0;
  config.half_open_per_source = 0;
  return config;
}

Result<std::unique_ptr<transport::QuicTransport>> make_transport(Rng& rng) {
  Secret<32> seed;
  Secret<32> reset_secret;
  rng.fill(seed.mutable_bytes());
  rng.fill(reset_secret.mutable_bytes());
  return transport::QuicTransport::create(quic_config(), seed, reset_secret,
                                          transport::SocketAddress::ipv4({127, 0, 0, 1}, 0), rng);
}

transport::SocketAddress Card::address() const {
  return transport::SocketAddress::ipv4({127, 0, 0, 1}, port);
}

Result<std::unique_ptr<Peer>> Peer::create() {
  std::unique_ptr<Peer> peer(new Peer);
  peer->keys_ = noise::StaticKeys::generate(peer->rng_);
  ZEROK_TRY(peer->transport_, make_transport(peer->rng_));
  link::EndpointConfig config;
  config.accept = true;
  peer->endpoint_ =
      std::make_unique<link::Endpoint>(*peer->transport_, *peer->keys_, peer->rng_, config);
  return peer;
}

Card Peer::card() const {
  Card card;
  card.port = transport_->local_address().port();
  const EndpointId endpoint = transport_->local_id();
  const noise::IdentityHash noise = keys_->identity().id();
  std::ranges::copy(endpoint.bytes(), card.endpoint.begin());
  std::ranges::copy(noise.bytes(), card.noise.begin());
  return card;
}

Result<link::LinkId> Peer::dial(const Card& card) {
  return endpoint_->dial(card.address(), EndpointId(card.endpoint), noise::IdentityHash(card.noise),
                         monotonic_now());
}

std::optional<link::LinkEvent> Peer::next_event(Duration patience) {
  const Instant until = monotonic_now() + patience;
  for (;;) {
    if (auto event = endpoint_->poll_event()) return event;
    const Instant now = monotonic_now();
    endpoint_->step(now);
    if (auto event = endpoint_->poll_event()) return event;
    if (now >= until) return std::nullopt;
    const Instant timeout = std::min(until, endpoint_->next_timeout());
    if (timeout > now) transport_->wait(timeout);
  }
}

Worker::Worker(std::function<void()> turn)
    : thread_([this, turn = std::move(turn)] {
        while (!stop_.load(std::memory_order_relaxed)) turn();
      }) {
  pthread_getcpuclockid(thread_.native_handle(), &clock_);
}

Worker::~Worker() {
  stop_.store(true, std::memory_order_relaxed);
  thread_.join();
}

double Worker::cpu_seconds() const { return clock_seconds(clock_); }

Result<Throughput> watch(const std::atomic<std::uint64_t>& received, const Worker& receiver,
                         double seconds, const std::function<Result<void>()>& send) {
  const auto arrived = [&] { return received.load(std::memory_order_relaxed); };
  // Sends for at least so long and until something has arrived.
  const auto send_for = [&](double span) -> Result<void> {
    const double start = wall_seconds();
    const std::uint64_t before = arrived();
    while (wall_seconds() - start < span || arrived() == before) {
      ZEROK_TRY_VOID(send());
      if (arrived() == before && wall_seconds() - start > std::max(kPatienceSeconds, span)) {
        return fail(ErrorCode::kTimedOut, "no bytes arrive");
      }
    }
    return {};
  };
  ZEROK_TRY_VOID(send_for(seconds / 4));
  const double wall = wall_seconds();
  const double sender_cpu = thread_cpu_seconds();
  const double receiver_cpu = receiver.cpu_seconds();
  const std::uint64_t before = arrived();
  ZEROK_TRY_VOID(send_for(seconds));
  const double mebibytes = static_cast<double>(arrived() - before) / kMebibyte;
  return Throughput{.mib_per_s = mebibytes / (wall_seconds() - wall),
                    .sender_mib_per_cpu_s = mebibytes / (thread_cpu_seconds() - sender_cpu),
                    .receiver_mib_per_cpu_s = mebibytes / (receiver.cpu_seconds() - receiver_cpu)};
}

}  // namespace zerok::bench
