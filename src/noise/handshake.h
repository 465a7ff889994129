// SPDX-License-Identifier: MIT OR Apache-2.0
// The handshake Noise_hybridXX_25519+MLKEM768_ChaChaPoly_BLAKE2s: four messages, the responder
// sends the last (docs/protocol/handshake.md). Pure and allocation-free: spans in, spans out, an
// Rng& where randomness is drawn. Any failure clears the object, and it refuses everything after.
// An initiator always has a pin. Bound the number and the age of unfinished handshakes outside.
#pragma once

#include <array>

#include "noise/identity.h"
#include "noise/session.h"
#include "noise/symmetric_state.h"

namespace zerok::noise {

// Exact sizes; payloads are always empty.
inline constexpr std::array<std::size_t, 4> kHandshakeMessageSizes = {1216, 3568, 2368, 1120};
inline constexpr std::size_t kHandshakeMessageSizeMax = 3568;

enum class Role : std::uint8_t { kInitiator, kResponder };

// What Handshake calls after each token; tests put a recorder here.
struct NoTrace {
  template <typename Symmetric>
  static void after(int /*message*/, const char* /*token*/, const Symmetric& /*state*/) {}
};

// Hash: crypto::Blake2s is the protocol. crypto::Sha256 exists for other projects' vectors.
template <typename Hash, typename Trace = NoTrace>
class Handshake {
 public:
  // keys must outlive the handshake. pin: the identity the responder must have; it is compared
  // after the second message was read and before the third, which carries our own, is written.
  static Handshake initiator(const StaticKeys& keys, const IdentityHash& pin, ByteView prologue);
  static Handshake responder(const StaticKeys& keys, ByteView prologue);

  Role role() const { return role_; }
  // 0 when the handshake is finished or has failed.
  std::size_t next_message_size() const;
  // Whether the next message is ours to write; false when there is none.
  bool is_our_turn() const;
  bool is_finished() const { return next_ == kFinished; }
  bool has_failed() const { return next_ == kFailed; }

  // out: exactly next_message_size() bytes, cleared on failure. rng: the system's generator;
  // anything else only in tests and simulations. kHandshakeFailed when the peer's keys are no keys
  // or the handshake failed before; kInvalidState, changing nothing, when it is not our turn.
  Result<void> write_message(Rng& rng, MutableByteView out);

  // One error, kHandshakeFailed, for every message that is not exactly right, a wrong length
  // included; only a responder that is properly authenticated and not the pinned one gives
  // kWrongPeer. kInvalidState, changing nothing, when it is our turn to write.
  Result<void> read_message(ByteView message);

  // After the last message; the handshake is empty then. kHandshakeFailed or kInvalidState before.
  Result<Session> finish();

 private:
  friend struct NoiseTestPeer;

  static constexpr int kFinished = 4;
  static constexpr int kFailed = 5;

  Handshake(Role role, const StaticKeys& keys, const IdentityHash& pin, ByteView prologue);

  Result<void> write_message_0(Rng& rng, MutableByteView out);
  Result<void> read_message_0(ByteView message);
  Result<void> write_message_1(Rng& rng, MutableByteView out);
  Result<void> read_message_1(ByteView message);
  Result<void> write_message_2(Rng& rng, MutableByteView out);
  Result<void> read_message_2(ByteView message);
  Result<void> write_message_3(Rng& rng, MutableByteView out);
  Result<void> read_message_3(ByteView message);
  Result<void> settle(Result<void> step);
  void wipe();

  Role role_;
  int next_ = 0;  // the number of the next message, kFinished or kFailed
  const StaticKeys* s_;
  IdentityHash pin_;  // initiator only
  SymmetricState<Hash> symmetric_;
  crypto::X25519SecretKey e_dh_;
  crypto::MlKemDecapsulationKey e_kem_;  // initiator only
  crypto::X25519PublicKey re_dh_;
  crypto::MlKemPublicKey re_kem_;  // responder only
  PeerIdentity rs_;
};

// The handshake of 0k-Sync's channel.
using ChannelHandshake = Handshake<crypto::Blake2s>;

extern template class Handshake<crypto::Blake2s>;
extern template class Handshake<crypto::Sha256>;

}  // namespace zerok::noise
