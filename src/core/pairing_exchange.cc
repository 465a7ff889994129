// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/pairing_exchange.h"

#include <algorithm>

#include "base/check.h"
#include "core/label.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"

namespace zerok::core {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kContextLabel = "0k-sync/2 pairing";
constexpr std::string_view kTranscriptLabel = "0k-sync/2 pairing transcript";
constexpr std::string_view kCommitmentLabel = "0k-sync/2 pairing commitment";
constexpr std::string_view kDeviceLabel = "0k-sync/2 pairing device";
constexpr std::string_view kWordsLabel = "0k-sync/2 pairing words";
// The joiner's second message in the mailbox carries its first sealed one.
constexpr std::uint32_t kProofNumber = 2;

Bytes channel_id(const PairingContext& context) {
  Bytes out = begin_labelled(kContextLabel, 1 + context.relay.size());
  out.push_back(kVersion);
  append(out, context.relay);
  return out;
}

crypto::CpaceSetup setup_of(const PairingContext& context, const PairingPassword& password,
                            ByteView channel) {
  return {password.bytes(), channel, context.mailbox.bytes()};
}

void append_sized(Bytes& out, ByteView bytes) {
  ByteArray<4> size;
  store_be32(size, static_cast<std::uint32_t>(bytes.size()));
  append(out, size);
  append(out, bytes);
}

crypto::Hash256 transcript_of(const PairingContext& context, ByteView open, ByteView answer,
                              const crypto::MlKemCiphertext& proof_ciphertext) {
  Bytes bytes;
  append(bytes, context.mailbox.bytes());
  append(bytes, context.relay);
  append_sized(bytes, open);
  append_sized(bytes, answer);
  append(bytes, proof_ciphertext.bytes());
  return labelled_hash(kTranscriptLabel, bytes);
}

// ISK || the secret sent to the joiner || the secret sent to the creator.
PairingChannel make_channel(PairingChannel::Side side, const crypto::CpaceKey& key,
                            const crypto::MlKemSharedSecret& to_joiner,
                            const crypto::MlKemSharedSecret& to_creator,
                            const crypto::Hash256& transcript) {
  Secret<64 + 32 + 32> input;
  const auto bytes = input.mutable_bytes();
  std::ranges::copy(key.bytes(), bytes.begin());
  std::ranges::copy(to_joiner.bytes(), bytes.begin() + 64);
  std::ranges::copy(to_creator.bytes(), bytes.begin() + 96);
  return {side, input.bytes(), transcript};
}

ByteArray<24> nonce_of(std::uint32_t number) {
  ByteArray<24> nonce{};
  store_be32(MutableByteView(nonce).last<4>(), number);
  return nonce;
}

Bytes device_bytes(const crypto::Hash256& transcript) {
  Bytes out = begin_labelled(kDeviceLabel, transcript.size());
  append(out, transcript);
  return out;
}

ByteArray<32> commitment_to(const ByteArray<32>& nonce) {
  return labelled_hash(kCommitmentLabel, nonce);
}

ByteArray<32> bytes_of(const crypto::RistrettoElement& share) {
  ByteArray<32> out;
  std::ranges::copy(share.encoding().bytes(), out.begin());
  return out;
}

}  // namespace

PairingChannel::PairingChannel(Side side, ByteView input_key, const crypto::Hash256& transcript)
    : side_(side), transcript_(transcript) {
  const crypto::HkdfSha256 hkdf(transcript, input_key);
  to_creator_ = hkdf.derive<crypto::XChaChaPolyKey>("to creator");
  to_joiner_ = hkdf.derive<crypto::XChaChaPolyKey>("to joiner");
}

Bytes PairingChannel::seal(std::uint32_t number, ByteView plaintext) const {
  ZEROK_ASSERT(plaintext.size() <= kPairingPlaintextBytesMax);
  Bytes sealed(plaintext.size() + crypto::kAeadTagSize);
  crypto::xchacha_poly_seal(side_ == Side::kJoiner ? to_creator_ : to_joiner_, nonce_of(number), {},
                            plaintext, sealed);
  return sealed;
}

Result<PairingPlaintext> PairingChannel::open(std::uint32_t number, ByteView sealed) const {
  if (sealed.size() < crypto::kAeadTagSize || sealed.size() > kPairingMessageBytesMax) {
    return fail(ErrorCode::kCryptoFailed, "a pairing message that can't be opened");
  }
  PairingPlaintext plaintext(sealed.size() - crypto::kAeadTagSize);
  ZEROK_TRY_VOID(crypto::xchacha_poly_open(side_ == Side::kJoiner ? to_joiner_ : to_creator_,
                                           nonce_of(number), {}, sealed,
                                           plaintext.mutable_bytes()));
  return plaintext;
}

crypto::Ed25519Signature PairingChannel::sign_device(const crypto::Ed25519KeyPair& device) const {
  return device.sign(device_bytes(transcript_));
}

Result<void> PairingChannel::verify_device(const DeviceId& device,
                                           const crypto::Ed25519Signature& signature) const {
  return crypto::ed25519_verify(crypto::Ed25519PublicKey(device.bytes()), device_bytes(transcript_),
                                signature);
}

std::uint32_t PairingChannel::words(const ByteArray<32>& nonce) const {
  Bytes bytes;
  append(bytes, transcript_);
  append(bytes, nonce);
  return load_be32(labelled_hash(kWordsLabel, bytes)) >> 2;
}

bool opens_pairing_commitment(const ByteArray<32>& commitment, const ByteArray<32>& nonce) {
  return commitment_to(nonce) == commitment;
}

Result<JoinerExchange> JoinerExchange::start(const crypto::DeviceKeys& keys,
                                             const PairingOffer& offer, Rng& rng) {
  const PairingContext context{offer.mailbox, pairing_relay_hash(offer.relay)};
  auto ephemeral = crypto::MlKemKeyPair::generate(rng);
  const Bytes party = PairingParty::of(keys, ephemeral.public_key).encode();
  ZEROK_TRY(
      crypto::Cpace cpace,
      crypto::Cpace::start(crypto::Cpace::Role::kInitiator,
                           setup_of(context, offer.password, channel_id(context)), party, rng));
  Bytes open = PairingOpen{bytes_of(cpace.share()), party}.encode();
  return JoinerExchange(context, offer.creator, std::move(ephemeral), std::move(cpace),
                        std::move(open));
}

Result<JoinerExchange::Finished> JoinerExchange::finish(ByteView answer_bytes,
                                                        std::string_view name, Rng& rng) && {
  ZEROK_TRY(const PairingAnswer answer, PairingAnswer::decode(answer_bytes));
  if (creator_ && *creator_ != pairing_party_hash(answer.party)) {
    return fail(ErrorCode::kWrongPeer, "not the device that made the pairing code");
  }
  ZEROK_TRY(const PairingParty creator, PairingParty::decode(answer.party));
  ZEROK_TRY(const crypto::CpaceKey key, std::move(cpace_).finish(answer.share, answer.party));
  const auto to_joiner = crypto::mlkem_decapsulate(ephemeral_.secret, answer.ciphertext);
  ZEROK_TRY(const auto to_creator, crypto::mlkem_encapsulate(creator.ephemeral, rng));
  PairingChannel channel =
      make_channel(PairingChannel::Side::kJoiner, key, to_joiner, to_creator.secret,
                   transcript_of(context_, open_, answer_bytes, to_creator.ciphertext));
  ZEROK_TRY(const Bytes named, encode_pairing_name(name));
  const Bytes sealed = channel.seal(kProofNumber, named);
  Bytes proof = PairingProof{to_creator.ciphertext, sealed}.encode();
  return Finished{std::move(channel), creator, answer.commitment, std::move(proof)};
}

CreatorExchange::CreatorExchange(const crypto::DeviceKeys& keys, Rng& rng)
    : ephemeral_(crypto::MlKemKeyPair::generate(rng)),
      party_(PairingParty::of(keys, ephemeral_.public_key).encode()) {
  rng.fill(nonce_);
}

Result<Bytes> CreatorExchange::answer(const PairingContext& context,
                                      const PairingPassword& password, ByteView open_bytes,
                                      Rng& rng) {
  ZEROK_TRY(const PairingOpen open, PairingOpen::decode(open_bytes));
  ZEROK_TRY(const PairingParty joiner, PairingParty::decode(open.party));
  ZEROK_TRY(crypto::Cpace cpace,
            crypto::Cpace::start(crypto::Cpace::Role::kResponder,
                                 setup_of(context, password, channel_id(context)), party_, rng));
  PairingAnswer answer{bytes_of(cpace.share()), party_, {}, commitment_to(nonce_)};
  ZEROK_TRY(crypto::CpaceKey key, std::move(cpace).finish(open.share, open.party));
  ZEROK_TRY(auto to_joiner, crypto::mlkem_encapsulate(joiner.ephemeral, rng));
  answer.ciphertext = to_joiner.ciphertext;
  Bytes bytes = answer.encode();
  answered_.emplace(Answered{context, joiner, std::move(key), std::move(to_joiner.secret),
                             Bytes(open_bytes.begin(), open_bytes.end()), bytes});
  return bytes;
}

Result<CreatorExchange::Finished> CreatorExchange::finish(ByteView proof_bytes) {
  ZEROK_ASSERT(answered_.has_value());
  const Answered answered = *std::move(answered_);
  answered_.reset();
  ZEROK_TRY(const PairingProof proof, PairingProof::decode(proof_bytes));
  const auto to_creator = crypto::mlkem_decapsulate(ephemeral_.secret, proof.ciphertext);
  PairingChannel channel = make_channel(
      PairingChannel::Side::kCreator, answered.key, answered.to_joiner, to_creator,
      transcript_of(answered.context, answered.open, answered.answer, proof.ciphertext));
  ZEROK_TRY(const PairingPlaintext named, channel.open(kProofNumber, proof.sealed));
  ZEROK_TRY(std::string name, decode_pairing_name(named.bytes()));
  return Finished{std::move(channel), answered.joiner, std::move(name)};
}

}  // namespace zerok::core
