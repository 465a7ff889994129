// SPDX-License-Identifier: MIT OR Apache-2.0
// How the fields of a handshake message are laid out, written and taken: in clear or sealed, and
// the Diffie-Hellman tokens. The sum of each message's fields is checked against its size here.
// Used by handshake_impl.h and by the tests that forge messages.
#pragma once

#include <algorithm>

#include "base/check.h"
#include "noise/handshake.h"

namespace zerok::noise::internal {

inline constexpr std::size_t kTag = crypto::kAeadTagSize;
inline constexpr std::size_t kDh = crypto::X25519PublicKey::kSize;
inline constexpr std::size_t kKem = crypto::MlKemPublicKey::kSize;
inline constexpr std::size_t kCiphertext = crypto::MlKemCiphertext::kSize;
static_assert(kHandshakeMessageSizes[0] == kDh + kKem);
static_assert(kHandshakeMessageSizes[1] ==
              kCiphertext + kDh + kKem + (kDh + kTag) + (kKem + kTag) + kTag);
static_assert(kHandshakeMessageSizes[2] ==
              (kCiphertext + kTag) + (kDh + kTag) + (kKem + kTag) + kTag);
static_assert(kHandshakeMessageSizes[3] == (kCiphertext + kTag) + kTag);

// Takes a message apart, field by field. The message's length was checked before.
template <typename Byte>
class Fields {
 public:
  explicit Fields(std::span<Byte> message) : rest_(message) {}
  template <std::size_t N>
  std::span<Byte, N> next() {
    ZEROK_ASSERT(rest_.size() >= N);
    const std::span<Byte, N> field = rest_.template first<N>();
    rest_ = rest_.subspan(N);
    return field;
  }

 private:
  std::span<Byte> rest_;
};
using FieldsOut = Fields<std::uint8_t>;
using FieldsIn = Fields<const std::uint8_t>;

template <typename Id>
void put(FieldsOut& fields, const Id& value) {
  const auto field = fields.next<Id::kSize>();
  std::copy(value.bytes().begin(), value.bytes().end(), field.begin());
}

template <typename Id>
Id take(FieldsIn& fields) {
  return Id(fields.next<Id::kSize>());
}

template <typename Hash, typename Id>
Result<void> put_sealed(FieldsOut& fields, SymmetricState<Hash>& symmetric, const Id& value) {
  return symmetric.encrypt_and_hash(value.bytes(), fields.next<Id::kSize + kTag>());
}

template <typename Id, typename Hash>
Result<Id> take_sealed(FieldsIn& fields, SymmetricState<Hash>& symmetric) {
  Id value;
  ZEROK_TRY_VOID(
      symmetric.decrypt_and_hash(fields.next<Id::kSize + kTag>(), value.mutable_bytes()));
  return value;
}

// The empty payload of a message that has a key: only its tag.
template <typename Hash>
Result<void> put_empty_payload(FieldsOut& fields, SymmetricState<Hash>& symmetric) {
  return symmetric.encrypt_and_hash({}, fields.next<kTag>());
}

template <typename Hash>
Result<void> take_empty_payload(FieldsIn& fields, SymmetricState<Hash>& symmetric) {
  return symmetric.decrypt_and_hash(fields.next<kTag>(), {});
}

// ee, es, se: x25519() refuses an all-zero result.
template <typename Hash>
Result<void> mix_dh(SymmetricState<Hash>& symmetric, const crypto::X25519SecretKey& secret,
                    const crypto::X25519PublicKey& peer) {
  ZEROK_TRY(const auto shared, crypto::x25519(secret, peer));
  symmetric.mix_key(shared.bytes());
  return {};
}

}  // namespace zerok::noise::internal
