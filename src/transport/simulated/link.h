// SPDX-License-Identifier: MIT OR Apache-2.0
// Link: one direction between two nodes. It decides for each packet when it arrives, whether it is
// lost, and whether it arrives twice, from its own generator: what happens on one link never shifts
// another's draws. Settings may change at any time and count for packets sent from then on.
#pragma once

#include <optional>

#include "base/rng.h"
#include "base/time.h"

namespace zerok::transport {

struct LinkSettings {
  Duration latency = std::chrono::milliseconds(10);
  // Added to each packet's latency, uniform in [0, jitter]; packets overtake each other by it.
  Duration jitter{};
  // 0: no limit.
  std::uint64_t bytes_per_second = 0;
  std::uint32_t loss_per_million = 0;
  // The chance of a loss right after a loss; below loss_per_million it has no effect.
  std::uint32_t burst_loss_per_million = 0;
  std::uint32_t duplicate_per_million = 0;
  // Packets held back by reorder_delay, so that later ones overtake them.
  std::uint32_t reorder_per_million = 0;
  Duration reorder_delay{};
  // Nothing gets through, silently.
  bool blackhole = false;
  // Stream bytes per packet: this many, or a random number from 1 to this many.
  std::size_t segment_bytes_max = 1200;
  bool random_segments = false;
};

namespace simulated {

// What becomes of one packet.
struct PacketFate {
  std::optional<Instant> arrival;    // nullopt: lost
  std::optional<Instant> duplicate;  // a second arrival
  Instant noticed;                   // when the sender takes it for lost, if it is
};

class Link {
 public:
  explicit Link(std::uint64_t seed) : rng_(seed) {}

  void set(const LinkSettings& settings) { settings_ = settings; }
  const LinkSettings& settings() const { return settings_; }

  // attempts: how often this packet was lost before; the waiting time doubles with each.
  PacketFate send(std::size_t bytes, std::uint32_t attempts, Instant now);
  // When a sender that keeps queues short sends more data; at or before now: at once.
  Instant ready_at() const;
  // How long a sender waits for an acknowledgement before it sends again; doubles with `attempts`.
  Duration retry_after(std::uint32_t attempts) const;
  // Stream bytes for the next packet; at least 1.
  std::size_t segment_size();

 private:
  bool chance(std::uint32_t per_million) { return rng_.below(1'000'000) < per_million; }

  LinkSettings settings_;
  DeterministicRng rng_;
  // When the bytes accepted so far have left, where there is a bandwidth limit.
  Instant busy_until_{};
  bool lost_last_ = false;
};

}  // namespace simulated
}  // namespace zerok::transport
