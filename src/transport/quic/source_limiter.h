// SPDX-License-Identifier: MIT OR Apache-2.0
// SourceLimiter: how many handshakes one network source may start per minute and have unfinished at
// once (PROTOCOL.md section 11). A source is an IPv4 address or an IPv6 /64. Sources that proved
// their address are counted apart from those that only claim one, so that forged packets can't use
// up an honest source's share. The table is bounded; when it is full, strangers are over the limit.
#pragma once

#include <unordered_map>

#include "transport/address.h"
#include "transport/quic/cid.h"
#include "transport/quic/quic_config.h"
#include "transport/quic/token_bucket.h"

namespace zerok::transport {

class SourceLimiter {
 public:
  // Family, whether the address is proven, and the address or prefix.
  using Source = ByteArray<10>;

  explicit SourceLimiter(const QuicConfig& config) : config_(config) {}

  static Source source_of(const SocketAddress& address, bool proven);
  // Counts a handshake that begins, if it may; finished() must follow for each that did.
  bool admit(const Source& source, Instant now);
  void finished(const Source& source);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    TokenBucket bucket;
    std::uint32_t half_open = 0;
  };
  struct Hash {
    std::size_t operator()(const Source& source) const { return keyed_hash(source); }
  };
  bool make_room(Instant now);

  const QuicConfig& config_;
  std::unordered_map<Source, Entry, Hash> entries_;
  Instant swept_ = Instant::min();
};

}  // namespace zerok::transport
