// SPDX-License-Identifier: MIT OR Apache-2.0
// What a key type promises: most of it at compile time.
#include "crypto/keys.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <new>
#include <ostream>
#include <type_traits>

#include "crypto/device_keys.h"
#include "crypto/group_keys.h"
#include "crypto/passphrase.h"
#include "crypto/ristretto255.h"
#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
template <typename A, typename B>
concept Comparable = requires(const A& a, const B& b) { a == b; };
template <typename T>
concept Ordered = requires(const T& a, const T& b) { a < b; };

// Moves, is never copied by accident, has no text form, is not ordered.
template <typename T>
constexpr bool kBehavesLikeASecret =
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    !fmt::is_formattable<T>::value && !Streamable<T> && !Ordered<T>;

// Nothing of type From is taken where a To is asked for, nor compared with one.
template <typename From, typename To>
constexpr bool kKeptApart =
    !std::is_convertible_v<From, To> && !std::is_constructible_v<To, From> &&
    !std::is_assignable_v<To&, From> && !std::is_convertible_v<From&, To&> && !Comparable<From, To>;

template <typename... Keys>
struct Types {};

template <typename One, typename... Others>
constexpr bool one_is_apart_from_others() {
  return ((kKeptApart<One, Others> && kKeptApart<Others, One>) && ...);
}
template <typename... Keys>
constexpr bool all_apart(Types<Keys...> /*keys*/) {
  return true;
}
template <typename First, typename Second, typename... Rest>
constexpr bool all_apart(Types<First, Second, Rest...> /*keys*/) {
  return one_is_apart_from_others<First, Second, Rest...>() && all_apart(Types<Second, Rest...>{});
}

using Secrets =
    Types<X25519SecretKey, X25519SharedSecret, MlKemSeed, MlKemDecapsulationKey, MlKemSharedSecret,
          Ed25519Seed, ChaChaPolyKey, XChaChaPolyKey, DeviceSecret, RelaySecret, GroupSecret,
          EpochCommitment, PassphraseKey, RistrettoUniformBytes>;
using Publics = Types<X25519PublicKey, MlKemPublicKey, MlKemCiphertext, Ed25519PublicKey,
                      Ed25519Signature, DeviceId, EndpointId, GroupId, EpochId, RosterHead,
                      PassphraseSalt, RistrettoElement::Encoding>;

template <typename... Keys>
constexpr bool all_behave_like_secrets(Types<Keys...> /*keys*/) {
  return (kBehavesLikeASecret<Keys> && ...);
}

static_assert(all_apart(Secrets{}));
static_assert(all_apart(Publics{}));
static_assert(all_behave_like_secrets(Secrets{}));
static_assert(kBehavesLikeASecret<BlobKey> && kBehavesLikeASecret<RosterKey>);
static_assert(!std::is_constructible_v<BlobKey, RosterKey> &&
              !std::is_assignable_v<BlobKey&, RosterKey> &&
              !std::is_convertible_v<BlobKey&, RosterKey&>);
static_assert(!fmt::is_formattable<DeviceKeys>::value && !std::is_copy_constructible_v<DeviceKeys>);
static_assert(!fmt::is_formattable<GroupKeys>::value && !std::is_copy_constructible_v<GroupKeys>);
static_assert(!fmt::is_formattable<Ed25519KeyPair>::value &&
              !std::is_copy_constructible_v<Ed25519KeyPair>);
static_assert(!fmt::is_formattable<RistrettoScalar>::value && !Streamable<RistrettoScalar>);
static_assert(!fmt::is_formattable<RistrettoSecretElement>::value &&
              !std::is_constructible_v<RistrettoElement, RistrettoSecretElement>);

// The checks themselves can say no.
static_assert(!kBehavesLikeASecret<DeviceId> && !kKeptApart<DeviceId, DeviceId>);

// Runs the destructor on storage that stays ours, so that what it left can be looked at.
template <typename Key>
Bytes remains_of() {
  alignas(Key) unsigned char storage[sizeof(Key)];
  Bytes pattern(Key::kSize, 0x5a);
  auto* key = new (storage) Key(testing::key_of<Key>(ByteView(pattern)));
  EXPECT_EQ(to_hex(key->bytes()), to_hex(pattern));
  key->~Key();
  // Read through volatile, or the compiler may take the dead object's bytes for anything.
  const volatile unsigned char* bytes = storage;
  Bytes remains(sizeof(Key));
  for (std::size_t i = 0; i < remains.size(); ++i) remains[i] = bytes[i];
  return remains;
}

template <typename... Keys>
bool nothing_remains(Types<Keys...> /*keys*/) {
  return ((remains_of<Keys>() == Bytes(sizeof(Keys))) && ...);
}

TEST(KeysTest, EverySecretIsClearedWhenItDies) {
  EXPECT_TRUE(nothing_remains(Secrets{}));
  EXPECT_TRUE(nothing_remains(Types<BlobKey, RosterKey>{}));
}

TEST(KeysTest, AMovedSecretIsClearedAtItsOldPlace) {
  const Bytes pattern(32, 0x5a);
  auto first = testing::key_of<ChaChaPolyKey>(ByteView(pattern));
  ChaChaPolyKey second = std::move(first);
  EXPECT_EQ(to_hex(first.bytes()), to_hex(Bytes(32)));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(to_hex(second.bytes()), to_hex(pattern));
  ChaChaPolyKey third;
  third = std::move(second);
  EXPECT_EQ(to_hex(second.bytes()), to_hex(Bytes(32)));  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(third == testing::key_of<ChaChaPolyKey>(ByteView(pattern)));
  EXPECT_TRUE(third.clone() == third);
}

TEST(KeysTest, PublicValuesArePrintedBlinded) {
  const auto id = testing::key_of<DeviceId>(ByteView(testing::counting_bytes(32)));
  const std::string text = fmt::format("{}", id);
  EXPECT_EQ(text, "device#" + blind(id.bytes()));
  EXPECT_EQ(text.find(to_hex(id.bytes().first<3>())), std::string::npos);
}

}  // namespace
}  // namespace zerok::crypto
