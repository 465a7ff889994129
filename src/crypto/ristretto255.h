// SPDX-License-Identifier: MIT OR Apache-2.0
// The group ristretto255 (RFC 9496), shaped for a password-authenticated exchange: a public element
// is one that went over the wire and decoded; a secret element (a generator made from a password, a
// shared point) is wiped and can't be sent by mistake. Only valid elements exist.
#pragma once

#include "base/result.h"
#include "base/rng.h"
#include "crypto/keys.h"

namespace zerok::crypto {

// 64 bytes that nothing tells from random ones, such as the output of a hash over a password.
using RistrettoUniformBytes = SecretKey<struct RistrettoUniformBytesTag, 64>;

// A secret number modulo the group order, never 0.
class RistrettoScalar {
 public:
  static constexpr std::size_t kWideSize = 64;

  // Draws 64 bytes, more only in the case of probability 2^-252 that they stand for 0.
  static RistrettoScalar generate(Rng& rng);
  // 64 bytes, little endian, modulo the group order. kInvalidArgument when that is 0.
  static Result<RistrettoScalar> from_wide_bytes(std::span<const std::uint8_t, kWideSize> bytes);

  const Secret<32>& secret() const { return value_; }

 private:
  RistrettoScalar() = default;
  Secret<32> value_;
};

struct RistrettoElementTag {
  static constexpr const char* kName = "ristretto";
};

// Public: compares, is blinded in logs.
class RistrettoElement {
 public:
  static constexpr std::size_t kSize = 32;
  using Encoding = Id<RistrettoElementTag, kSize>;

  // RFC 9496 section 4.3.1. kCryptoFailed for every string that is not the one canonical encoding
  // of an element, for another size, and for the identity: no honest peer ever sends that.
  static Result<RistrettoElement> decode(ByteView bytes);

  const Encoding& encoding() const { return encoding_; }
  friend bool operator==(const RistrettoElement&, const RistrettoElement&) = default;

 private:
  friend class RistrettoSecretElement;
  explicit RistrettoElement(const Encoding& encoding) : encoding_(encoding) {}
  Encoding encoding_;
};

// Secret: what it is must not leave the device.
class RistrettoSecretElement {
 public:
  // RFC 9496 section 4.3.4 (the one-way map).
  static RistrettoSecretElement from_uniform_bytes(const RistrettoUniformBytes& bytes);
  // scalar * peer: what both sides of an exchange arrive at.
  static RistrettoSecretElement multiply(const RistrettoScalar& scalar,
                                         const RistrettoElement& peer);

  // scalar * this, to be sent. kCryptoFailed when this is the identity, which from_uniform_bytes
  // gives with probability 2^-252.
  Result<RistrettoElement> publish(const RistrettoScalar& scalar) const;

  // 32 bytes, the element's encoding, for a key derivation.
  const Secret<32>& encoding() const { return encoding_; }

 private:
  RistrettoSecretElement() = default;
  Secret<32> encoding_;
};

}  // namespace zerok::crypto
