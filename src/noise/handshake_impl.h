// SPDX-License-Identifier: MIT OR Apache-2.0
// The bodies of Handshake: each message is a straight line, its tokens are the comments, the reader
// beside its writer. Each works on a copy of the symmetric state and on locals, and commits after
// its last check. Included by handshake.cc, and by tests that look at the state after a token;
// nobody else.
#pragma once

#include <concepts>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "noise/handshake.h"
#include "noise/handshake_fields.h"

namespace zerok::noise {
namespace internal {

template <typename Hash>
constexpr std::string_view protocol_name() {
  if constexpr (std::same_as<Hash, crypto::Blake2s>) {
    return "Noise_hybridXX_25519+MLKEM768_ChaChaPoly_BLAKE2s";
  } else {
    static_assert(std::same_as<Hash, crypto::Sha256>);
    return "Noise_hybridXX_25519+MLKEM768_ChaChaPoly_SHA256";
  }
}

}  // namespace internal

template <typename Hash, typename Trace>
Handshake<Hash, Trace>::Handshake(Role role, const StaticKeys& keys, const IdentityHash& pin,
                                  ByteView prologue)
    : role_(role), s_(&keys), pin_(pin), symmetric_(internal::protocol_name<Hash>()) {
  symmetric_.mix_hash(prologue);
  Trace::after(-1, "prologue", symmetric_);
}

template <typename Hash, typename Trace>
Handshake<Hash, Trace> Handshake<Hash, Trace>::initiator(const StaticKeys& keys,
                                                         const IdentityHash& pin,
                                                         ByteView prologue) {
  return Handshake(Role::kInitiator, keys, pin, prologue);
}

template <typename Hash, typename Trace>
Handshake<Hash, Trace> Handshake<Hash, Trace>::responder(const StaticKeys& keys,
                                                         ByteView prologue) {
  return Handshake(Role::kResponder, keys, IdentityHash(), prologue);
}

// msg0, initiator -> responder: e

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::write_message_0(Rng& rng, MutableByteView out) {
  auto symmetric = symmetric_.clone();
  internal::FieldsOut fields(out);
  // e
  auto e_dh = crypto::X25519KeyPair::generate(rng);
  auto e_kem = crypto::MlKemKeyPair::generate(rng);
  symmetric.mix_hash(e_dh.public_key.bytes());
  internal::put(fields, e_dh.public_key);
  symmetric.mix_hash(e_kem.public_key.bytes());
  internal::put(fields, e_kem.public_key);
  Trace::after(0, "e", symmetric);
  // payload: nothing on the wire without a key, but it is hashed
  ZEROK_TRY_VOID(symmetric.encrypt_and_hash({}, {}));
  Trace::after(0, "payload", symmetric);

  symmetric_ = std::move(symmetric);
  e_dh_ = std::move(e_dh.secret);
  e_kem_ = std::move(e_kem.secret);
  return {};
}

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::read_message_0(ByteView message) {
  auto symmetric = symmetric_.clone();
  internal::FieldsIn fields(message);
  // e
  const auto re_dh = internal::take<crypto::X25519PublicKey>(fields);
  symmetric.mix_hash(re_dh.bytes());
  const auto re_kem = internal::take<crypto::MlKemPublicKey>(fields);
  symmetric.mix_hash(re_kem.bytes());
  Trace::after(0, "e", symmetric);
  // payload
  ZEROK_TRY_VOID(symmetric.decrypt_and_hash({}, {}));
  Trace::after(0, "payload", symmetric);

  symmetric_ = std::move(symmetric);
  re_dh_ = re_dh;
  re_kem_ = re_kem;
  return {};
}

// msg1, responder -> initiator: ekem, e, ee, s, es

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::write_message_1(Rng& rng, MutableByteView out) {
  auto symmetric = symmetric_.clone();
  internal::FieldsOut fields(out);
  // ekem: in clear; its own re-encryption check and the transcript protect it
  ZEROK_TRY(const auto ekem, crypto::mlkem_encapsulate(re_kem_, rng));
  symmetric.mix_hash(ekem.ciphertext.bytes());
  symmetric.mix_key(ekem.secret.bytes());
  internal::put(fields, ekem.ciphertext);
  Trace::after(1, "ekem", symmetric);
  // e: nobody encapsulates to this ML-KEM key, so its secret dies with this function
  auto e_dh = crypto::X25519KeyPair::generate(rng);
  const auto e_kem = crypto::MlKemKeyPair::generate(rng);
  symmetric.mix_hash(e_dh.public_key.bytes());
  internal::put(fields, e_dh.public_key);
  symmetric.mix_hash(e_kem.public_key.bytes());
  internal::put(fields, e_kem.public_key);
  Trace::after(1, "e", symmetric);
  // ee
  ZEROK_TRY_VOID(internal::mix_dh(symmetric, e_dh.secret, re_dh_));
  Trace::after(1, "ee", symmetric);
  // s
  ZEROK_TRY_VOID(internal::put_sealed(fields, symmetric, s_->dh.public_key));
  ZEROK_TRY_VOID(internal::put_sealed(fields, symmetric, s_->kem.public_key));
  Trace::after(1, "s", symmetric);
  // es
  ZEROK_TRY_VOID(internal::mix_dh(symmetric, s_->dh.secret, re_dh_));
  Trace::after(1, "es", symmetric);
  // payload
  ZEROK_TRY_VOID(internal::put_empty_payload(fields, symmetric));
  Trace::after(1, "payload", symmetric);

  symmetric_ = std::move(symmetric);
  e_dh_ = std::move(e_dh.secret);
  return {};
}

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::read_message_1(ByteView message) {
  auto symmetric = symmetric_.clone();
  internal::FieldsIn fields(message);
  // ekem
  const auto ekem = internal::take<crypto::MlKemCiphertext>(fields);
  symmetric.mix_hash(ekem.bytes());
  symmetric.mix_key(crypto::mlkem_decapsulate(e_kem_, ekem).bytes());
  Trace::after(1, "ekem", symmetric);
  // e: the ML-KEM key is only hashed
  const auto re_dh = internal::take<crypto::X25519PublicKey>(fields);
  symmetric.mix_hash(re_dh.bytes());
  symmetric.mix_hash(fields.template next<internal::kKem>());
  Trace::after(1, "e", symmetric);
  // ee
  ZEROK_TRY_VOID(internal::mix_dh(symmetric, e_dh_, re_dh));
  Trace::after(1, "ee", symmetric);
  // s
  ZEROK_TRY(const auto rs_dh, internal::take_sealed<crypto::X25519PublicKey>(fields, symmetric));
  ZEROK_TRY(const auto rs_kem, internal::take_sealed<crypto::MlKemPublicKey>(fields, symmetric));
  Trace::after(1, "s", symmetric);
  // es
  ZEROK_TRY_VOID(internal::mix_dh(symmetric, e_dh_, rs_dh));
  Trace::after(1, "es", symmetric);
  // payload
  ZEROK_TRY_VOID(internal::take_empty_payload(fields, symmetric));
  Trace::after(1, "payload", symmetric);

  // The next message carries our identity: it goes to the pinned responder or is never written.
  const PeerIdentity rs{rs_dh, rs_kem};
  if (rs.id() != pin_) {
    return fail(ErrorCode::kWrongPeer, "the responder is not the one that was asked for");
  }
  symmetric_ = std::move(symmetric);
  re_dh_ = re_dh;
  rs_ = rs;
  // No later token uses our ephemeral secrets.
  e_dh_.wipe();
  e_kem_.wipe();
  return {};
}

// msg2, initiator -> responder: skem, s, se

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::write_message_2(Rng& rng, MutableByteView out) {
  auto symmetric = symmetric_.clone();
  internal::FieldsOut fields(out);
  // skem
  ZEROK_TRY(const auto skem, crypto::mlkem_encapsulate(rs_.kem, rng));
  ZEROK_TRY_VOID(internal::put_sealed(fields, symmetric, skem.ciphertext));
  symmetric.mix_key_and_hash(skem.secret.bytes());
  Trace::after(2, "skem", symmetric);
  // s
  ZEROK_TRY_VOID(internal::put_sealed(fields, symmetric, s_->dh.public_key));
  ZEROK_TRY_VOID(internal::put_sealed(fields, symmetric, s_->kem.public_key));
  Trace::after(2, "s", symmetric);
  // se
  ZEROK_TRY_VOID(internal::mix_dh(symmetric, s_->dh.secret, re_dh_));
  Trace::after(2, "se", symmetric);
  // payload
  ZEROK_TRY_VOID(internal::put_empty_payload(fields, symmetric));
  Trace::after(2, "payload", symmetric);

  symmetric_ = std::move(symmetric);
  return {};
}

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::read_message_2(ByteView message) {
  auto symmetric = symmetric_.clone();
  internal::FieldsIn fields(message);
  // skem
  ZEROK_TRY(const auto skem, internal::take_sealed<crypto::MlKemCiphertext>(fields, symmetric));
  symmetric.mix_key_and_hash(crypto::mlkem_decapsulate(s_->kem.secret, skem).bytes());
  Trace::after(2, "skem", symmetric);
  // s
  ZEROK_TRY(const auto rs_dh, internal::take_sealed<crypto::X25519PublicKey>(fields, symmetric));
  ZEROK_TRY(const auto rs_kem, internal::take_sealed<crypto::MlKemPublicKey>(fields, symmetric));
  Trace::after(2, "s", symmetric);
  // se
  ZEROK_TRY_VOID(internal::mix_dh(symmetric, e_dh_, rs_dh));
  Trace::after(2, "se", symmetric);
  // payload
  ZEROK_TRY_VOID(internal::take_empty_payload(fields, symmetric));
  Trace::after(2, "payload", symmetric);

  symmetric_ = std::move(symmetric);
  rs_ = {rs_dh, rs_kem};
  e_dh_.wipe();
  return {};
}

// msg3, responder -> initiator: skem

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::write_message_3(Rng& rng, MutableByteView out) {
  auto symmetric = symmetric_.clone();
  internal::FieldsOut fields(out);
  // skem
  ZEROK_TRY(const auto skem, crypto::mlkem_encapsulate(rs_.kem, rng));
  ZEROK_TRY_VOID(internal::put_sealed(fields, symmetric, skem.ciphertext));
  symmetric.mix_key_and_hash(skem.secret.bytes());
  Trace::after(3, "skem", symmetric);
  // payload
  ZEROK_TRY_VOID(internal::put_empty_payload(fields, symmetric));
  Trace::after(3, "payload", symmetric);

  symmetric_ = std::move(symmetric);
  return {};
}

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::read_message_3(ByteView message) {
  auto symmetric = symmetric_.clone();
  internal::FieldsIn fields(message);
  // skem
  ZEROK_TRY(const auto skem, internal::take_sealed<crypto::MlKemCiphertext>(fields, symmetric));
  symmetric.mix_key_and_hash(crypto::mlkem_decapsulate(s_->kem.secret, skem).bytes());
  Trace::after(3, "skem", symmetric);
  // payload
  ZEROK_TRY_VOID(internal::take_empty_payload(fields, symmetric));
  Trace::after(3, "payload", symmetric);

  symmetric_ = std::move(symmetric);
  return {};
}

// What holds for every message.

template <typename Hash, typename Trace>
std::size_t Handshake<Hash, Trace>::next_message_size() const {
  return next_ < kFinished ? kHandshakeMessageSizes[static_cast<std::size_t>(next_)] : 0;
}

template <typename Hash, typename Trace>
bool Handshake<Hash, Trace>::is_our_turn() const {
  return next_ < kFinished && (next_ % 2 == 0) == (role_ == Role::kInitiator);
}

namespace internal {

inline std::unexpected<Error> handshake_failed() {
  return fail(ErrorCode::kHandshakeFailed, "the handshake failed");
}
inline std::unexpected<Error> not_now() {
  return fail(ErrorCode::kInvalidState, "the handshake is not at this step");
}

}  // namespace internal

// Counts the message, or forgets everything and hides which check it was that failed.
template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::settle(Result<void> step) {
  if (step) {
    ++next_;
    return {};
  }
  wipe();
  next_ = kFailed;
  if (step.error().code == ErrorCode::kWrongPeer) return step;
  return internal::handshake_failed();
}

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::write_message(Rng& rng, MutableByteView out) {
  if (has_failed()) return internal::handshake_failed();
  if (!is_our_turn()) return internal::not_now();
  ZEROK_ASSERT(out.size() == next_message_size());
  const auto written = settle(next_ == 0   ? write_message_0(rng, out)
                              : next_ == 1 ? write_message_1(rng, out)
                              : next_ == 2 ? write_message_2(rng, out)
                                           : write_message_3(rng, out));
  if (!written) secure_wipe(out);
  return written;
}

template <typename Hash, typename Trace>
Result<void> Handshake<Hash, Trace>::read_message(ByteView message) {
  if (has_failed()) return internal::handshake_failed();
  if (is_finished() || is_our_turn()) return internal::not_now();
  if (message.size() != next_message_size()) return settle(internal::handshake_failed());
  return settle(next_ == 0   ? read_message_0(message)
                : next_ == 1 ? read_message_1(message)
                : next_ == 2 ? read_message_2(message)
                             : read_message_3(message));
}

template <typename Hash, typename Trace>
Result<Session> Handshake<Hash, Trace>::finish() {
  if (has_failed()) return internal::handshake_failed();
  if (!is_finished() || s_ == nullptr) return internal::not_now();
  TransportKeys keys = symmetric_.split();
  // The last message proved the responder's two keys; the initiator's ML-KEM key is proven by the
  // first transport message.
  const bool initiating = role_ == Role::kInitiator;
  Session session(std::move(initiating ? keys.initiator_to_responder : keys.responder_to_initiator),
                  std::move(initiating ? keys.responder_to_initiator : keys.initiator_to_responder),
                  symmetric_.h(), rs_.id(), initiating);
  wipe();
  return session;
}

template <typename Hash, typename Trace>
void Handshake<Hash, Trace>::wipe() {
  symmetric_.wipe();
  e_dh_.wipe();
  e_kem_.wipe();
  re_dh_ = {};
  re_kem_ = {};
  rs_ = {};
  s_ = nullptr;
}

}  // namespace zerok::noise
