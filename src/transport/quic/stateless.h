// SPDX-License-Identifier: MIT OR Apache-2.0
// Answers that cost a server no memory: Retry, version negotiation, stateless reset and refusals
// (RFC 9000 sections 8.1.2, 6.1, 10.3, 10.2.3). Each is shorter than what it answers, so none
// amplifies. Each kind has its own rate limit: asking for one must not use up another.
#pragma once

#include <optional>

#include "base/rng.h"
#include "base/secret.h"
#include "transport/quic/cid.h"
#include "transport/quic/path.h"
#include "transport/quic/quic_config.h"
#include "transport/quic/token_bucket.h"

namespace zerok::transport {

// The parts of an Initial packet's header that matter before there is a connection.
struct InitialHeader {
  std::uint32_t version = 0;
  Cid destination;
  Cid source;
  ByteView token;
};

class Stateless {
 public:
  // Shorter packets could not hold a reset that looks like any other packet.
  static constexpr std::size_t kResetTriggerMin = 22;

  // reset_secret outlives this. Keep it across restarts: it makes a restarted server recognisable.
  Stateless(const QuicConfig& config, const Secret<32>& reset_secret, Rng& rng);

  // Empty results: nothing to be sent, because of the rate limit or because it can't be written.
  Bytes retry(const InitialHeader& header, const SocketAddress& remote, Instant now);
  Bytes refusal(const InitialHeader& header, std::uint64_t code, Instant now);
  Bytes version_negotiation(ByteView destination, ByteView source, Instant now);
  // For a short-header packet of `trigger_size` bytes with an id nobody has.
  Bytes reset(const Cid& cid, std::size_t trigger_size, Instant now);

  enum class Token : std::uint8_t { kNone, kValid, kInvalid };
  // What an Initial's token says of its sender's address; the client's first destination id is in
  // `original` when it is valid.
  Token check_token(const InitialHeader& header, const SocketAddress& remote, Instant now,
                    Cid& original) const;

 private:
  // Starts full when first used: only then is the time known.
  static bool allowed(std::optional<TokenBucket>& bucket, double per_second, Instant now);

  const QuicConfig& config_;
  const Secret<32>& reset_secret_;
  Secret<32> token_secret_;
  Rng& rng_;
  std::optional<TokenBucket> retries_;
  std::optional<TokenBucket> refusals_;
  std::optional<TokenBucket> negotiations_;
  std::optional<TokenBucket> resets_;
};

}  // namespace zerok::transport
