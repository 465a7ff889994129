// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/pairing_message.h"

#include <algorithm>

#include "base/check.h"
#include "core/label.h"
#include "core/roster.h"
#include "crypto/kem.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/item.h"

namespace zerok::core {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::string_view kPartyLabel = "0k-sync/2 pairing party";
// The head of a list of up to 65,535 items, its kind and the array around both; the head of an
// entry.
constexpr std::size_t kEntriesHeadBytes = 5;
constexpr std::size_t kEntryHeadBytes = 3;
constexpr std::size_t kNameFieldBytes = 1 + kNameBytesMax;

// What is encoded here has bounded parts, so it fits.
Bytes take(wire::Encoder& encoder) {
  auto bytes = encoder.take();
  ZEROK_ASSERT(bytes.has_value());
  return *std::move(bytes);
}

wire::Encoder begin(std::uint32_t items, std::uint64_t first) {
  wire::Encoder encoder(kPairingMessageBytesMax);
  encoder.add_array(items).add_unsigned(first);
  return encoder;
}

wire::Decoder decoder_of(ByteView bytes) { return wire::Decoder(bytes, wire::Extras::kRefused); }

// Enters a message in the clear.
Result<void> begin_clear(wire::Decoder& decoder) {
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const std::uint64_t version, decoder.read_unsigned());
  if (version > kVersion) {
    return fail(ErrorCode::kUnsupported, "the other device runs a newer 0k-Sync");
  }
  if (version < kVersion) return fail(ErrorCode::kMalformed, "a pairing message without a version");
  return {};
}

// Enters a sealed message of this kind.
Result<void> begin_sealed(wire::Decoder& decoder, PairingKind kind) {
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const std::uint64_t number, decoder.read_unsigned());
  if (number != static_cast<std::uint64_t>(kind)) {
    return fail(ErrorCode::kMalformed, "a pairing message out of turn");
  }
  return {};
}

Result<void> finish(wire::Decoder& decoder) {
  ZEROK_TRY_VOID(decoder.end());
  return decoder.finish();
}

// A fixed number of bytes as the type that they are.
template <class T>
Result<void> read_into(wire::Decoder& decoder, T& out) {
  if constexpr (requires { out.bytes(); }) {
    ZEROK_TRY(const auto bytes, decoder.read_fixed<T::kSize>());
    out = T(bytes);
  } else {
    ZEROK_TRY(const auto bytes, decoder.read_fixed<std::tuple_size_v<T>>());
    std::ranges::copy(bytes, out.begin());
  }
  return {};
}

Result<EpochGrant> decode_epoch(wire::Decoder& decoder) {
  EpochGrant epoch;
  ZEROK_TRY_VOID(decoder.begin_record(3));
  ZEROK_TRY_VOID(read_into(decoder, epoch.secret));
  ZEROK_TRY_VOID(read_into(decoder, epoch.parent));
  ZEROK_TRY_VOID(read_into(decoder, epoch.roster_head));
  ZEROK_TRY_VOID(decoder.end());
  return epoch;
}

}  // namespace

PairingParty PairingParty::of(const crypto::DeviceKeys& keys,
                              const crypto::MlKemPublicKey& ephemeral) {
  const MemberRecord record = MemberRecord::of(keys, {});
  return {record.device, record.noise_identity, record.sealing_dh, record.sealing_kem, ephemeral};
}

Bytes PairingParty::encode() const {
  wire::Encoder encoder(kBytesMax);
  encoder.add_array(5)
      .add_bin(device.bytes())
      .add_bin(noise_identity.bytes())
      .add_bin(sealing_dh.bytes())
      .add_bin(sealing_kem.bytes())
      .add_bin(ephemeral.bytes());
  return take(encoder);
}

Result<PairingParty> PairingParty::decode(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  PairingParty party;
  ZEROK_TRY_VOID(decoder.begin_record(5));
  ZEROK_TRY_VOID(read_into(decoder, party.device));
  ZEROK_TRY_VOID(read_into(decoder, party.noise_identity));
  ZEROK_TRY_VOID(read_into(decoder, party.sealing_dh));
  ZEROK_TRY_VOID(read_into(decoder, party.sealing_kem));
  ZEROK_TRY_VOID(read_into(decoder, party.ephemeral));
  ZEROK_TRY_VOID(finish(decoder));
  // The roster's rules for a record are the rules for these keys.
  ZEROK_TRY_VOID(MemberRecord::decode(party.record({}).encode()));
  ZEROK_TRY_VOID(crypto::check_mlkem_public_key(party.ephemeral));
  return party;
}

MemberRecord PairingParty::record(const SealedName& name) const {
  return {device, noise_identity, sealing_dh, sealing_kem, name};
}

bool PairingParty::matches(const MemberRecord& record) const {
  return record.device == device && record.noise_identity == noise_identity &&
         record.sealing_dh == sealing_dh && record.sealing_kem == sealing_kem;
}

PairingPartyHash pairing_party_hash(ByteView party) {
  return PairingPartyHash(labelled_hash(kPartyLabel, party));
}

Bytes PairingOpen::encode() const {
  auto encoder = begin(3, kVersion);
  encoder.add_bin(share).add_bin(party);
  return take(encoder);
}

Result<PairingOpen> PairingOpen::decode(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  PairingOpen out;
  ZEROK_TRY_VOID(begin_clear(decoder));
  ZEROK_TRY_VOID(read_into(decoder, out.share));
  ZEROK_TRY(out.party, decoder.read_bin(PairingParty::kBytesMax));
  ZEROK_TRY_VOID(finish(decoder));
  return out;
}

Bytes PairingAnswer::encode() const {
  auto encoder = begin(5, kVersion);
  encoder.add_bin(share).add_bin(party).add_bin(ciphertext.bytes()).add_bin(commitment);
  return take(encoder);
}

Result<PairingAnswer> PairingAnswer::decode(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  PairingAnswer out;
  ZEROK_TRY_VOID(begin_clear(decoder));
  ZEROK_TRY_VOID(read_into(decoder, out.share));
  ZEROK_TRY(out.party, decoder.read_bin(PairingParty::kBytesMax));
  ZEROK_TRY_VOID(read_into(decoder, out.ciphertext));
  ZEROK_TRY_VOID(read_into(decoder, out.commitment));
  ZEROK_TRY_VOID(finish(decoder));
  return out;
}

Bytes PairingProof::encode() const {
  auto encoder = begin(3, kVersion);
  encoder.add_bin(ciphertext.bytes()).add_bin(sealed);
  return take(encoder);
}

Result<PairingProof> PairingProof::decode(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  PairingProof out;
  ZEROK_TRY_VOID(begin_clear(decoder));
  ZEROK_TRY_VOID(read_into(decoder, out.ciphertext));
  ZEROK_TRY(out.sealed, decoder.read_bin(kPairingMessageBytesMax));
  ZEROK_TRY_VOID(finish(decoder));
  return out;
}

Result<Bytes> encode_pairing_name(std::string_view name) {
  if (name.size() > kNameBytesMax || !wire::is_utf8(name)) {
    return fail(ErrorCode::kInvalidArgument, "a device's name is UTF-8 of at most 127 bytes");
  }
  // Of one size, whatever the name.
  ByteArray<kNameFieldBytes> field{};
  field[0] = static_cast<std::uint8_t>(name.size());
  std::ranges::copy(as_bytes(name), field.begin() + 1);
  auto encoder = begin(2, static_cast<std::uint64_t>(PairingKind::kName));
  encoder.add_bin(field);
  return take(encoder);
}

Result<std::string> decode_pairing_name(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  ZEROK_TRY_VOID(begin_sealed(decoder, PairingKind::kName));
  ByteArray<kNameFieldBytes> field;
  ZEROK_TRY_VOID(read_into(decoder, field));
  ZEROK_TRY_VOID(finish(decoder));
  const std::size_t size = field[0];
  if (size > kNameBytesMax) return fail(ErrorCode::kMalformed, "a name past its bound");
  const std::string name(field.begin() + 1, field.begin() + 1 + static_cast<std::ptrdiff_t>(size));
  if (!wire::is_utf8(name) ||
      std::ranges::any_of(ByteView(field).subspan(1 + size), [](auto byte) { return byte != 0; })) {
    return fail(ErrorCode::kMalformed, "a name that is not UTF-8 and zeros");
  }
  return name;
}

Bytes encode_pairing_reveal(const ByteArray<32>& nonce) {
  auto encoder = begin(2, static_cast<std::uint64_t>(PairingKind::kReveal));
  encoder.add_bin(nonce);
  return take(encoder);
}

Result<ByteArray<32>> decode_pairing_reveal(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  ByteArray<32> nonce;
  ZEROK_TRY_VOID(begin_sealed(decoder, PairingKind::kReveal));
  ZEROK_TRY_VOID(read_into(decoder, nonce));
  ZEROK_TRY_VOID(finish(decoder));
  return nonce;
}

Bytes PairingRecord::encode() const {
  auto encoder = begin(3, static_cast<std::uint64_t>(PairingKind::kRecord));
  encoder.add_bin(group.bytes()).add_bin(record);
  return take(encoder);
}

Result<PairingRecord> PairingRecord::decode(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  PairingRecord out;
  ZEROK_TRY_VOID(begin_sealed(decoder, PairingKind::kRecord));
  ZEROK_TRY_VOID(read_into(decoder, out.group));
  ZEROK_TRY(out.record, decoder.read_bin(kRosterEntryBytesMax));
  ZEROK_TRY_VOID(finish(decoder));
  return out;
}

Bytes PairingSignature::encode() const {
  auto encoder = begin(3, static_cast<std::uint64_t>(PairingKind::kSignature));
  encoder.add_bin(member.bytes()).add_bin(device.bytes());
  return take(encoder);
}

Result<PairingSignature> PairingSignature::decode(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  PairingSignature out;
  ZEROK_TRY_VOID(begin_sealed(decoder, PairingKind::kSignature));
  ZEROK_TRY_VOID(read_into(decoder, out.member));
  ZEROK_TRY_VOID(read_into(decoder, out.device));
  ZEROK_TRY_VOID(finish(decoder));
  return out;
}

Bytes PairingGrant::encode() const {
  auto encoder = begin(5, static_cast<std::uint64_t>(PairingKind::kGrant));
  encoder.add_array(static_cast<std::uint32_t>(epochs.size()));
  for (const EpochGrant& epoch : epochs) {
    encoder.add_array(3)
        .add_bin(crypto::GroupSecret().bytes())
        .add_bin(epoch.parent.bytes())
        .add_bin(epoch.roster_head.bytes());
  }
  if (admission_token) {
    encoder.add_bin(*admission_token);
  } else {
    encoder.add_nil();
  }
  encoder.add_unsigned(roster_length).add_bin(roster_head.bytes());
  Bytes bytes = take(encoder);
  // The secrets go in at the end, where the caller can wipe them: an encoder leaves copies behind
  // as it grows. The array, the kind, the list's head; then per epoch an array of three bins of 32.
  std::size_t at = 2 + (epochs.size() < 16 ? 1U : 3U) + 3;
  for (const EpochGrant& epoch : epochs) {
    std::ranges::copy(epoch.secret.bytes(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    at += 1 + 3 * 34;
  }
  return bytes;
}

Result<PairingGrant> PairingGrant::decode(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  PairingGrant out;
  ZEROK_TRY_VOID(begin_sealed(decoder, PairingKind::kGrant));
  ZEROK_TRY(const std::uint32_t epochs, decoder.begin_list(EpochGrant::kEpochsMax));
  if (epochs == 0) return fail(ErrorCode::kMalformed, "no epoch is granted");
  for (std::uint32_t i = 0; i < epochs; ++i) {
    ZEROK_TRY(EpochGrant epoch, decode_epoch(decoder));
    out.epochs.push_back(std::move(epoch));
  }
  ZEROK_TRY_VOID(decoder.end());
  if (decoder.next_is_nil()) {
    ZEROK_TRY_VOID(decoder.read_nil());
  } else {
    ZEROK_TRY(const auto token, decoder.read_bin(RelayTicket::kTokenBytesMax));
    if (token.empty()) return fail(ErrorCode::kMalformed, "an empty admission token");
    out.admission_token.emplace(token.begin(), token.end());
  }
  ZEROK_TRY(const std::uint64_t length, decoder.read_unsigned(Roster::kEntriesMax));
  if (length == 0) return fail(ErrorCode::kMalformed, "an empty roster");
  out.roster_length = static_cast<std::uint32_t>(length);
  ZEROK_TRY_VOID(read_into(decoder, out.roster_head));
  ZEROK_TRY_VOID(finish(decoder));
  return out;
}

Bytes PairingEntries::encode() const {
  auto encoder = begin(2, static_cast<std::uint64_t>(PairingKind::kEntries));
  encoder.add_array(static_cast<std::uint32_t>(entries.size()));
  for (const ByteView entry : entries) encoder.add_bin(entry);
  return take(encoder);
}

Result<PairingEntries> PairingEntries::decode(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  PairingEntries out;
  ZEROK_TRY_VOID(begin_sealed(decoder, PairingKind::kEntries));
  ZEROK_TRY(const std::uint32_t entries, decoder.begin_list(Roster::kEntriesMax));
  if (entries == 0) return fail(ErrorCode::kMalformed, "a part of the roster without entries");
  for (std::uint32_t i = 0; i < entries; ++i) {
    ZEROK_TRY(const auto entry, decoder.read_bin(kRosterEntryBytesMax));
    out.entries.push_back(entry);
  }
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(finish(decoder));
  return out;
}

std::size_t count_pairing_entries_that_fit(std::span<const Bytes> entries) {
  std::size_t left = kPairingPlaintextBytesMax - kEntriesHeadBytes;
  std::size_t count = 0;
  for (const Bytes& entry : entries) {
    if (entry.size() + kEntryHeadBytes > left) break;
    left -= entry.size() + kEntryHeadBytes;
    ++count;
  }
  return count;
}

Bytes encode_pairing_accepted() {
  auto encoder = begin(1, static_cast<std::uint64_t>(PairingKind::kAccepted));
  return take(encoder);
}

Result<void> decode_pairing_accepted(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  ZEROK_TRY_VOID(begin_sealed(decoder, PairingKind::kAccepted));
  return finish(decoder);
}

Bytes encode_pairing_end(PairingEndReason reason) {
  auto encoder = begin(2, static_cast<std::uint64_t>(PairingKind::kEnd));
  encoder.add_unsigned(static_cast<std::uint64_t>(reason));
  return take(encoder);
}

Result<std::optional<PairingEndReason>> decode_pairing_end(ByteView bytes) {
  auto decoder = decoder_of(bytes);
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const std::uint64_t kind, decoder.read_unsigned());
  if (kind != static_cast<std::uint64_t>(PairingKind::kEnd)) return std::nullopt;
  ZEROK_TRY(const std::uint64_t number, decoder.read_unsigned(255));
  ZEROK_TRY_VOID(finish(decoder));
  const auto reason = static_cast<PairingEndReason>(number);
  switch (reason) {
    case PairingEndReason::kRefused:
    case PairingEndReason::kGroupFull:
    case PairingEndReason::kDeviceGone:
      return reason;
    case PairingEndReason::kFailed:
      break;
  }
  return PairingEndReason::kFailed;
}

}  // namespace zerok::core
