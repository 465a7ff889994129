// SPDX-License-Identifier: MIT OR Apache-2.0
// What happens to a datagram: to its connection if it has one, to the closing list if that is over,
// and otherwise a stranger's: perhaps a new connection, perhaps an answer without state.
#include <ngtcp2/ngtcp2.h>

#include "base/log.h"
#include "transport/quic/endpoint.h"
#include "transport/quic/native.h"

namespace zerok::transport {
namespace {

constexpr std::uint8_t kLongHeaderBit = 0x80;
// RFC 9000 section 14.1: a client's first datagrams are padded to this.
constexpr std::size_t kInitialDatagramMin = 1'200;

}  // namespace

void Endpoint::receive(const Path& path, std::uint8_t ecn, ByteView datagram, Instant now) {
  now_ = std::max(now_, now);
  // ngtcp2 takes an empty datagram for a bug of ours.
  if (datagram.empty()) return;
  ngtcp2_version_cid header;
  const int rv =
      ngtcp2_pkt_decode_version_cid(&header, datagram.data(), datagram.size(), kCidLength);
  // ngtcp2 knows version 2 as well; version 0 is a version negotiation, which asks for no answer.
  const bool other_version =
      rv == NGTCP2_ERR_VERSION_NEGOTIATION || (rv == 0 && header.version == NGTCP2_PROTO_VER_V2);
  if (other_version) {
    if (!config_.accept || datagram.size() < kInitialDatagramMin) return;
    return post(path, stateless_.version_negotiation(ByteView(header.dcid, header.dcidlen),
                                                     ByteView(header.scid, header.scidlen), now_));
  }
  if (rv != 0 || header.dcidlen > kCidLengthMax) return;

  const auto id = table_.find(Cid(ByteView(header.dcid, header.dcidlen)));
  if (!id) return receive_stranger(path, ecn, datagram, now_);
  if (closing_.contains(*id)) {
    const ByteView answer = closing_.answer(*id, path.remote);
    return post(path, Bytes(answer.begin(), answer.end()));
  }
  Slot* slot = find(*id);
  if (slot == nullptr) return;
  slot->connection->receive(path, ecn, datagram, now_);
  touch(*id, *slot);
}

void Endpoint::receive_stranger(const Path& path, std::uint8_t ecn, ByteView datagram,
                                Instant now) {
  if ((datagram[0] & kLongHeaderBit) == 0) {
    // A stateless reset ends with a token and has a random id otherwise.
    if (datagram.size() >= Stateless::kResetTriggerMin - 1) {
      ResetToken token;
      std::ranges::copy(datagram.last(kResetTokenSize), token.begin());
      if (const auto id = table_.find_token(token)) {
        if (Slot* slot = find(*id)) {
          slot->connection->receive(path, ecn, datagram, now);
          return touch(*id, *slot);
        }
      }
    }
    if (!config_.accept) return;
    return post(path, stateless_.reset(Cid(datagram.subspan(1, kCidLength)), datagram.size(), now));
  }
  if (!config_.accept || datagram.size() < kInitialDatagramMin) return;
  ngtcp2_pkt_hd native;
  if (ngtcp2_accept(&native, datagram.data(), datagram.size()) != 0) return;
  // RFC 9000 section 7.2. ngtcp2 lets any length pass beside a token; ours name our own ids.
  if (native.dcid.datalen < NGTCP2_MIN_INITIAL_DCIDLEN) return;
  const InitialHeader header{native.version, from_native(native.dcid), from_native(native.scid),
                             ByteView(native.token, native.tokenlen)};
  receive_initial(path, ecn, datagram, header, now);
}

void Endpoint::receive_initial(const Path& path, std::uint8_t ecn, ByteView datagram,
                               const InitialHeader& header, Instant now) {
  Cid original = header.destination;
  const Stateless::Token token = stateless_.check_token(header, path.remote, now, original);
  if (token == Stateless::Token::kInvalid) {
    return post(path, stateless_.refusal(header, NGTCP2_INVALID_TOKEN, now));
  }
  const bool proven = token == Stateless::Token::kValid;
  SourceLimiter::Source source{};
  if (!admit(path, header, proven, now, source)) return;

  const ConnectionId id{next_id_++};
  auto connection = Connection::accept(context_, id, path,
                                       {.destination = header.destination,
                                        .source = header.source,
                                        .original_destination = original,
                                        .token = proven ? header.token : ByteView()},
                                       now);
  if (!connection) {
    limiter_.finished(source);
    return;
  }
  Slot& slot = add(id, *std::move(connection));
  slot.source = source;
  slot.half_open = true;
  ++half_open_;
  slot.connection->receive(path, ecn, datagram, now);
  touch(id, slot);
}

// Says why strangers are turned away, at most once a minute however many there are.
void Endpoint::warn_refused(StaticText reason) {
  ++refused_;
  if (warned_ && now_ - *warned_ < std::chrono::minutes(1)) return;
  warned_ = now_;
  log::warn("handshakes refused: {}; {} since the last such line, {} half-open, {} connections",
            reason, refused_, half_open_, connections_.size());
  refused_ = 0;
}

// Whether a handshake may begin. If not, whatever answer is due has been posted.
bool Endpoint::admit(const Path& path, const InitialHeader& header, bool proven, Instant now,
                     SourceLimiter::Source& source) {
  if (connections_.size() >= config_.connections_max) {
    warn_refused("too many connections");
    post(path, stateless_.refusal(header, NGTCP2_CONNECTION_REFUSED, now));
    return false;
  }
  if (half_open_ >= config_.half_open_max) {
    warn_refused("too many unfinished handshakes");
    return false;
  }
  const bool loaded = half_open_ >= config_.retry_half_open_min;
  const bool ask =
      config_.retry == RetryPolicy::kAlways || (config_.retry == RetryPolicy::kUnderLoad && loaded);
  source = SourceLimiter::source_of(path.remote, proven);
  if (!proven && ask) {
    post(path, stateless_.retry(header, path.remote, now));
    return false;
  }
  if (limiter_.admit(source, now)) return true;
  if (!proven && config_.retry != RetryPolicy::kNever) {
    post(path, stateless_.retry(header, path.remote, now));
  } else {
    warn_refused("a source is over its limit");
  }
  return false;
}

}  // namespace zerok::transport
