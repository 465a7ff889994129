// SPDX-License-Identifier: MIT OR Apache-2.0
// For the tests of this folder: a look inside the objects (NoiseTestPeer), fixed keys and a run of
// the handshake that keeps its messages. Never part of the library.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/rng.h"
#include "noise/handshake.h"

namespace zerok::noise {

// Friend of the objects under test.
struct NoiseTestPeer {
  template <typename Hash>
  static ByteView ck(const SymmetricState<Hash>& state) {
    return state.ck_.bytes();
  }
  template <typename Hash>
  static const CipherState& cipher(const SymmetricState<Hash>& state) {
    return state.cipher_;
  }
  static ByteView k(const CipherState& state) { return state.k_.bytes(); }
  static std::uint64_t n(const CipherState& state) { return state.n_; }
  static void set_n(CipherState& state, std::uint64_t n) { state.n_ = n; }

  template <typename H, typename T>
  static const SymmetricState<H>& symmetric(const Handshake<H, T>& handshake) {
    return handshake.symmetric_;
  }
  template <typename H, typename T>
  static void set_symmetric(Handshake<H, T>& handshake, SymmetricState<H> state) {
    handshake.symmetric_ = std::move(state);
    ++handshake.next_;
  }
  template <typename H, typename T>
  static ByteView e_dh(const Handshake<H, T>& handshake) {
    return handshake.e_dh_.bytes();
  }
  template <typename H, typename T>
  static ByteView e_kem(const Handshake<H, T>& handshake) {
    return handshake.e_kem_.bytes();
  }
  template <typename H, typename T>
  static const crypto::X25519PublicKey& re_dh(const Handshake<H, T>& handshake) {
    return handshake.re_dh_;
  }
  template <typename H, typename T>
  static const crypto::MlKemPublicKey& re_kem(const Handshake<H, T>& handshake) {
    return handshake.re_kem_;
  }
  template <typename H, typename T>
  static const PeerIdentity& rs(const Handshake<H, T>& handshake) {
    return handshake.rs_;
  }

  // Copies a handshake, secrets and all, to try many inputs on one state.
  template <typename H, typename T>
  static Handshake<H, T> clone(const Handshake<H, T>& from) {
    Handshake<H, T> copy(from.role_, *from.s_, from.pin_, {});
    copy.next_ = from.next_;
    copy.symmetric_ = from.symmetric_.clone();
    copy.e_dh_ = from.e_dh_.clone();
    copy.e_kem_ = from.e_kem_.clone();
    copy.re_dh_ = from.re_dh_;
    copy.re_kem_ = from.re_kem_;
    copy.rs_ = from.rs_;
    return copy;
  }

  static CipherState& send(Session& session) { return session.send_; }
  static CipherState& receive(Session& session) { return session.receive_; }
  static bool claims(const Session& session, const IdentityHash& peer) {
    return session.peer_ == peer;
  }
};

inline bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

// Nothing secret and nothing of the peer is left.
template <typename H, typename T>
bool is_wiped(const Handshake<H, T>& handshake) {
  const auto& symmetric = NoiseTestPeer::symmetric(handshake);
  const auto& rs = NoiseTestPeer::rs(handshake);
  return all_zero(symmetric.h()) && all_zero(NoiseTestPeer::ck(symmetric)) &&
         all_zero(NoiseTestPeer::k(NoiseTestPeer::cipher(symmetric))) &&
         all_zero(NoiseTestPeer::e_dh(handshake)) && all_zero(NoiseTestPeer::e_kem(handshake)) &&
         all_zero(NoiseTestPeer::re_dh(handshake).bytes()) &&
         all_zero(NoiseTestPeer::re_kem(handshake).bytes()) && all_zero(rs.dh.bytes()) &&
         all_zero(rs.kem.bytes());
}

// The keys a seed stands for, the same in every run.
inline StaticKeys keys_of(std::uint64_t seed) {
  DeterministicRng rng(seed);
  return StaticKeys::generate(rng);
}

// Both ends of one handshake, driven message by message. Results stay visible to the test.
template <typename Hash = crypto::Blake2s, typename Trace = NoTrace>
class Pair {
 public:
  Pair(const StaticKeys& initiator_keys, const StaticKeys& responder_keys,
       std::string_view prologue = "test prologue", std::uint64_t seed = 1)
      : initiator(Handshake<Hash, Trace>::initiator(initiator_keys, responder_keys.identity().id(),
                                                    as_bytes(prologue))),
        responder(Handshake<Hash, Trace>::responder(responder_keys, as_bytes(prologue))),
        rng_(seed) {}

  // Whose turn it is to write message i.
  Handshake<Hash, Trace>& writer(int i) { return i % 2 == 0 ? initiator : responder; }
  Handshake<Hash, Trace>& reader(int i) { return i % 2 == 0 ? responder : initiator; }
  MutableByteView message(int i) {
    const auto at = static_cast<std::size_t>(i);
    return MutableByteView(messages_[at]).first(kHandshakeMessageSizes[at]);
  }

  Result<void> write(int i) { return writer(i).write_message(rng_, message(i)); }
  Result<void> read(int i) { return reader(i).read_message(message(i)); }
  // Writes and reads messages [0, end).
  Result<void> run(int end = 4) {
    for (int i = 0; i < end; ++i) {
      ZEROK_TRY_VOID(write(i));
      ZEROK_TRY_VOID(read(i));
    }
    return {};
  }

  Handshake<Hash, Trace> initiator;
  Handshake<Hash, Trace> responder;

 private:
  DeterministicRng rng_;
  std::array<ByteArray<kHandshakeMessageSizeMax>, 4> messages_{};
};

}  // namespace zerok::noise
