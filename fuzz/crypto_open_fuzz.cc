// SPDX-License-Identifier: MIT OR Apache-2.0
// Bytes from a hostile peer or file, given to whatever takes them before a tag has vouched for
// them. The first byte says to what. Nothing that was not sealed opens, and a failed opening leaves
// no plaintext; what decodes encodes to the same bytes; no peer's key makes a shared secret of
// zero.
#include <algorithm>

#include "base/check.h"
#include "base/rng.h"
#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/kem.h"
#include "crypto/passphrase.h"
#include "crypto/ristretto255.h"
#include "crypto/sign.h"

namespace {

using namespace zerok;
using namespace zerok::crypto;

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

template <typename Key, std::size_t kNonceSize, auto kSeal, auto kOpen>
void open_and_seal(ByteView input) {
  static const Key key = [] {
    DeterministicRng rng(1);
    Key drawn;
    rng.fill(drawn.mutable_bytes());
    return drawn;
  }();
  if (input.size() < kNonceSize) return;
  const auto nonce = input.first<kNonceSize>();
  const ByteView sealed = input.subspan(kNonceSize);

  // The input as ciphertext: whoever made it does not have the key.
  Bytes opened(sealed.size() < kAeadTagSize ? 0 : sealed.size() - kAeadTagSize, 0xaa);
  ZEROK_ASSERT(!kOpen(key, nonce, {}, sealed, opened));
  ZEROK_ASSERT(all_zero(opened));

  // The input as plaintext: opens to itself, and not with another nonce.
  Bytes own(sealed.size() + kAeadTagSize);
  kSeal(key, nonce, nonce, sealed, own);
  Bytes text(sealed.size());
  ZEROK_ASSERT(kOpen(key, nonce, nonce, own, text));
  ZEROK_ASSERT(std::ranges::equal(text, sealed));
  ByteArray<kNonceSize> other;
  std::ranges::copy(nonce, other.begin());
  other[0] ^= 1;
  ZEROK_ASSERT(!kOpen(key, other, nonce, own, text));
}

void decode_ristretto(ByteView input) {
  const auto element = RistrettoElement::decode(input);
  if (!element) return;
  ZEROK_ASSERT(std::ranges::equal(element->encoding().bytes(), input));
  DeterministicRng rng(2);
  const auto shared = RistrettoSecretElement::multiply(RistrettoScalar::generate(rng), *element);
  ZEROK_ASSERT(!all_zero(shared.encoding().bytes()));
  ZEROK_ASSERT(RistrettoElement::decode(shared.encoding().bytes()));
}

void agree_x25519(ByteView input) {
  const auto peer =
      X25519PublicKey::from_bytes(input.first(std::min<std::size_t>(input.size(), 32)));
  if (!peer) return;
  static DeterministicRng rng(3);
  static const X25519KeyPair own = X25519KeyPair::generate(rng);
  const auto shared = x25519(own.secret, *peer);
  if (shared) ZEROK_ASSERT(!all_zero(shared->bytes()));
}

// A public key, a signature and a message that nobody with the private key made.
void verify_signature(ByteView input) {
  if (input.size() < 96) return;
  const auto key = Ed25519PublicKey(input.first<32>());
  ZEROK_ASSERT(!ed25519_verify(key, input.subspan(96), Ed25519Signature(input.subspan<32, 64>())));
}

// The input is laid over a good key, so that most of it decodes.
void encapsulate(ByteView input) {
  DeterministicRng rng(4);
  static const MlKemKeyPair pair = MlKemKeyPair::generate(rng);
  auto key = pair.public_key;
  const ByteView start = input.first(std::min(input.size(), MlKemPublicKey::kSize));
  std::ranges::copy(start, key.mutable_bytes().begin());
  const auto sent = mlkem_encapsulate(key, rng);
  if (!sent) return;
  const auto received = mlkem_decapsulate(pair.secret, sent->ciphertext);
  ZEROK_ASSERT((received == sent->secret) == (key == pair.public_key));
}

void read_profile(ByteView input) {
  if (input.empty()) return;
  const auto profile = parse_argon2_profile(input[0]);
  ZEROK_ASSERT(profile.has_value() == (input[0] >= 1 && input[0] <= 3));
  if (profile) ZEROK_ASSERT(static_cast<std::uint8_t>(*profile) == input[0]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      open_and_seal<ChaChaPolyKey, 12, chacha_poly_seal, chacha_poly_open>(input);
      break;
    case 1:
      open_and_seal<XChaChaPolyKey, 24, xchacha_poly_seal, xchacha_poly_open>(input);
      break;
    case 2:
      decode_ristretto(input);
      break;
    case 3:
      agree_x25519(input);
      break;
    case 4:
      verify_signature(input);
      break;
    case 5:
      encapsulate(input);
      break;
    default:
      read_profile(input);
      break;
  }
  return 0;
}
