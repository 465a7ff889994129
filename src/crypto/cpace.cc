// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/cpace.h"

#include <algorithm>

#include "crypto/hash.h"

namespace zerok::crypto {
namespace {

constexpr std::string_view kDsi = "CPaceRistretto255";
constexpr std::string_view kIskDsi = "CPaceRistretto255_ISK";

// prepend_len's length: LEB128.
std::size_t write_length(std::size_t size, std::span<std::uint8_t, 10> out) {
  std::size_t used = 0;
  do {
    out[used] = static_cast<std::uint8_t>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    ++used;
    size >>= 7;
  } while (size > 0);
  return used;
}

std::size_t prefixed_size(ByteView bytes) {
  ByteArray<10> length;
  return write_length(bytes.size(), length) + bytes.size();
}

// One item of the draft's lv_cat.
void add(Sha512& hash, ByteView bytes) {
  ByteArray<10> length;
  hash.update(ByteView(length).first(write_length(bytes.size(), length))).update(bytes);
}

// Section 8.3: the password and everything around it, mapped to the group.
RistrettoSecretElement generator_of(const CpaceSetup& setup) {
  // Together with the zeros, the group's name and the password fill the first block, so that the
  // time of hashing does not tell how long the password is.
  static constexpr ByteArray<Sha512::kBlockSize> kZeros{};
  const std::size_t used = prefixed_size(setup.password) + prefixed_size(as_bytes(kDsi)) + 1;
  Sha512 hash;
  add(hash, as_bytes(kDsi));
  add(hash, setup.password);
  add(hash, ByteView(kZeros).first(kZeros.size() - std::min(used, kZeros.size())));
  add(hash, setup.channel);
  add(hash, setup.session);
  auto digest = hash.finish();
  const RistrettoUniformBytes uniform(digest);
  secure_wipe(digest);
  return RistrettoSecretElement::from_uniform_bytes(uniform);
}

}  // namespace

Cpace::Cpace(Role role, RistrettoScalar scalar, RistrettoElement share, const CpaceSetup& setup,
             ByteView associated_data)
    : role_(role),
      scalar_(std::move(scalar)),
      share_(share),
      session_(setup.session.begin(), setup.session.end()),
      associated_data_(associated_data.begin(), associated_data.end()) {}

Result<Cpace> Cpace::start(Role role, const CpaceSetup& setup, ByteView associated_data, Rng& rng) {
  auto scalar = RistrettoScalar::generate(rng);
  ZEROK_TRY(const auto share, generator_of(setup).publish(scalar));
  return Cpace(role, std::move(scalar), share, setup, associated_data);
}

Result<CpaceKey> Cpace::finish(ByteView peer_share, ByteView peer_associated_data) && {
  ZEROK_TRY(const auto peer, RistrettoElement::decode(peer_share));
  const auto shared = RistrettoSecretElement::multiply(scalar_, peer);
  Sha512 hash;
  add(hash, as_bytes(kIskDsi));
  add(hash, session_);
  add(hash, shared.encoding().bytes());
  const bool first = role_ == Role::kInitiator;
  const ByteView own_share = share_.encoding().bytes();
  add(hash, first ? own_share : peer_share);
  add(hash, first ? ByteView(associated_data_) : peer_associated_data);
  add(hash, first ? peer_share : own_share);
  add(hash, first ? peer_associated_data : ByteView(associated_data_));
  auto digest = hash.finish();
  CpaceKey key{digest};
  secure_wipe(digest);
  return key;
}

}  // namespace zerok::crypto
