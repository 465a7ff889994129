// SPDX-License-Identifier: MIT OR Apache-2.0
// Driver: a QUIC transport, an endpoint on it and the loop that turns them, for one thread.
#pragma once

#include <memory>
#include <optional>

#include "base/rng.h"
#include "crypto/device_keys.h"
#include "link/endpoint.h"
#include "transport/quic/quic_transport.h"

namespace zerok::apps {

// The type of an echo message: outside every block of the protocol, never sent to a relay.
inline constexpr std::uint8_t kEchoMessage = 0xe0;
inline constexpr std::size_t kEchoBytesMax = std::size_t{32} << 10;

class Driver {
 public:
  static Result<std::unique_ptr<Driver>> create(const transport::SocketAddress& bind, bool accept,
                                                const crypto::Ed25519KeyPair& signing,
                                                const crypto::NoiseStaticSecrets& noise,
                                                const Secret<32>& reset_secret);

  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  link::Endpoint& endpoint() { return *endpoint_; }
  transport::QuicTransport& transport() { return *transport_; }
  noise::IdentityHash noise_identity() const { return keys_.identity().id(); }

  // The next event, sleeping for it until `until` at most; nullopt then, or when interrupted by a
  // signal.
  std::optional<link::LinkEvent> next_event(Instant until);

 private:
  Driver(std::unique_ptr<transport::QuicTransport> transport, noise::StaticKeys keys, bool accept);

  noise::StaticKeys keys_;
  std::unique_ptr<transport::QuicTransport> transport_;
  std::unique_ptr<link::Endpoint> endpoint_;
};

}  // namespace zerok::apps
