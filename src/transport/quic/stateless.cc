// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/stateless.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>

#include "transport/quic/native.h"

namespace zerok::transport {
namespace {

constexpr ngtcp2_duration kRetryTokenLife = 10 * NGTCP2_SECONDS;
// A reset longer than this gains nothing; RFC 9000 section 10.3 asks for less than the trigger.
constexpr std::size_t kResetSizeMax = 43;

ngtcp2_tstamp timestamp(Instant now) {
  return static_cast<ngtcp2_tstamp>((now.time_since_epoch() + kTimestampOffset).count());
}

Bytes sized(Bytes packet, ngtcp2_ssize n) {
  packet.erase(packet.begin() + std::max<ngtcp2_ssize>(n, 0), packet.end());
  return packet;
}

}  // namespace

Stateless::Stateless(const QuicConfig& config, const Secret<32>& reset_secret, Rng& rng)
    : config_(config), reset_secret_(reset_secret), rng_(rng) {
  rng_.fill(token_secret_.mutable_bytes());
}

bool Stateless::allowed(std::optional<TokenBucket>& bucket, double per_second, Instant now) {
  if (!bucket) bucket.emplace(per_second, per_second, now);
  return bucket->take(now);
}

Bytes Stateless::retry(const InitialHeader& header, const SocketAddress& remote, Instant now) {
  if (!allowed(retries_, config_.retries_per_second, now)) return {};
  sockaddr_storage address;
  const socklen_t address_size = to_native(remote, address);
  ngtcp2_cid scid;
  ByteArray<kCidLength> fresh;
  rng_.fill(fresh);
  ngtcp2_cid_init(&scid, fresh.data(), fresh.size());
  const ngtcp2_cid odcid = to_native(header.destination);
  const ngtcp2_cid client = to_native(header.source);
  ByteArray<NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2> token;
  const ngtcp2_ssize token_size = ngtcp2_crypto_generate_retry_token2(
      token.data(), token_secret_.bytes().data(), Secret<32>::kSize, header.version,
      reinterpret_cast<const sockaddr*>(&address), address_size, &scid, &odcid, timestamp(now));
  if (token_size < 0) return {};
  Bytes packet(256);
  const ngtcp2_ssize n =
      ngtcp2_crypto_write_retry(packet.data(), packet.size(), header.version, &client, &scid,
                                &odcid, token.data(), static_cast<std::size_t>(token_size));
  return sized(std::move(packet), n);
}

Stateless::Token Stateless::check_token(const InitialHeader& header, const SocketAddress& remote,
                                        Instant now, Cid& original) const {
  // Other tokens than our Retry's are not ours; RFC 9000 section 8.1.3 has them ignored.
  if (header.token.empty() || header.token[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2) {
    return Token::kNone;
  }
  sockaddr_storage address;
  const socklen_t address_size = to_native(remote, address);
  const ngtcp2_cid dcid = to_native(header.destination);
  ngtcp2_cid odcid;
  const int rv = ngtcp2_crypto_verify_retry_token2(
      &odcid, header.token.data(), header.token.size(), token_secret_.bytes().data(),
      Secret<32>::kSize, header.version, reinterpret_cast<const sockaddr*>(&address), address_size,
      &dcid, kRetryTokenLife, timestamp(now));
  if (rv == NGTCP2_CRYPTO_ERR_UNREADABLE_TOKEN) return Token::kNone;
  if (rv != 0) return Token::kInvalid;
  original = from_native(odcid);
  return Token::kValid;
}

Bytes Stateless::refusal(const InitialHeader& header, std::uint64_t code, Instant now) {
  if (!allowed(refusals_, config_.stateless_per_second, now)) return {};
  const ngtcp2_cid client = to_native(header.source);
  const ngtcp2_cid ours = to_native(header.destination);
  Bytes packet(256);
  const ngtcp2_ssize n = ngtcp2_crypto_write_connection_close(
      packet.data(), packet.size(), header.version, &client, &ours, code, nullptr, 0);
  return sized(std::move(packet), n);
}

Bytes Stateless::version_negotiation(ByteView destination, ByteView source, Instant now) {
  if (!allowed(negotiations_, config_.stateless_per_second, now)) return {};
  ByteArray<1> unused;
  rng_.fill(unused);
  // One real version, and a reserved one so that peers learn to skip what they don't know.
  const std::uint32_t versions[] = {NGTCP2_RESERVED_VERSION_MASK, NGTCP2_PROTO_VER_V1};
  Bytes packet(1 + 4 + 2 + destination.size() + source.size() + sizeof(versions));
  const ngtcp2_ssize n = ngtcp2_pkt_write_version_negotiation(
      packet.data(), packet.size(), unused[0], source.data(), source.size(), destination.data(),
      destination.size(), versions, std::size(versions));
  return sized(std::move(packet), n);
}

Bytes Stateless::reset(const Cid& cid, std::size_t trigger_size, Instant now) {
  if (trigger_size < kResetTriggerMin) return {};
  if (!allowed(resets_, config_.stateless_per_second, now)) return {};
  const ngtcp2_cid native = to_native(cid);
  ResetToken token;
  if (ngtcp2_crypto_generate_stateless_reset_token(token.data(), reset_secret_.bytes().data(),
                                                   Secret<32>::kSize, &native) != 0) {
    return {};
  }
  Bytes packet(std::min(trigger_size - 1, kResetSizeMax));
  ByteArray<kResetSizeMax> random;
  const std::size_t random_size = packet.size() - kResetTokenSize;
  rng_.fill(MutableByteView(random).first(random_size));
  const ngtcp2_ssize n = ngtcp2_pkt_write_stateless_reset(packet.data(), packet.size(),
                                                          token.data(), random.data(), random_size);
  return sized(std::move(packet), n);
}

}  // namespace zerok::transport
