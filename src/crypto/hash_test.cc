// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/hash.h"

#include <blake2.h>
#include <gtest/gtest.h>

#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

using testing::counting_bytes;

template <typename Hash>
std::string hash_of(ByteView bytes) {
  return to_hex(Hash().update(bytes).finish());
}
template <typename Hash>
std::string hmac_of(ByteView key, ByteView bytes) {
  return to_hex(Hmac<Hash>(key).update(bytes).finish());
}

// FIPS 180-4 and the examples NIST publishes for it.
TEST(HashTest, Sha256AgreesWithTheExamplesOfFips180) {
  EXPECT_EQ(hash_of<Sha256>(as_bytes("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of<Sha256>({}),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of<Sha256>(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash_of<Sha256>(Bytes(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(HashTest, Sha512AgreesWithTheExamplesOfFips180) {
  EXPECT_EQ(hash_of<Sha512>(as_bytes("abc")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(hash_of<Sha512>({}),
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
  EXPECT_EQ(hash_of<Sha512>(Bytes(1'000'000, 'a')),
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
            "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

// "abc": RFC 7693 appendix B. The others: Python's hashlib, whose BLAKE2s is another one.
TEST(HashTest, Blake2sAgreesWithRfc7693AndWithPython) {
  EXPECT_EQ(hash_of<Blake2s>(as_bytes("abc")),
            "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
  EXPECT_EQ(hash_of<Blake2s>({}),
            "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9");
  EXPECT_EQ(hash_of<Blake2s>(counting_bytes(255)),
            "f03f5789d3336b80d002d59fdf918bdb775b00956ed5528e86aa994acb38fe2d");
}

// The deterministic byte sequence of RFC 7693 appendix E.
Bytes self_test_bytes(std::size_t size, std::uint32_t seed) {
  Bytes out(size);
  std::uint32_t a = 0xdead4badU * seed;
  std::uint32_t b = 1;
  for (auto& byte : out) {
    const std::uint32_t sum = a + b;
    a = b;
    b = sum;
    byte = static_cast<std::uint8_t>(sum >> 24);
  }
  return out;
}

// RFC 7693 appendix E: hashes of many inputs, digest sizes and keys, hashed together. The inner
// ones go to the library directly, because sizes and keys are nothing our interface offers.
TEST(HashTest, PassesTheSelfTestOfRfc7693) {
  Blake2s all;
  for (const std::size_t digest_size : {16U, 20U, 28U, 32U}) {
    for (const std::size_t size : {0U, 3U, 64U, 65U, 255U, 1024U}) {
      const Bytes input = self_test_bytes(size, static_cast<std::uint32_t>(size));
      const Bytes key = self_test_bytes(digest_size, static_cast<std::uint32_t>(digest_size));
      Bytes digest(digest_size);
      ASSERT_EQ(blake2s(digest.data(), input.data(), nullptr, digest_size, size, 0), 0);
      all.update(digest);
      ASSERT_EQ(blake2s(digest.data(), input.data(), key.data(), digest_size, size, digest_size),
                0);
      all.update(digest);
    }
  }
  EXPECT_EQ(to_hex(all.finish()),
            "6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe");
}

// RFC 4231 section 4.
TEST(HashTest, HmacSha256AgreesWithTheVectorsOfRfc4231) {
  EXPECT_EQ(hmac_of<Sha256>(Bytes(20, 0x0b), as_bytes("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_of<Sha256>(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_of<Sha256>(Bytes(20, 0xaa), Bytes(50, 0xdd)),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hmac_of<Sha256>(counting_bytes(25, 1), Bytes(50, 0xcd)),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  // The RFC cuts this one to 128 bits.
  EXPECT_EQ(hmac_of<Sha256>(Bytes(20, 0x0c), as_bytes("Test With Truncation")).substr(0, 32),
            "a3b6167473100ee06e0c796c2955552b");
  EXPECT_EQ(hmac_of<Sha256>(Bytes(131, 0xaa),
                            as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hmac_of<Sha256>(
                Bytes(131, 0xaa),
                as_bytes("This is a test using a larger than block-size key and a larger than "
                         "block-size data. The key needs to be hashed before being used by the "
                         "HMAC algorithm.")),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

// No document has vectors for HMAC over BLAKE2s; these are Python's hmac.new(key, text, 'blake2s').
TEST(HashTest, HmacBlake2sAgreesWithPython) {
  EXPECT_EQ(hmac_of<Blake2s>(counting_bytes(32), as_bytes("abc")),
            "82623be5bc0a391b24dce53e67d028eff92d586de0485ac37822e597d049c74f");
  EXPECT_EQ(hmac_of<Blake2s>(Bytes(100), {}),
            "ace53bf104e844eb34096d62e8d55be393583e10946d8b6128ad382ca4c4f3a3");
}

template <typename Hash>
class EveryHashTest : public ::testing::Test {};
using AllHashes = ::testing::Types<Sha256, Sha512, Blake2s>;
TYPED_TEST_SUITE(EveryHashTest, AllHashes);

TYPED_TEST(EveryHashTest, GivesTheSameWhereverTheInputIsCut) {
  const Bytes input = counting_bytes(200);
  const std::string whole = hash_of<TypeParam>(input);
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    TypeParam hash;
    hash.update(ByteView(input).first(cut)).update({}).update(ByteView(input).subspan(cut));
    EXPECT_EQ(to_hex(hash.finish()), whole) << cut;
  }
}

TYPED_TEST(EveryHashTest, CopiesGoOnIndependently) {
  TypeParam first;
  first.update(as_bytes("common, "));
  TypeParam second = first;
  first.update(as_bytes("one"));
  second.update(as_bytes("two"));
  EXPECT_EQ(to_hex(first.finish()), hash_of<TypeParam>(as_bytes("common, one")));
  EXPECT_EQ(to_hex(second.finish()), hash_of<TypeParam>(as_bytes("common, two")));
}

}  // namespace
}  // namespace zerok::crypto
