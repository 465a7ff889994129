// SPDX-License-Identifier: MIT OR Apache-2.0
// The primitives alone, on one core: what everything above them can't be faster than.
#include <cstring>

#include "base/rng.h"
#include "bench/measurement.h"
#include "bench/timing.h"
#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/kem.h"
#include "crypto/sign.h"

namespace zerok::bench {
namespace {

using Sample = Result<std::vector<double>>;

constexpr std::size_t kLarge = std::size_t{64} << 10;
constexpr std::size_t kSmall = std::size_t{1} << 10;

template <typename Key>
Key random_key() {
  Key key;
  SystemRng().fill(key.mutable_bytes());
  return key;
}

Bytes random_bytes(std::size_t size) {
  Bytes bytes(size);
  SystemRng().fill(bytes);
  return bytes;
}

// MiB/s of `function`, which works on `size` bytes.
template <typename Function>
Measurement rate(std::string key, std::string name, std::size_t size, Function function,
                 std::string limit = "memcpy_mib_s") {
  return {.values = {{.key = std::move(key),
                      .name = std::move(name),
                      .unit = "MiB/s",
                      .better = Better::kMore,
                      .limit = std::move(limit)}},
          .sample = [size, function](const Context& context) -> Sample {
            const Bytes in = random_bytes(size);
            Bytes out(size + crypto::kAeadTagSize);
            const auto call = function(in, out);
            const double seconds = seconds_per_call(context.seconds, call);
            return std::vector{static_cast<double>(size) / kMebibyte / seconds};
          }};
}

// Microseconds of what `prepare` returns.
template <typename Prepare>
Measurement cost(std::string key, std::string name, Prepare prepare) {
  return {.values = {{.key = std::move(key),
                      .name = std::move(name),
                      .unit = "us",
                      .better = Better::kLess}},
          .sample = [prepare](const Context& context) -> Sample {
            return std::vector{seconds_per_call(context.seconds, prepare()) * 1e6};
          }};
}

template <typename Key, auto Seal, std::size_t NonceSize>
auto sealer() {
  return [](const Bytes& in, Bytes& out) {
    return [&in, &out, key = random_key<Key>(), nonce = ByteArray<NonceSize>{}] {
      Seal(key, nonce, {}, in, out);
      keep(out);
    };
  };
}

template <typename Key, auto Seal, auto Open, std::size_t NonceSize>
auto opener() {
  return [](const Bytes& in, Bytes& out) {
    Bytes sealed(in.size() + crypto::kAeadTagSize);
    auto key = random_key<Key>();
    const ByteArray<NonceSize> nonce{};
    Seal(key, nonce, {}, in, sealed);
    return [&out, key = std::move(key), nonce, sealed = std::move(sealed)] {
      const MutableByteView plain = MutableByteView(out).first(sealed.size() - 16);
      keep(Open(key, nonce, {}, sealed, plain));
    };
  };
}

template <typename Hash>
auto hasher() {
  return [](const Bytes& in, Bytes&) { return [&in] { keep(Hash().update(in).finish()); }; };
}

void add_rates(std::vector<Measurement>& out) {
  using crypto::ChaChaPolyKey;
  using crypto::XChaChaPolyKey;
  constexpr auto chacha_seal = sealer<ChaChaPolyKey, &crypto::chacha_poly_seal, 12>;
  constexpr auto chacha_open =
      opener<ChaChaPolyKey, &crypto::chacha_poly_seal, &crypto::chacha_poly_open, 12>;
  constexpr auto xchacha_seal = sealer<XChaChaPolyKey, &crypto::xchacha_poly_seal, 24>;
  constexpr auto xchacha_open =
      opener<XChaChaPolyKey, &crypto::xchacha_poly_seal, &crypto::xchacha_poly_open, 24>;
  out.push_back(rate(
      "memcpy_mib_s", "memcpy, 64 KiB", kLarge,
      [](const Bytes& in, Bytes& to) {
        return [&in, &to] {
          std::memcpy(to.data(), in.data(), in.size());
          keep(to);
        };
      },
      ""));
  out.push_back(rate("chacha20poly1305_seal_64k_mib_s", "ChaCha20-Poly1305 seal, 64 KiB", kLarge,
                     chacha_seal()));
  out.push_back(rate("chacha20poly1305_open_64k_mib_s", "ChaCha20-Poly1305 open, 64 KiB", kLarge,
                     chacha_open()));
  out.push_back(rate("chacha20poly1305_seal_1k_mib_s", "ChaCha20-Poly1305 seal, 1 KiB", kSmall,
                     chacha_seal(), "chacha20poly1305_seal_64k_mib_s"));
  out.push_back(rate("chacha20poly1305_open_1k_mib_s", "ChaCha20-Poly1305 open, 1 KiB", kSmall,
                     chacha_open(), "chacha20poly1305_open_64k_mib_s"));
  out.push_back(rate("xchacha20poly1305_seal_64k_mib_s", "XChaCha20-Poly1305 seal, 64 KiB", kLarge,
                     xchacha_seal()));
  out.push_back(rate("xchacha20poly1305_open_64k_mib_s", "XChaCha20-Poly1305 open, 64 KiB", kLarge,
                     xchacha_open()));
  out.push_back(rate("xchacha20poly1305_seal_1k_mib_s", "XChaCha20-Poly1305 seal, 1 KiB", kSmall,
                     xchacha_seal(), "xchacha20poly1305_seal_64k_mib_s"));
  out.push_back(rate("xchacha20poly1305_open_1k_mib_s", "XChaCha20-Poly1305 open, 1 KiB", kSmall,
                     xchacha_open(), "xchacha20poly1305_open_64k_mib_s"));
  out.push_back(rate("blake2s_mib_s", "BLAKE2s, 64 KiB", kLarge, hasher<crypto::Blake2s>()));
  out.push_back(rate("sha256_mib_s", "SHA-256, 64 KiB", kLarge, hasher<crypto::Sha256>()));
}

void add_curve_costs(std::vector<Measurement>& out) {
  out.push_back(cost("x25519_keygen_us", "X25519 key pair", [] {
    return [] {
      SystemRng rng;
      keep(crypto::X25519KeyPair::generate(rng));
    };
  }));
  out.push_back(cost("x25519_us", "X25519", [] {
    SystemRng rng;
    return [secret = random_key<crypto::X25519SecretKey>(),
            peer = crypto::X25519KeyPair::generate(rng).public_key] {
      keep(crypto::x25519(secret, peer));
    };
  }));
  out.push_back(cost("ed25519_sign_us", "Ed25519 sign, 130 bytes", [] {
    SystemRng rng;
    return [pair = crypto::Ed25519KeyPair::generate(rng), message = random_bytes(130)] {
      keep(pair.sign(message));
    };
  }));
  out.push_back(cost("ed25519_verify_us", "Ed25519 verify, 130 bytes", [] {
    SystemRng rng;
    const auto pair = crypto::Ed25519KeyPair::generate(rng);
    Bytes message = random_bytes(130);
    const auto signature = pair.sign(message);
    return [key = pair.public_key(), message = std::move(message), signature] {
      keep(crypto::ed25519_verify(key, message, signature));
    };
  }));
}

void add_kem_costs(std::vector<Measurement>& out) {
  out.push_back(cost("mlkem768_keygen_us", "ML-KEM-768 key pair", [] {
    return [] {
      SystemRng rng;
      keep(crypto::MlKemKeyPair::generate(rng));
    };
  }));
  out.push_back(cost("mlkem768_encaps_us", "ML-KEM-768 encapsulate", [] {
    SystemRng rng;
    return [peer = crypto::MlKemKeyPair::generate(rng).public_key] {
      SystemRng own;
      keep(crypto::mlkem_encapsulate(peer, own));
    };
  }));
  out.push_back(cost("mlkem768_decaps_us", "ML-KEM-768 decapsulate", [] {
    SystemRng rng;
    auto pair = crypto::MlKemKeyPair::generate(rng);
    const auto sent = *crypto::mlkem_encapsulate(pair.public_key, rng);
    return [secret = std::move(pair.secret), ciphertext = sent.ciphertext] {
      keep(crypto::mlkem_decapsulate(secret, ciphertext));
    };
  }));
}

}  // namespace

std::vector<Measurement> primitives() {
  std::vector<Measurement> out;
  add_rates(out);
  add_curve_costs(out);
  add_kem_costs(out);
  out.push_back(cost("hkdf_sha256_us", "HKDF-SHA256, extract and 32 bytes", [] {
    return [input = random_bytes(32)] {
      keep(crypto::HkdfSha256({}, input).derive<crypto::ChaChaPolyKey>("benchmark"));
    };
  }));
  return out;
}

}  // namespace zerok::bench
