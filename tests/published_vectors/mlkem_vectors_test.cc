// SPDX-License-Identifier: MIT OR Apache-2.0
// ML-KEM-768 against NIST's ACVP vectors of FIPS 203 (from the crate fips203) and Wycheproof's.
#include "crypto/kem.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/testing/hex.h"
#include "tests/published_vectors/vector_files.h"

namespace zerok::crypto {
namespace {

using nlohmann::json;
using testing::key_of;

// Hands out the given bytes once.
class GivenRng final : public Rng {
 public:
  explicit GivenRng(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(MutableByteView out) override {
    ZEROK_ASSERT(out.size() == bytes_.size());
    std::ranges::copy(bytes_, out.begin());
  }

 private:
  Bytes bytes_;
};

bool is_768(const json& group) { return group.at("parameterSet") == "ML-KEM-768"; }
bool is_valid(const json& test_case) { return test_case.at("result") == "valid"; }

void expect_keys(const MlKemKeyPair& pair, const json& expected) {
  EXPECT_EQ(Bytes(pair.public_key.bytes().begin(), pair.public_key.bytes().end()),
            bytes_of(expected, "ek"));
  EXPECT_TRUE(pair.secret == key_of<MlKemDecapsulationKey>(ByteView(bytes_of(expected, "dk"))));
}

void expect_encapsulation(const json& test_case, const Bytes& secret) {
  GivenRng m(bytes_of(test_case, "m"));
  const auto sent =
      mlkem_encapsulate(key_of<MlKemPublicKey>(ByteView(bytes_of(test_case, "ek"))), m);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->ciphertext, key_of<MlKemCiphertext>(ByteView(bytes_of(test_case, "c"))));
  EXPECT_TRUE(sent->secret == key_of<MlKemSharedSecret>(ByteView(secret)));
}

void expect_decapsulation(const MlKemDecapsulationKey& key, const json& test_case,
                          const Bytes& secret) {
  const auto ciphertext = key_of<MlKemCiphertext>(ByteView(bytes_of(test_case, "c")));
  EXPECT_TRUE(mlkem_decapsulate(key, ciphertext) == key_of<MlKemSharedSecret>(ByteView(secret)));
}

json read_acvp(const std::string& mode) {
  return read_vectors("fips203",
                      "tests/nist_vectors/ML-KEM-" + mode + "-FIPS203/internalProjection.json");
}

TEST_F(PublishedVectorsTest, MlKemKeyGenerationAgreesWithNist) {
  std::size_t checked = 0;
  for_each_case(read_acvp("keyGen"), [&checked](const json& group, const json& test_case) {
    if (!is_768(group)) return;
    Bytes seed = bytes_of(test_case, "d");
    const Bytes z = bytes_of(test_case, "z");
    seed.insert(seed.end(), z.begin(), z.end());
    expect_keys(MlKemKeyPair::from_seed(key_of<MlKemSeed>(ByteView(seed))), test_case);
    ++checked;
  });
  EXPECT_GE(checked, 25U);
}

TEST_F(PublishedVectorsTest, MlKemEncapsulationAndDecapsulationAgreeWithNist) {
  std::size_t encapsulated = 0;
  std::size_t rejected = 0;
  std::size_t decapsulated = 0;
  for_each_case(read_acvp("encapDecap"), [&](const json& group, const json& test_case) {
    if (!is_768(group)) return;
    const Bytes secret = bytes_of(test_case, "k");
    if (group.at("function") == "encapsulation") {
      expect_encapsulation(test_case, secret);
      expect_decapsulation(key_of<MlKemDecapsulationKey>(ByteView(bytes_of(test_case, "dk"))),
                           test_case, secret);
      ++encapsulated;
    } else {
      expect_decapsulation(key_of<MlKemDecapsulationKey>(ByteView(bytes_of(group, "dk"))),
                           test_case, secret);
      ++decapsulated;
      if (test_case.at("reason") != "no modification") ++rejected;
    }
  });
  EXPECT_GE(encapsulated, 25U);
  EXPECT_GE(decapsulated, 10U);
  EXPECT_GE(rejected, 1U);
}

TEST_F(PublishedVectorsTest, MlKemKeyGenerationAgreesWithWycheproof) {
  EXPECT_GE(for_each_case(read_wycheproof("mlkem_768_keygen_seed"),
                          [](const json&, const json& test_case) {
                            ASSERT_TRUE(is_valid(test_case));
                            const Bytes seed = bytes_of(test_case, "seed");
                            expect_keys(MlKemKeyPair::from_seed(key_of<MlKemSeed>(ByteView(seed))),
                                        test_case);
                          }),
            100U);
}

TEST_F(PublishedVectorsTest, MlKemEncapsulationAgreesWithWycheproof) {
  std::size_t overflows = 0;
  EXPECT_GE(for_each_case(read_wycheproof("mlkem_768_encaps"),
                          [&overflows](const json&, const json& test_case) {
                            if (is_valid(test_case)) {
                              expect_encapsulation(test_case, bytes_of(test_case, "K"));
                              return;
                            }
                            const auto key = MlKemPublicKey::from_bytes(bytes_of(test_case, "ek"));
                            if (!key) return;
                            GivenRng m(bytes_of(test_case, "m"));
                            EXPECT_FALSE(mlkem_encapsulate(*key, m));
                            ++overflows;
                          }),
            265U);
  EXPECT_GE(overflows, 12U);
}

// Keys from seeds; ciphertexts good, rejected implicitly, and of a wrong size.
TEST_F(PublishedVectorsTest, MlKemDecapsulationAgreesWithWycheproof) {
  std::size_t decapsulated = 0;
  EXPECT_GE(for_each_case(read_wycheproof("mlkem_768"),
                          [&decapsulated](const json&, const json& test_case) {
                            const Bytes seed = bytes_of(test_case, "seed");
                            const Bytes ciphertext = bytes_of(test_case, "c");
                            if (seed.size() != MlKemSeed::kSize ||
                                ciphertext.size() != MlKemCiphertext::kSize) {
                              EXPECT_FALSE(is_valid(test_case));
                              return;
                            }
                            ASSERT_TRUE(is_valid(test_case));
                            const auto pair =
                                MlKemKeyPair::from_seed(key_of<MlKemSeed>(ByteView(seed)));
                            expect_decapsulation(pair.secret, test_case, bytes_of(test_case, "K"));
                            ++decapsulated;
                          }),
            201U);
  EXPECT_GE(decapsulated, 161U);
}

// The invalid cases of this file are expanded keys that contradict themselves. Ours are always
// expanded from a seed, so only the valid ones apply.
TEST_F(PublishedVectorsTest, MlKemDecapsulationWithExpandedKeysAgreesWithWycheproof) {
  std::size_t decapsulated = 0;
  for_each_case(read_wycheproof("mlkem_768_semi_expanded_decaps"),
                [&decapsulated](const json&, const json& test_case) {
                  if (!is_valid(test_case)) return;
                  expect_decapsulation(
                      key_of<MlKemDecapsulationKey>(ByteView(bytes_of(test_case, "dk"))), test_case,
                      bytes_of(test_case, "K"));
                  ++decapsulated;
                });
  EXPECT_GE(decapsulated, 3U);
}

}  // namespace
}  // namespace zerok::crypto
