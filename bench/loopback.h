// SPDX-License-Identifier: MIT OR Apache-2.0
// What the measurements over real UDP share: peers on 127.0.0.1, a thread whose CPU time can be
// read from outside, and the loop that watches bytes arrive.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "base/rng.h"
#include "link/endpoint.h"
#include "transport/quic/quic_transport.h"

namespace zerok::bench {

// The transport's defaults without the limits on what one source may do: here, one source is all
// there is.
transport::QuicConfig quic_config();
// A fresh QUIC transport on a port of 127.0.0.1 that the system picks.
Result<std::unique_ptr<transport::QuicTransport>> make_transport(Rng& rng);

// Where and who a peer is. Plain bytes: it crosses a pipe.
struct Card {
  std::uint16_t port = 0;
  ByteArray<EndpointId::kSize> endpoint{};
  ByteArray<noise::IdentityHash::kSize> noise{};

  transport::SocketAddress address() const;
};

// A transport and an endpoint on it, for one thread.
class Peer {
 public:
  static Result<std::unique_ptr<Peer>> create();

  Card card() const;
  Result<link::LinkId> dial(const Card& card);
  link::Endpoint& endpoint() { return *endpoint_; }
  transport::QuicTransport& transport() { return *transport_; }
  // The next event, sleeping for it at most as long as this.
  std::optional<link::LinkEvent> next_event(Duration patience);

 private:
  Peer() = default;
  SystemRng rng_;
  std::optional<noise::StaticKeys> keys_;
  std::unique_ptr<transport::QuicTransport> transport_;
  std::unique_ptr<link::Endpoint> endpoint_;
};

// A thread that calls `turn` until the object dies. A turn must end within a tenth of a second.
class Worker {
 public:
  explicit Worker(std::function<void()> turn);
  ~Worker();
  double cpu_seconds() const;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
  clockid_t clock_{};
};

struct Throughput {
  double mib_per_s = 0;
  // The same bytes over the CPU time each side took: what it could do if it never had to wait.
  double sender_mib_per_cpu_s = 0;
  double receiver_mib_per_cpu_s = 0;
  std::vector<double> values() const {
    return {mib_per_s, sender_mib_per_cpu_s, receiver_mib_per_cpu_s};
  }
};

// Calls `send`, in this thread, while `received` grows, for a warm-up and then for `seconds`.
// kTimedOut when nothing arrives for ten seconds.
Result<Throughput> watch(const std::atomic<std::uint64_t>& received, const Worker& receiver,
                         double seconds, const std::function<Result<void>()>& send);

// How long a turn sleeps at most when nothing happens.
inline constexpr Duration kTurn = std::chrono::milliseconds(20);

}  // namespace zerok::bench
