// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/ristretto255.h"

#include <sodium.h>

#include "base/check.h"

namespace zerok::crypto {

Result<RistrettoScalar> RistrettoScalar::from_wide_bytes(
    std::span<const std::uint8_t, kWideSize> bytes) {
  RistrettoScalar scalar;
  crypto_core_ristretto255_scalar_reduce(scalar.value_.mutable_bytes().data(), bytes.data());
  if (sodium_is_zero(scalar.value_.bytes().data(), scalar.value_.bytes().size()) != 0) {
    return fail(ErrorCode::kInvalidArgument, "the scalar is 0 modulo the group order");
  }
  return scalar;
}

RistrettoScalar RistrettoScalar::generate(Rng& rng) {
  for (;;) {
    Secret<kWideSize> wide;
    rng.fill(wide.mutable_bytes());
    if (auto scalar = from_wide_bytes(wide.bytes())) return *std::move(scalar);
  }
}

Result<RistrettoElement> RistrettoElement::decode(ByteView bytes) {
  const auto encoding = Encoding::from_bytes(bytes);
  if (!encoding || crypto_core_ristretto255_is_valid_point(encoding->bytes().data()) != 1 ||
      *encoding == Encoding()) {
    return fail(ErrorCode::kCryptoFailed, "not an element of ristretto255");
  }
  return RistrettoElement(*encoding);
}

RistrettoSecretElement RistrettoSecretElement::from_uniform_bytes(
    const RistrettoUniformBytes& bytes) {
  RistrettoSecretElement element;
  ZEROK_ASSERT(crypto_core_ristretto255_from_hash(element.encoding_.mutable_bytes().data(),
                                                  bytes.bytes().data()) == 0);
  return element;
}

RistrettoSecretElement RistrettoSecretElement::multiply(const RistrettoScalar& scalar,
                                                        const RistrettoElement& peer) {
  RistrettoSecretElement shared;
  // The group has prime order, the scalar is not 0 and the element is not the identity, so neither
  // is the product.
  ZEROK_ASSERT(crypto_scalarmult_ristretto255(shared.encoding_.mutable_bytes().data(),
                                              scalar.secret().bytes().data(),
                                              peer.encoding().bytes().data()) == 0);
  return shared;
}

Result<RistrettoElement> RistrettoSecretElement::publish(const RistrettoScalar& scalar) const {
  RistrettoElement::Encoding encoding;
  if (crypto_scalarmult_ristretto255(encoding.mutable_bytes().data(),
                                     scalar.secret().bytes().data(),
                                     encoding_.bytes().data()) != 0) {
    return fail(ErrorCode::kCryptoFailed, "the generator is the identity");
  }
  return RistrettoElement(encoding);
}

}  // namespace zerok::crypto
