// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/source_limiter.h"

namespace zerok::transport {
namespace {

constexpr std::size_t kIpv6PrefixBytes = 8;
// A sweep walks the whole table, so a flood must not cause one per packet.
constexpr Duration kSweepInterval = std::chrono::seconds(1);

}  // namespace

SourceLimiter::Source SourceLimiter::source_of(const SocketAddress& address, bool proven) {
  Source source{};
  source[0] = address.family() == AddressFamily::kIpv4 ? 4 : 6;
  source[1] = proven ? 1 : 0;
  const ByteView bytes = address.address();
  std::copy_n(bytes.begin(), std::min(bytes.size(), kIpv6PrefixBytes), source.begin() + 2);
  return source;
}

bool SourceLimiter::admit(const Source& source, Instant now) {
  if (config_.handshakes_per_minute == 0 && config_.half_open_per_source == 0) return true;
  auto entry = entries_.find(source);
  if (entry == entries_.end()) {
    if (!make_room(now)) return false;
    const double burst = config_.handshakes_per_minute;
    entry = entries_.try_emplace(source, Entry{TokenBucket(burst / 60, burst, now)}).first;
  }
  Entry& state = entry->second;
  if (config_.half_open_per_source != 0 && state.half_open >= config_.half_open_per_source) {
    return false;
  }
  if (config_.handshakes_per_minute != 0 && !state.bucket.take(now)) return false;
  ++state.half_open;
  return true;
}

void SourceLimiter::finished(const Source& source) {
  const auto entry = entries_.find(source);
  if (entry != entries_.end() && entry->second.half_open > 0) --entry->second.half_open;
}

bool SourceLimiter::make_room(Instant now) {
  if (entries_.size() < config_.sources_max) return true;
  if (swept_ != Instant::min() && now - swept_ < kSweepInterval) return false;
  swept_ = now;
  // A source with nothing going on and its whole allowance back is as good as unknown.
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.second.half_open == 0 && entry.second.bucket.full(now);
  });
  return entries_.size() < config_.sources_max;
}

}  // namespace zerok::transport
