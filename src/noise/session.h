// SPDX-License-Identifier: MIT OR Apache-2.0
// Session: what a finished handshake leaves: one CipherState per direction, the handshake hash, and
// the peer's identity once it is proven. Messages must be opened in the order they were sealed; the
// first that fails to open ends the session. No framing, no allocation, no rekey. Not thread-safe.
#pragma once

#include <optional>

#include "noise/cipher_state.h"
#include "noise/identity.h"
#include "noise/symmetric_state.h"

namespace zerok::noise {

// Noise revision 34, section 3: 65,535 bytes on the wire, tag included.
inline constexpr std::size_t kTransportMessageSizeMax = 65535;
inline constexpr std::size_t kTransportPlaintextSizeMax =
    kTransportMessageSizeMax - crypto::kAeadTagSize;

class Session {
 public:
  // out: plaintext.size() + 16 bytes; may start where plaintext starts. kTooLarge over 65,519 bytes
  // (nothing has happened), kOutOfRange when the key's nonces are used up, kClosed once ended.
  Result<void> seal(ByteView plaintext, MutableByteView out);

  // out: message.size() - 16 bytes; may start where message starts. kCryptoFailed for every message
  // that is not the peer's next one, kTooLarge over 65,535 bytes; both end the session: its keys
  // are cleared and every later call gives kClosed.
  Result<void> open(ByteView message, MutableByteView out);

  // Nothing until the peer has proven both of its static keys. For the initiator that is at once:
  // the handshake's last message proved it. For the responder it is after its first successful
  // open(): until then the initiator's ML-KEM key is only claimed (docs/protocol/handshake.md).
  std::optional<IdentityHash> confirmed_peer() const;

  // h after the last handshake message; for channel binding.
  const crypto::Hash256& handshake_hash() const { return handshake_hash_; }
  bool is_ended() const { return ended_; }

 private:
  friend struct NoiseTestPeer;
  template <typename Hash, typename Trace>
  friend class Handshake;

  Session(crypto::ChaChaPolyKey send, crypto::ChaChaPolyKey receive,
          const crypto::Hash256& handshake_hash, const IdentityHash& peer, bool peer_is_confirmed);
  void end();

  CipherState send_;
  CipherState receive_;
  crypto::Hash256 handshake_hash_;
  IdentityHash peer_;
  bool peer_is_confirmed_;
  bool ended_ = false;
};

}  // namespace zerok::noise
