// SPDX-License-Identifier: MIT OR Apache-2.0
#include "crypto/cpace.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "crypto/testing/hex.h"

namespace zerok::crypto {
namespace {

using testing::counting_bytes;
using testing::hex;

using Role = Cpace::Role;
using Values = std::map<std::string, Bytes>;

// `name = hex` lines; the two sections of the file share no name.
Values published_values() {
  std::ifstream file(ZEROK_SOURCE_DIR "/tests/vectors/cpace_ristretto255_sha512.txt");
  Values values;
  for (std::string line; std::getline(file, line);) {
    const auto equals = line.find(" = ");
    if (line.starts_with('#') || equals == std::string::npos) continue;
    values.emplace(line.substr(0, equals), hex(std::string_view(line).substr(equals + 3)));
  }
  return values;
}

// Gives one scalar of 32 bytes to whoever draws 64.
class ScalarRng final : public Rng {
 public:
  explicit ScalarRng(const Bytes& scalar) : scalar_(scalar) {}
  void fill(MutableByteView out) override {
    std::ranges::fill(out, std::uint8_t{0});
    std::ranges::copy(scalar_, out.begin());
  }

 private:
  const Bytes& scalar_;
};

struct Side {
  Bytes password = {1, 2, 3};
  Bytes channel = {4};
  Bytes session = counting_bytes(16);
  Bytes data = {7, 7};

  CpaceSetup setup() const { return {password, channel, session}; }
};

struct Keys {
  CpaceKey initiator;
  CpaceKey responder;
  bool agree() const { return initiator == responder; }
};

// Both sides' exchange, with the responder's view of the initiator's data as a third party made it.
Keys exchange(const Side& a, const Side& b, const std::optional<Bytes>& a_data_seen = {}) {
  DeterministicRng rng(3);
  auto initiator = Cpace::start(Role::kInitiator, a.setup(), a.data, rng).value();
  auto responder = Cpace::start(Role::kResponder, b.setup(), b.data, rng).value();
  const auto a_share = initiator.share().encoding();
  const auto b_share = responder.share().encoding();
  return {std::move(initiator).finish(b_share.bytes(), b.data).value(),
          std::move(responder).finish(a_share.bytes(), a_data_seen.value_or(a.data)).value()};
}

TEST(CpaceTest, AgreesWithTheVectorsOfTheDraft) {
  Values v = published_values();
  ASSERT_EQ(v.size(), 18u);
  const CpaceSetup setup{v["PRS"], v["CI"], v["sid"]};
  ScalarRng a_rng(v["ya"]);
  ScalarRng b_rng(v["yb"]);
  auto a = Cpace::start(Role::kInitiator, setup, v["ADa"], a_rng).value();
  auto b = Cpace::start(Role::kResponder, setup, v["ADb"], b_rng).value();
  EXPECT_EQ(to_hex(a.share().encoding().bytes()), to_hex(v["Ya"]));
  EXPECT_EQ(to_hex(b.share().encoding().bytes()), to_hex(v["Yb"]));
  const auto a_key = std::move(a).finish(v["Yb"], v["ADb"]);
  const auto b_key = std::move(b).finish(v["Ya"], v["ADa"]);
  ASSERT_TRUE(a_key && b_key);
  EXPECT_EQ(to_hex(a_key->bytes()), to_hex(v["ISK_IR"]));
  EXPECT_EQ(to_hex(b_key->bytes()), to_hex(v["ISK_IR"]));
}

TEST(CpaceTest, MultipliesAsTheDraftsVectorSays) {
  Values v = published_values();
  Bytes wide = v["s"];
  wide.resize(64);
  const auto scalar = RistrettoScalar::from_wide_bytes(std::span<const std::uint8_t, 64>(wide));
  const auto element = RistrettoElement::decode(v["X"]);
  ASSERT_TRUE(scalar && element);
  EXPECT_EQ(to_hex(RistrettoSecretElement::multiply(*scalar, *element).encoding().bytes()),
            to_hex(v["product"]));
}

TEST(CpaceTest, AbortsOnTheDraftsInvalidShares) {
  Values v = published_values();
  for (const char* name : {"Y_i1", "Y_i2"}) {
    for (const Role role : {Role::kInitiator, Role::kResponder}) {
      DeterministicRng rng(1);
      auto side = Cpace::start(role, Side().setup(), {}, rng).value();
      const auto key = std::move(side).finish(v[name], {});
      ASSERT_FALSE(key) << name;
      EXPECT_EQ(key.error().code, ErrorCode::kCryptoFailed);
    }
  }
}

TEST(CpaceTest, AbortsOnAShareOfAnotherSize) {
  Values v = published_values();
  for (std::size_t size = 0; size <= 33; ++size) {
    if (size == 32) continue;
    Bytes share = v["Ya"];
    share.resize(size);
    DeterministicRng rng(1);
    auto side = Cpace::start(Role::kResponder, Side().setup(), {}, rng).value();
    EXPECT_FALSE(std::move(side).finish(share, {}));
  }
}

TEST(CpaceTest, GivesBothSidesOneKeyForPasswordsOfAnyLength) {
  // Around the lengths where the zeros end and where a length takes two bytes.
  for (const unsigned size : {0U, 1U, 90U, 107U, 108U, 109U, 110U, 127U, 128U, 129U, 300U}) {
    Side side;
    side.password = counting_bytes(size);
    EXPECT_TRUE(exchange(side, side).agree()) << size;
  }
}

TEST(CpaceTest, GivesDifferentKeysForAnyDifferentInput) {
  const Side a;
  ASSERT_TRUE(exchange(a, a).agree());
  Side other = a;
  other.password.back() ^= 1;
  EXPECT_FALSE(exchange(a, other).agree());
  other = a;
  other.channel = {5};
  EXPECT_FALSE(exchange(a, other).agree());
  other = a;
  other.session.pop_back();
  EXPECT_FALSE(exchange(a, other).agree());
  // A byte moved from one input to the next.
  other = a;
  other.password = {1, 2};
  other.channel = {3, 4};
  EXPECT_FALSE(exchange(a, other).agree());
  EXPECT_FALSE(exchange(a, a, Bytes{7}).agree());
  EXPECT_FALSE(exchange(a, a, Bytes{7, 7, 7}).agree());
}

TEST(CpaceTest, GivesDifferentKeysInTheSameRoleOnBothSides) {
  DeterministicRng rng(3);
  const Side side;
  auto one = Cpace::start(Role::kInitiator, side.setup(), side.data, rng).value();
  auto two = Cpace::start(Role::kInitiator, side.setup(), side.data, rng).value();
  const auto one_share = one.share().encoding();
  const auto two_share = two.share().encoding();
  EXPECT_NE(one_share, two_share);
  EXPECT_FALSE(std::move(one).finish(two_share.bytes(), side.data).value() ==
               std::move(two).finish(one_share.bytes(), side.data).value());
}

}  // namespace
}  // namespace zerok::crypto
