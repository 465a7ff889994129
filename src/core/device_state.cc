// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/device_state.h"

#include <algorithm>
#include <tuple>

#include "core/label.h"
#include "core/roster.h"
#include "crypto/aead.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

constexpr std::string_view kSealLabel = "0k-sync/2 device state";
constexpr std::string_view kSignLabel = "0k-sync/2 device state signature";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kNonceBytes = 24;
constexpr std::size_t kLengthBytes = 4;
// The signature item ends the content: bin 8, its length, 64 bytes.
constexpr std::size_t kSignatureItemBytes = 2 + crypto::Ed25519Signature::kSize;
// The group id in the clear, the nonce and the tag around the padded plaintext.
constexpr std::size_t kAroundBytes = GroupId::kSize + kNonceBytes + crypto::kAeadTagSize;
constexpr std::size_t kPlaintextBytesMax = kSealedStateSizes.back() - kAroundBytes;
constexpr std::size_t kHeadBytesMax = 1 + 34 + 18 + 9 + 34;
constexpr std::size_t kContentBytesMax =
    1 + 1 + 34 + 9 + 34 + 3 + 34 + 3 + DeviceState::kHeadsMax * kHeadBytesMax + kSignatureItemBytes;
static_assert(kLengthBytes + kContentBytesMax <= kPlaintextBytesMax);

Bytes associated_data(const StateEpoch& epoch, const DeviceId& device) {
  Bytes out = begin_labelled(kSealLabel, 2 * GroupId::kSize + DeviceId::kSize);
  append(out, epoch.group.bytes());
  append(out, epoch.epoch_group.bytes());
  append(out, device.bytes());
  return out;
}

Bytes signed_bytes(const GroupId& group, ByteView signed_part) {
  Bytes out = begin_labelled(kSignLabel, GroupId::kSize + signed_part.size());
  append(out, group.bytes());
  append(out, signed_part);
  return out;
}

auto place_of(const StoredHead& head) { return std::tie(head.sender, head.incarnation); }

bool is_ascending(const std::vector<StoredHead>& heads) {
  const auto falls = [](const StoredHead& a, const StoredHead& b) {
    return place_of(a) >= place_of(b);
  };
  return std::ranges::adjacent_find(heads, falls) == heads.end();
}

Result<Bytes> encode(const DeviceState& state, const GroupId& group,
                     const crypto::Ed25519KeyPair& device) {
  wire::Encoder encoder(kContentBytesMax);
  encoder.add_array(8)
      .add_unsigned(kVersion)
      .add_bin(state.device.bytes())
      .add_unsigned(state.counter)
      .add_bin(state.epoch.bytes())
      .add_unsigned(state.roster_length)
      .add_bin(state.roster_head.bytes())
      .add_array(static_cast<std::uint32_t>(state.heads.size()));
  for (const StoredHead& head : state.heads) {
    encoder.add_array(4)
        .add_bin(head.sender.bytes())
        .add_bin(head.incarnation.bytes())
        .add_unsigned(head.position.sequence)
        .add_bin(head.position.hash.bytes());
  }
  encoder.add_bin(crypto::Ed25519Signature().bytes());
  ZEROK_TRY(Bytes content, encoder.take());
  const auto signed_part = ByteView(content).first(content.size() - kSignatureItemBytes);
  const auto signature = device.sign(signed_bytes(group, signed_part));
  std::ranges::copy(signature.bytes(), content.end() - crypto::Ed25519Signature::kSize);
  return content;
}

// kOutOfRange outside of [min, max].
Result<std::uint64_t> read_number(wire::Decoder& decoder, std::uint64_t min, std::uint64_t max) {
  ZEROK_TRY(const std::uint64_t number, decoder.read_unsigned(max));
  if (number < min) return fail(ErrorCode::kOutOfRange, "a number is below its bound");
  return number;
}

Result<StoredHead> decode_head(wire::Decoder& decoder) {
  StoredHead head;
  ZEROK_TRY_VOID(decoder.begin_record(4));
  ZEROK_TRY(const auto sender, decoder.read_fixed<DeviceId::kSize>());
  head.sender = DeviceId(sender);
  ZEROK_TRY(const auto incarnation, decoder.read_fixed<Incarnation::kSize>());
  head.incarnation = Incarnation(incarnation);
  ZEROK_TRY(head.position.sequence, read_number(decoder, 1, kSequenceMax));
  ZEROK_TRY(const auto hash, decoder.read_fixed<ChainHash::kSize>());
  head.position.hash = ChainHash(hash);
  ZEROK_TRY_VOID(decoder.end());
  return head;
}

struct Decoded {
  DeviceState state;
  crypto::Ed25519Signature signature;
};

Result<Decoded> decode(ByteView content) {
  wire::Decoder decoder(content, wire::Extras::kRefused);
  ZEROK_TRY_VOID(decoder.begin_record(1));
  ZEROK_TRY(const std::uint64_t version, decoder.read_unsigned());
  if (version > kVersion) {
    return fail(ErrorCode::kUnsupported, "a newer 0k-Sync is needed for a device's state");
  }
  if (version < kVersion) return fail(ErrorCode::kMalformed, "a device's state without a version");
  Decoded out;
  DeviceState& state = out.state;
  ZEROK_TRY(const auto device, decoder.read_fixed<DeviceId::kSize>());
  state.device = DeviceId(device);
  ZEROK_TRY(state.counter, read_number(decoder, 1, DeviceState::kCounterMax));
  ZEROK_TRY(const auto epoch, decoder.read_fixed<EpochId::kSize>());
  state.epoch = EpochId(epoch);
  ZEROK_TRY(const auto length, read_number(decoder, 1, Roster::kEntriesMax));
  state.roster_length = static_cast<std::uint32_t>(length);
  ZEROK_TRY(const auto roster_head, decoder.read_fixed<RosterHead::kSize>());
  state.roster_head = RosterHead(roster_head);
  ZEROK_TRY(const std::uint32_t heads, decoder.begin_list(DeviceState::kHeadsMax));
  for (std::uint32_t i = 0; i < heads; ++i) {
    ZEROK_TRY(const StoredHead head, decode_head(decoder));
    state.heads.push_back(head);
  }
  ZEROK_TRY_VOID(decoder.end());
  if (!is_ascending(state.heads)) {
    return fail(ErrorCode::kMalformed, "heads that are not in ascending order");
  }
  ZEROK_TRY(const auto signature, decoder.read_fixed<crypto::Ed25519Signature::kSize>());
  out.signature = crypto::Ed25519Signature(signature);
  ZEROK_TRY_VOID(decoder.end());
  ZEROK_TRY_VOID(decoder.finish());
  return out;
}

std::size_t sealed_size(std::size_t content_size) {
  return *std::ranges::lower_bound(kSealedStateSizes, kAroundBytes + kLengthBytes + content_size);
}

// The content of an authentic plaintext, and whether the bytes around it are by the rules: those of
// a newer version may differ.
struct Unpadded {
  ByteView content;
  bool regular = false;
};
Result<Unpadded> unpad(ByteView plaintext) {
  const std::size_t size = load_be32(plaintext);
  const ByteView body = plaintext.subspan(kLengthBytes);
  if (size > body.size()) return fail(ErrorCode::kMalformed, "a length past the plaintext's end");
  const bool zeros = std::ranges::all_of(body.subspan(size), [](auto byte) { return byte == 0; });
  return Unpadded{body.first(size), zeros && sealed_size(size) == kAroundBytes + plaintext.size()};
}

}  // namespace

Result<Bytes> seal_device_state(DeviceState state, const StateEpoch& epoch,
                                const crypto::Ed25519KeyPair& device, Rng& rng) {
  const auto in_bounds = [](const StoredHead& head) {
    return head.position.sequence >= 1 && head.position.sequence <= kSequenceMax;
  };
  if (state.heads.size() > DeviceState::kHeadsMax) state.heads.resize(DeviceState::kHeadsMax);
  std::ranges::sort(state.heads,
                    [](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
  if (state.counter < 1 || state.counter > DeviceState::kCounterMax || state.roster_length < 1 ||
      state.roster_length > Roster::kEntriesMax || !std::ranges::all_of(state.heads, in_bounds) ||
      !is_ascending(state.heads)) {
    return fail(ErrorCode::kInvalidArgument, "a device's state outside of its bounds");
  }
  state.device = DeviceId(device.public_key().bytes());
  state.epoch = epoch.epoch;
  ZEROK_TRY(const Bytes content, encode(state, epoch.group, device));

  // Group id, nonce, plaintext, room for the tag; sealed in place.
  Bytes sealed(sealed_size(content.size()));
  std::ranges::copy(epoch.epoch_group.bytes(), sealed.begin());
  const auto nonce = MutableByteView(sealed).subspan<GroupId::kSize, kNonceBytes>();
  rng.fill(nonce);
  const auto body = MutableByteView(sealed).subspan(GroupId::kSize + kNonceBytes);
  store_be32(body, static_cast<std::uint32_t>(content.size()));
  std::ranges::copy(content, body.begin() + kLengthBytes);
  crypto::xchacha_poly_seal(epoch.key, nonce, associated_data(epoch, state.device),
                            body.first(body.size() - crypto::kAeadTagSize), body);
  return sealed;
}

Result<GroupId> sealed_state_group(ByteView sealed) {
  if (std::ranges::find(kSealedStateSizes, sealed.size()) == kSealedStateSizes.end()) {
    return fail(ErrorCode::kMalformed, "a size that no device's state has");
  }
  return GroupId(sealed.first<GroupId::kSize>());
}

Result<DeviceState> open_device_state(const StateEpoch& epoch, const DeviceId& device,
                                      ByteView sealed) {
  const auto group = sealed_state_group(sealed);
  if (!group || *group != epoch.epoch_group) {
    return fail(ErrorCode::kCryptoFailed, "not a state of this group and epoch");
  }
  Bytes plaintext(sealed.size() - kAroundBytes);
  ZEROK_TRY_VOID(crypto::xchacha_poly_open(
      epoch.key, sealed.subspan<GroupId::kSize, kNonceBytes>(), associated_data(epoch, device),
      sealed.subspan(GroupId::kSize + kNonceBytes), plaintext));
  ZEROK_TRY(const Unpadded inside, unpad(plaintext));
  ZEROK_TRY(Decoded decoded, decode(inside.content));
  if (!inside.regular) return fail(ErrorCode::kMalformed, "a state that is not padded by the rule");
  const ByteView signed_part = inside.content.first(inside.content.size() - kSignatureItemBytes);
  if (decoded.state.device != device ||
      !crypto::ed25519_verify(crypto::Ed25519PublicKey(device.bytes()),
                              signed_bytes(epoch.group, signed_part), decoded.signature)) {
    return fail(ErrorCode::kPermissionDenied, "a state that its device did not sign");
  }
  if (decoded.state.epoch != epoch.epoch) {
    return fail(ErrorCode::kMalformed, "a state that names another epoch than it is sealed for");
  }
  return std::move(decoded.state);
}

}  // namespace zerok::core
