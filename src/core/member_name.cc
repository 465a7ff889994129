// SPDX-License-Identifier: MIT OR Apache-2.0
// A device's name under the roster key (core/roster_entry.h): of one size whatever the name, so
// that the relay learns nothing from it.
#include "core/label.h"
#include "core/roster_entry.h"
#include "crypto/aead.h"
#include "wire/item.h"

namespace zerok::core {
namespace {

constexpr std::string_view kNameLabel = "0k-sync/2 roster name";
constexpr std::size_t kNonceBytes = 24;
using Plaintext = ByteArray<1 + kNameBytesMax>;

Bytes associated_data(const GroupId& group, const DeviceId& device) {
  Bytes out = begin_labelled(kNameLabel, GroupId::kSize + DeviceId::kSize);
  append(out, group.bytes());
  append(out, device.bytes());
  return out;
}

}  // namespace

Result<SealedName> seal_name(const crypto::RosterKey& key, const GroupId& group,
                             const DeviceId& device, std::string_view name, Rng& rng) {
  if (name.size() > kNameBytesMax || !wire::is_utf8(name)) {
    return fail(ErrorCode::kInvalidArgument, "a device's name is UTF-8 of at most 127 bytes");
  }
  Plaintext plaintext{};
  plaintext[0] = static_cast<std::uint8_t>(name.size());
  std::ranges::copy(as_bytes(name), plaintext.begin() + 1);
  SealedName sealed;
  const auto nonce = MutableByteView(sealed).first<kNonceBytes>();
  rng.fill(nonce);
  crypto::xchacha_poly_seal(key, nonce, associated_data(group, device), plaintext,
                            MutableByteView(sealed).subspan(kNonceBytes));
  return sealed;
}

Result<std::string> open_name(const crypto::RosterKey& key, const GroupId& group,
                              const DeviceId& device, const SealedName& sealed) {
  Plaintext plaintext;
  ZEROK_TRY_VOID(crypto::xchacha_poly_open(key, ByteView(sealed).first<kNonceBytes>(),
                                           associated_data(group, device),
                                           ByteView(sealed).subspan(kNonceBytes), plaintext));
  const std::size_t size = plaintext[0];
  if (size > kNameBytesMax) return fail(ErrorCode::kMalformed, "a name past its bound");
  const auto after = ByteView(plaintext).subspan(1 + size);
  std::string name(plaintext.begin() + 1,
                   plaintext.begin() + 1 + static_cast<std::ptrdiff_t>(size));
  if (!wire::is_utf8(name) ||
      !std::ranges::all_of(after, [](std::uint8_t byte) { return byte == 0; })) {
    return fail(ErrorCode::kMalformed, "a name that is not UTF-8 and zeros");
  }
  return name;
}

}  // namespace zerok::core
