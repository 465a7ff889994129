// SPDX-License-Identifier: MIT OR Apache-2.0
// The key exchange of pairing: CPace from the code's password, combined with an ML-KEM secret in
// each direction, bound to the mailbox, the relay and everything both sides said of themselves:
// docs/protocol/pairing.md sections 3 to 5. Three messages, the joiner's first. Whoever holds the
// channel at the end knew the code; the creator knows it once PROOF has opened. Pure; who may be
// answered at all is for core/pairing_creator.h to decide.
#pragma once

#include "core/pairing_message.h"
#include "crypto/cpace.h"
#include "crypto/kem.h"

namespace zerok::core {

// What both sides must have alike beside the password.
struct PairingContext {
  MailboxId mailbox;
  crypto::Hash256 relay;  // pairing_relay_hash
};

// What a message held, cleared when it is done with.
class PairingPlaintext {
 public:
  explicit PairingPlaintext(std::size_t size) : bytes_(size) {}
  PairingPlaintext(PairingPlaintext&&) noexcept = default;
  PairingPlaintext& operator=(PairingPlaintext&&) = delete;
  ~PairingPlaintext() { secure_wipe(bytes_); }

  ByteView bytes() const { return bytes_; }
  MutableByteView mutable_bytes() { return bytes_; }

 private:
  Bytes bytes_;
};

// One side's sealing of what follows. `number` is the message's in the mailbox: no two messages of
// a side may have the same.
class PairingChannel {
 public:
  enum class Side : std::uint8_t { kJoiner, kCreator };

  PairingChannel(Side side, ByteView input_key, const crypto::Hash256& transcript);

  // plaintext.size() + 16 bytes.
  Bytes seal(std::uint32_t number, ByteView plaintext) const;
  // What the other side sealed: kCryptoFailed.
  Result<PairingPlaintext> open(std::uint32_t number, ByteView sealed) const;

  // The joiner's proof that its device key takes part in this very exchange.
  crypto::Ed25519Signature sign_device(const crypto::Ed25519KeyPair& device) const;
  // kCryptoFailed.
  Result<void> verify_device(const DeviceId& device,
                             const crypto::Ed25519Signature& signature) const;

  // 30 bits that both sides' users can compare as words: equal if and only if nobody stands between
  // them, but for one chance in 2^30. For whoever has the nonce of the creator's commitment.
  std::uint32_t words(const ByteArray<32>& nonce) const;

 private:
  Side side_;
  crypto::XChaChaPolyKey to_creator_;
  crypto::XChaChaPolyKey to_joiner_;
  crypto::Hash256 transcript_;
};

class JoinerExchange {
 public:
  // Draws 64 bytes for the ML-KEM key, 64 for CPace.
  static Result<JoinerExchange> start(const crypto::DeviceKeys& keys, const PairingOffer& offer,
                                      Rng& rng);

  const Bytes& open_message() const { return open_; }

  struct Finished {
    PairingChannel channel;
    PairingParty creator;
    ByteArray<32> commitment;
    Bytes proof;
  };
  // Once, with the creator's answer. Draws 32 bytes. kWrongPeer when the answer is not by whom the
  // long code names; kCryptoFailed; as PairingAnswer::decode.
  Result<Finished> finish(ByteView answer, std::string_view name, Rng& rng) &&;

 private:
  JoinerExchange(const PairingContext& context, std::optional<PairingPartyHash> creator,
                 crypto::MlKemKeyPair ephemeral, crypto::Cpace cpace, Bytes open)
      : context_(context),
        creator_(creator),
        ephemeral_(std::move(ephemeral)),
        cpace_(std::move(cpace)),
        open_(std::move(open)) {}

  PairingContext context_;
  std::optional<PairingPartyHash> creator_;
  crypto::MlKemKeyPair ephemeral_;
  crypto::Cpace cpace_;
  Bytes open_;
};

class CreatorExchange {
 public:
  // Draws 64 bytes for the ML-KEM key, 32 for the nonce.
  CreatorExchange(const crypto::DeviceKeys& keys, Rng& rng);

  // For the long code.
  PairingPartyHash party_hash() const { return pairing_party_hash(party_); }
  const ByteArray<32>& nonce() const { return nonce_; }

  // ANSWER to the joiner's OPEN. Once. Draws 64 bytes for CPace, 32 for ML-KEM. kCryptoFailed, as
  // PairingOpen::decode.
  Result<Bytes> answer(const PairingContext& context, const PairingPassword& password,
                       ByteView open, Rng& rng);

  struct Finished {
    PairingChannel channel;
    PairingParty joiner;
    std::string name;
  };
  // Once, after answer(). kCryptoFailed: the joiner did not know the code.
  Result<Finished> finish(ByteView proof);

 private:
  struct Answered {
    PairingContext context;
    PairingParty joiner;
    crypto::CpaceKey key;
    crypto::MlKemSharedSecret to_joiner;
    Bytes open;
    Bytes answer;
  };

  crypto::MlKemKeyPair ephemeral_;
  Bytes party_;
  ByteArray<32> nonce_;
  std::optional<Answered> answered_;
};

// Whether the nonce is the one that ANSWER committed to.
bool opens_pairing_commitment(const ByteArray<32>& commitment, const ByteArray<32>& nonce);

}  // namespace zerok::core
