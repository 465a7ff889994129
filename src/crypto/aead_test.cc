// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/aead.h"

#include <gtest/gtest.h>

#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

using testing::counting_bytes;
using testing::hex;
using testing::key_of;

// The two constructions behind one shape, so that every test runs on both.
struct ChaChaPoly {
  using Key = ChaChaPolyKey;
  static constexpr std::size_t kNonceSize = 12;
  static constexpr auto seal = chacha_poly_seal;
  static constexpr auto open = chacha_poly_open;
};
struct XChaChaPoly {
  using Key = XChaChaPolyKey;
  static constexpr std::size_t kNonceSize = 24;
  static constexpr auto seal = xchacha_poly_seal;
  static constexpr auto open = xchacha_poly_open;
};

template <typename Aead>
Bytes seal(ByteView key, ByteView nonce, ByteView associated_data, ByteView plaintext) {
  Bytes out(plaintext.size() + kAeadTagSize);
  Aead::seal(key_of<typename Aead::Key>(key),
             std::span<const std::uint8_t, Aead::kNonceSize>(nonce), associated_data, plaintext,
             out);
  return out;
}

// Nothing when it was refused, as it must be: one code, and no plaintext left behind.
template <typename Aead>
std::optional<Bytes> open(ByteView key, ByteView nonce, ByteView associated_data,
                          ByteView ciphertext) {
  Bytes out(ciphertext.size() < kAeadTagSize ? 0 : ciphertext.size() - kAeadTagSize, 0xaa);
  const auto result = Aead::open(key_of<typename Aead::Key>(key),
                                 std::span<const std::uint8_t, Aead::kNonceSize>(nonce),
                                 associated_data, ciphertext, out);
  if (result) return out;
  EXPECT_EQ(result.error().code, ErrorCode::kCryptoFailed);
  EXPECT_EQ(out, Bytes(out.size()));
  return std::nullopt;
}

constexpr std::string_view kSunscreen =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    "sunscreen would be it.";

// RFC 8439 section 2.8.2.
TEST(AeadTest, AgreesWithTheVectorOfRfc8439) {
  EXPECT_EQ(to_hex(seal<ChaChaPoly>(counting_bytes(32, 0x80), hex("070000004041424344454647"),
                                    hex("50515253c0c1c2c3c4c5c6c7"), as_bytes(kSunscreen))),
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
            "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
            "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
}

// draft-irtf-cfrg-xchacha-03 appendix A.3.1.
TEST(AeadTest, AgreesWithTheVectorOfTheXChaChaDraft) {
  EXPECT_EQ(to_hex(seal<XChaChaPoly>(counting_bytes(32, 0x80), counting_bytes(24, 0x40),
                                     hex("50515253c0c1c2c3c4c5c6c7"), as_bytes(kSunscreen))),
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
            "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
            "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
            "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
}

template <typename Aead>
class EveryAeadTest : public ::testing::Test {};
using BothAeads = ::testing::Types<ChaChaPoly, XChaChaPoly>;
TYPED_TEST_SUITE(EveryAeadTest, BothAeads);

TYPED_TEST(EveryAeadTest, OpensWhatItSealedForEveryLengthAroundABlock) {
  const Bytes key = counting_bytes(32);
  const Bytes nonce = counting_bytes(TypeParam::kNonceSize, 0x70);
  for (std::size_t size = 0; size <= 130; ++size) {
    const Bytes text = counting_bytes(size, 3);
    const Bytes data = counting_bytes(130 - size, 9);
    const Bytes sealed = seal<TypeParam>(key, nonce, data, text);
    ASSERT_EQ(sealed.size(), size + kAeadTagSize);
    EXPECT_EQ(open<TypeParam>(key, nonce, data, sealed), text);
  }
}

TYPED_TEST(EveryAeadTest, RefusesAnyFlippedBitInCiphertextKeyNonceOrAssociatedData) {
  const Bytes text = counting_bytes(70);
  Bytes key = counting_bytes(32);
  Bytes nonce = counting_bytes(TypeParam::kNonceSize, 0x70);
  Bytes data = counting_bytes(20, 9);
  Bytes sealed = seal<TypeParam>(key, nonce, data, text);
  for (Bytes* part : {&sealed, &key, &nonce, &data}) {
    for (std::size_t bit = 0; bit < part->size() * 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
      (*part)[bit / 8] ^= mask;
      EXPECT_FALSE(open<TypeParam>(key, nonce, data, sealed)) << bit;
      (*part)[bit / 8] ^= mask;
    }
  }
  EXPECT_EQ(open<TypeParam>(key, nonce, data, sealed), text);
}

TYPED_TEST(EveryAeadTest, RefusesEveryTruncationAndExtension) {
  const Bytes key = counting_bytes(32);
  const Bytes nonce = counting_bytes(TypeParam::kNonceSize, 0x70);
  const Bytes data = counting_bytes(20, 9);
  Bytes sealed = seal<TypeParam>(key, nonce, data, counting_bytes(70));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(open<TypeParam>(key, nonce, data, ByteView(sealed).first(size))) << size;
    EXPECT_FALSE(open<TypeParam>(key, nonce, data, ByteView(sealed).last(size))) << size;
  }
  for (std::size_t size = 0; size < data.size(); ++size) {
    EXPECT_FALSE(open<TypeParam>(key, nonce, ByteView(data).first(size), sealed)) << size;
  }
  sealed.push_back(0);
  EXPECT_FALSE(open<TypeParam>(key, nonce, data, sealed));
}

// A byte moved from the ciphertext's start to the associated data's end must not fit.
TYPED_TEST(EveryAeadTest, KeepsAssociatedDataAndCiphertextApart) {
  const Bytes key = counting_bytes(32);
  const Bytes nonce = counting_bytes(TypeParam::kNonceSize);
  const Bytes sealed = seal<TypeParam>(key, nonce, {}, counting_bytes(8));
  EXPECT_FALSE(open<TypeParam>(key, nonce, ByteView(sealed).first(4), ByteView(sealed).subspan(4)));
}

TYPED_TEST(EveryAeadTest, SealsAndOpensInPlace) {
  const Bytes raw_key = counting_bytes(32);
  const auto key = key_of<typename TypeParam::Key>(ByteView(raw_key));
  const Bytes nonce_bytes = counting_bytes(TypeParam::kNonceSize);
  const std::span<const std::uint8_t, TypeParam::kNonceSize> nonce(nonce_bytes);
  const Bytes text = counting_bytes(1000);
  Bytes buffer = text;
  buffer.resize(text.size() + kAeadTagSize);
  TypeParam::seal(key, nonce, {}, ByteView(buffer).first(text.size()), buffer);
  EXPECT_EQ(buffer, seal<TypeParam>(raw_key, nonce_bytes, {}, text));
  const auto result =
      TypeParam::open(key, nonce, {}, buffer, MutableByteView(buffer).first(text.size()));
  EXPECT_TRUE(result);
  buffer.resize(text.size());
  EXPECT_EQ(buffer, text);
}

// The caller's buffer is the caller's; a size that does not fit is refused, not overrun.
TYPED_TEST(EveryAeadTest, RefusesToOpenIntoABufferOfAnotherSize) {
  const auto key = key_of<typename TypeParam::Key>(ByteView(counting_bytes(32)));
  const Bytes nonce_bytes = counting_bytes(TypeParam::kNonceSize);
  const std::span<const std::uint8_t, TypeParam::kNonceSize> nonce(nonce_bytes);
  const Bytes sealed = seal<TypeParam>(counting_bytes(32), nonce_bytes, {}, counting_bytes(9));
  for (const std::size_t size : {0U, 8U, 10U, 25U}) {
    Bytes out(size, 0xaa);
    EXPECT_FALSE(TypeParam::open(key, nonce, {}, sealed, out)) << size;
    EXPECT_EQ(out, Bytes(size)) << "cleared, whatever the reason";
  }
}

}  // namespace
}  // namespace zerok::crypto
