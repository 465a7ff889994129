// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/kdf.h"

#include <gtest/gtest.h>

#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

using testing::counting_bytes;

std::string expand(const HkdfSha256& hkdf, ByteView info, std::size_t size) {
  Bytes out(size);
  return hkdf.expand(info, out) ? to_hex(out) : "refused";
}

// RFC 5869 appendix A.
TEST(KdfTest, AgreesWithTheSha256VectorsOfRfc5869) {
  EXPECT_EQ(expand(HkdfSha256(counting_bytes(13), Bytes(22, 0x0b)), counting_bytes(10, 0xf0), 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(expand(HkdfSha256(counting_bytes(80, 0x60), counting_bytes(80)),
                   counting_bytes(80, 0xb0), 82),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
            "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
            "cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(expand(HkdfSha256({}, Bytes(22, 0x0b)), {}, 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(KdfTest, GivesThePrefixOfALongerOutputAndRefusesMoreThan255Blocks) {
  const HkdfSha256 hkdf(as_bytes("salt"), as_bytes("key"));
  const std::string longest = expand(hkdf, as_bytes("info"), HkdfSha256::kOutputSizeMax);
  ASSERT_EQ(longest.size(), 2 * 8160U);
  for (const std::size_t size : {0U, 1U, 31U, 32U, 33U, 64U, 8159U}) {
    EXPECT_EQ(expand(hkdf, as_bytes("info"), size), longest.substr(0, 2 * size));
  }
  Bytes too_long(HkdfSha256::kOutputSizeMax + 1);
  const auto refused = hkdf.expand(as_bytes("info"), too_long);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOutOfRange);
}

TEST(KdfTest, DerivesTypedKeysThatDifferByLabelSaltAndInput) {
  const HkdfSha256 hkdf(as_bytes("salt"), as_bytes("key"));
  const auto key = hkdf.derive<XChaChaPolyKey>("one");
  EXPECT_TRUE(key == hkdf.derive<XChaChaPolyKey>("one"));
  EXPECT_FALSE(key == hkdf.derive<XChaChaPolyKey>("two"));
  EXPECT_FALSE(key == HkdfSha256(as_bytes("salt "), as_bytes("key")).derive<XChaChaPolyKey>("one"));
  EXPECT_FALSE(key == HkdfSha256(as_bytes("salt"), as_bytes("kez")).derive<XChaChaPolyKey>("one"));
  EXPECT_EQ(to_hex(key.bytes()), expand(hkdf, as_bytes("one"), 32));
}

}  // namespace
}  // namespace zerok::crypto
