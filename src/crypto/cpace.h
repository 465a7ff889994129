// SPDX-License-Identifier: MIT OR Apache-2.0
// CPace, a password-authenticated key exchange: draft-irtf-cfrg-cpace-21, suite
// CPACE-RISTR255-SHA512, in the setting with an initiator and a responder. Both sides get the same
// key if and only if they had the same setup and saw the same messages; who does not know the
// password learns nothing but whether one guess was right, and that only if somebody tells him. So
// the caller confirms the key, and counts the guesses.
#pragma once

#include "crypto/ristretto255.h"

namespace zerok::crypto {

// The draft's ISK. To be put through a key derivation before use.
using CpaceKey = SecretKey<struct CpaceKeyTag, 64>;

// What both sides must have alike; any lengths.
struct CpaceSetup {
  ByteView password;  // PRS
  ByteView channel;   // CI: what the exchange is bound to
  ByteView session;   // sid: unique, public
};

// One side of one exchange.
class Cpace {
 public:
  // The initiator's share goes out first.
  enum class Role : std::uint8_t { kInitiator, kResponder };

  // Draws 64 bytes. associated_data goes to the peer in the clear beside the share, and is
  // authenticated by the key. kCryptoFailed with probability 2^-252.
  static Result<Cpace> start(Role role, const CpaceSetup& setup, ByteView associated_data,
                             Rng& rng);

  // 32 bytes for the peer.
  const RistrettoElement& share() const { return share_; }

  // Once. kCryptoFailed for a share that is no element of the group, or the identity: the exchange
  // is over then.
  Result<CpaceKey> finish(ByteView peer_share, ByteView peer_associated_data) &&;

 private:
  Cpace(Role role, RistrettoScalar scalar, RistrettoElement share, const CpaceSetup& setup,
        ByteView associated_data);

  Role role_;
  RistrettoScalar scalar_;
  RistrettoElement share_;
  Bytes session_;
  Bytes associated_data_;
};

}  // namespace zerok::crypto
