// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/roster_entry.h"

#include "base/check.h"
#include "core/label.h"
#include "crypto/dh.h"
#include "crypto/kem.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

using crypto::Ed25519KeyPair;
using crypto::Ed25519PublicKey;
using crypto::Ed25519Signature;

constexpr std::uint64_t kVersion = 1;
constexpr std::string_view kHeadLabel = "0k-sync/2 roster entry";
constexpr std::string_view kEntryLabel = "0k-sync/2 roster signature";
constexpr std::string_view kCreateLabel = "0k-sync/2 roster create";
constexpr std::string_view kMemberLabel = "0k-sync/2 roster member";
// The signature item ends an entry: bin 8, its length, 64 bytes.
constexpr std::size_t kSignatureItemBytes = 2 + Ed25519Signature::kSize;

Bytes labelled(std::string_view label, ByteView first, ByteView second = {}) {
  Bytes out = begin_labelled(label, first.size() + second.size());
  append(out, first);
  append(out, second);
  return out;
}

// What is encoded here has bounded parts, so it fits.
Bytes take(wire::Encoder& encoder) {
  auto bytes = encoder.take();
  ZEROK_ASSERT(bytes.has_value());
  return *std::move(bytes);
}

Bytes make_entry(RosterKind kind, const Ed25519KeyPair& actor, const RosterHead& previous,
                 ByteView body) {
  wire::Encoder encoder(kRosterEntryBytesMax);
  encoder.add_array(6)
      .add_unsigned(kVersion)
      .add_unsigned(static_cast<std::uint64_t>(kind))
      .add_bin(previous.bytes())
      .add_bin(actor.public_key().bytes())
      .add_bin(body)
      .add_bin(Ed25519Signature().bytes());
  Bytes entry = take(encoder);
  const auto signed_part = ByteView(entry).first(entry.size() - kSignatureItemBytes);
  const auto signature = actor.sign(labelled(kEntryLabel, signed_part));
  std::ranges::copy(signature.bytes(), entry.end() - Ed25519Signature::kSize);
  return entry;
}

// Any clamped scalar shows a point of small order.
Result<void> check_sealing_keys(const MemberRecord& record) {
  crypto::X25519SecretKey any;
  any.mutable_bytes()[0] = 8;
  ZEROK_TRY_VOID(crypto::x25519(any, record.sealing_dh));
  return crypto::check_mlkem_public_key(record.sealing_kem);
}

}  // namespace

MemberRecord MemberRecord::of(const crypto::DeviceKeys& keys, const SealedName& name) {
  using namespace crypto;
  return {keys.device_id(),
          noise::StaticKeys::from_secrets(keys.noise.dh.clone(), keys.noise.kem).identity().id(),
          X25519KeyPair::from_secret(keys.sealing.dh.clone()).public_key,
          MlKemKeyPair::from_seed(keys.sealing.kem).public_key, name};
}

Bytes MemberRecord::encode() const {
  wire::Encoder encoder(kRosterEntryBytesMax);
  encoder.add_array(6)
      .add_bin(device.bytes())
      .add_bin(noise_identity.bytes())
      .add_bin(sealing_dh.bytes())
      .add_bin(sealing_kem.bytes())
      .add_bin(name)
      .add_unsigned(0);
  return take(encoder);
}

Result<MemberRecord> MemberRecord::decode(ByteView bytes) {
  wire::Decoder decoder(bytes, wire::Extras::kRefused);
  MemberRecord record;
  ZEROK_TRY_VOID(decoder.begin_record(6));
  ZEROK_TRY(const auto device, decoder.read_fixed<DeviceId::kSize>());
  record.device = DeviceId(device);
  ZEROK_TRY(const auto identity, decoder.read_fixed<noise::IdentityHash::kSize>());
  record.noise_identity = noise::IdentityHash(identity);
  ZEROK_TRY(const auto dh, decoder.read_fixed<crypto::X25519PublicKey::kSize>());
  record.sealing_dh = crypto::X25519PublicKey(dh);
  ZEROK_TRY(const auto kem, decoder.read_fixed<crypto::MlKemPublicKey::kSize>());
  record.sealing_kem = crypto::MlKemPublicKey(kem);
  ZEROK_TRY(const auto name, decoder.read_fixed<kSealedNameBytes>());
  std::ranges::copy(name, record.name.begin());
  ZEROK_TRY(const std::uint64_t flags, decoder.read_unsigned());
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  if (flags != 0) return fail(ErrorCode::kUnsupported, "a newer 0k-Sync is needed for a device");
  ZEROK_TRY_VOID(check_sealing_keys(record));
  return record;
}

Result<RosterEntry> RosterEntry::decode(ByteView bytes) {
  if (bytes.size() > kRosterEntryBytesMax) {
    return fail(ErrorCode::kTooLarge, "a roster entry past its bound");
  }
  wire::Decoder decoder(bytes, wire::Extras::kRefused);
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const std::uint64_t version, decoder.read_unsigned());
  if (version > kVersion) {
    return fail(ErrorCode::kUnsupported, "a newer 0k-Sync is needed for a roster entry");
  }
  if (version < kVersion) return fail(ErrorCode::kMalformed, "a roster entry without a version");
  RosterEntry entry;
  ZEROK_TRY(entry.kind, decoder.read_unsigned());
  if (entry.kind == 0) return fail(ErrorCode::kMalformed, "a roster entry without a kind");
  ZEROK_TRY(const auto previous, decoder.read_fixed<RosterHead::kSize>());
  entry.previous = RosterHead(previous);
  ZEROK_TRY(const auto actor, decoder.read_fixed<DeviceId::kSize>());
  entry.actor = DeviceId(actor);
  ZEROK_TRY(entry.body, decoder.read_bin(kRosterEntryBytesMax));
  ZEROK_TRY(const auto signature, decoder.read_fixed<Ed25519Signature::kSize>());
  entry.signature = Ed25519Signature(signature);
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  entry.signed_part = bytes.first(bytes.size() - kSignatureItemBytes);
  return entry;
}

Result<void> RosterEntry::verify() const {
  return crypto::ed25519_verify(Ed25519PublicKey(actor.bytes()), labelled(kEntryLabel, signed_part),
                                signature);
}

RosterHead roster_head(ByteView entry) { return RosterHead(labelled_hash(kHeadLabel, entry)); }

Result<CreateBody> CreateBody::decode(ByteView body) {
  wire::Decoder decoder(body, wire::Extras::kRefused);
  CreateBody out;
  ZEROK_TRY_VOID(decoder.begin_record(3));
  ZEROK_TRY(out.record, decoder.read_bin(kRosterEntryBytesMax));
  ZEROK_TRY(const auto membership, decoder.read_fixed<Ed25519PublicKey::kSize>());
  out.membership = Ed25519PublicKey(membership);
  ZEROK_TRY(const auto signature, decoder.read_fixed<Ed25519Signature::kSize>());
  out.signature = Ed25519Signature(signature);
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  return out;
}

Result<void> CreateBody::verify() const {
  return crypto::ed25519_verify(membership, labelled(kCreateLabel, record), signature);
}

Result<AddBody> AddBody::decode(ByteView body) {
  wire::Decoder decoder(body, wire::Extras::kRefused);
  AddBody out;
  ZEROK_TRY_VOID(decoder.begin_record(2));
  ZEROK_TRY(out.record, decoder.read_bin(kRosterEntryBytesMax));
  ZEROK_TRY(const auto signature, decoder.read_fixed<Ed25519Signature::kSize>());
  out.signature = Ed25519Signature(signature);
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  return out;
}

Result<void> AddBody::verify(const GroupId& group, const DeviceId& device) const {
  return crypto::ed25519_verify(Ed25519PublicKey(device.bytes()),
                                labelled(kMemberLabel, group.bytes(), record), signature);
}

Result<void> decode_leave_body(ByteView body) {
  wire::Decoder decoder(body, wire::Extras::kRefused);
  ZEROK_TRY_VOID(decoder.begin_record(0));
  ZEROK_TRY_VOID(decoder.end());
  return decoder.finish();
}

Ed25519Signature sign_member_record(const Ed25519KeyPair& device, const GroupId& group,
                                    ByteView record) {
  return device.sign(labelled(kMemberLabel, group.bytes(), record));
}

Bytes make_create_entry(const Ed25519KeyPair& device, const Ed25519KeyPair& membership,
                        ByteView record) {
  wire::Encoder body(kRosterEntryBytesMax);
  body.add_array(3)
      .add_bin(record)
      .add_bin(membership.public_key().bytes())
      .add_bin(membership.sign(labelled(kCreateLabel, record)).bytes());
  return make_entry(RosterKind::kCreate, device, {}, take(body));
}

Bytes make_add_entry(const Ed25519KeyPair& adder, const RosterHead& previous, ByteView record,
                     const Ed25519Signature& self_signature) {
  wire::Encoder body(kRosterEntryBytesMax);
  body.add_array(2).add_bin(record).add_bin(self_signature.bytes());
  return make_entry(RosterKind::kAdd, adder, previous, take(body));
}

Bytes make_leave_entry(const Ed25519KeyPair& device, const RosterHead& previous) {
  wire::Encoder body(kRosterEntryBytesMax);
  body.add_array(0);
  return make_entry(RosterKind::kLeave, device, previous, take(body));
}

}  // namespace zerok::core
