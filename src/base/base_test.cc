// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <type_traits>

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/secret.h"
#include "base/system_clock.h"
#include "base/time.h"

namespace zerok {
namespace {

TEST(BytesTest, HexRoundTripsAndRefusesWhatIsNotHex) {
  const Bytes all = {0x00, 0x01, 0x7f, 0x80, 0xff};
  EXPECT_EQ(to_hex(all), "00017f80ff");
  EXPECT_EQ(from_hex("00017F80ff"), all);
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("0x00"));
}

TEST(BytesTest, Base64AgreesWithRfc4648Section10) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), text);
    const auto back = from_base64(text);
    ASSERT_TRUE(back);
    EXPECT_EQ(std::string(back->begin(), back->end()), plain);
  }
}

TEST(BytesTest, Base64RefusesEverySecondSpellingOfAValue) {
  for (const char* bad :
       {"Zg", "Zg=", "Zh==", "Zm9=", "=Zg=", "Zg==Zg==", "Z===", "====", "Zm9v\n"}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(BytesTest, Base32AgreesWithRfc4648Section10) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "my"},
                                                         {"fo", "mzxq"},
                                                         {"foo", "mzxw6"},
                                                         {"foob", "mzxw6yq"},
                                                         {"fooba", "mzxw6ytb"},
                                                         {"foobar", "mzxw6ytboi"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base32(as_bytes(plain)), text);
    const auto back = from_base32(text);
    ASSERT_TRUE(back);
    EXPECT_EQ(std::string(back->begin(), back->end()), plain);
  }
  EXPECT_EQ(from_base32("MZXW6"), from_base32("mzxw6"));
  for (const char* bad : {"m", "mz=", "mzx", "mzxw6y", "mz", "m1", "mzxw6 "}) {
    EXPECT_FALSE(from_base32(bad)) << bad;
  }
}

TEST(BytesTest, TextFormsRoundTripForEveryLength) {
  DeterministicRng rng(6);
  for (std::size_t size = 0; size < 70; ++size) {
    Bytes bytes(size);
    rng.fill(bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_base32(to_base32(bytes)), bytes);
  }
}

TEST(BytesTest, WithAnyCharacterChangedATextIsRefusedOrIsAnotherValuesText) {
  const Bytes bytes = {0xfb, 0xef, 0xbe, 0x01};
  const std::string base64 = to_base64(bytes), base32 = to_base32(bytes);
  for (int c = 0; c < 256; ++c) {
    for (std::size_t at = 0; at < base64.size(); ++at) {
      std::string text = base64;
      text[at] = static_cast<char>(c);
      const auto value = from_base64(text);
      if (value) {
        EXPECT_EQ(to_base64(*value), text);
      }
    }
    for (std::size_t at = 0; at < base32.size(); ++at) {
      if (c >= 'A' && c <= 'Z') continue;  // the other case is accepted on purpose
      std::string text = base32;
      text[at] = static_cast<char>(c);
      const auto value = from_base32(text);
      if (value) {
        EXPECT_EQ(to_base32(*value), text);
      }
    }
  }
}

TEST(BytesTest, BigEndianLoadsReadWhatStoresWrote) {
  ByteArray<8> buffer;
  store_be64(buffer, 0x0102030405060708);
  EXPECT_EQ(to_hex(buffer), "0102030405060708");
  EXPECT_EQ(load_be64(buffer), 0x0102030405060708u);
  EXPECT_EQ(load_be32(buffer), 0x01020304u);
  EXPECT_EQ(load_be16(buffer), 0x0102u);
}

TEST(SecretTest, MovesClearTheSourceAndNothingCopies) {
  static_assert(!std::is_copy_constructible_v<Secret<32>>);
  static_assert(!std::is_copy_assignable_v<Secret<32>>);
  static_assert(!fmt::is_formattable<Secret<32>>::value);
  ByteArray<4> bytes = {1, 2, 3, 4};
  Secret<4> a(bytes);
  Secret<4> b(std::move(a));
  // Reading what was moved away is the point here. NOLINTNEXTLINE(bugprone-use-after-move)
  EXPECT_EQ(to_hex(a.bytes()), "00000000");
  EXPECT_EQ(to_hex(b.bytes()), "01020304");
  Secret<4> c;
  EXPECT_FALSE(c == b);
  c = std::move(b);
  EXPECT_EQ(to_hex(b.bytes()), "00000000");  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(to_hex(c.bytes()), "01020304");
}

TEST(SecretTest, ComparesWholeAndSurvivesMovingToItself) {
  ByteArray<4> bytes = {1, 2, 3, 4};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ByteArray<4> other = bytes;
    other[i] ^= 0x80;
    EXPECT_FALSE(Secret<4>(bytes) == Secret<4>(other)) << i;
  }
  EXPECT_TRUE(Secret<4>(bytes) == Secret<4>(bytes));
  EXPECT_FALSE(constant_time_equal(bytes, ByteView(bytes).first(3)));
  EXPECT_TRUE(constant_time_equal({}, {}));
  Secret<4> a(bytes);
  Secret<4>& same = a;
  a = std::move(same);
  EXPECT_EQ(to_hex(a.bytes()), "01020304");
}

TEST(SecretTest, IsClearedWhenItDies) {
  alignas(Secret<32>) unsigned char storage[sizeof(Secret<32>)];
  auto* secret = new (storage) Secret<32>;
  for (auto& b : secret->mutable_bytes()) b = 0xa5;
  secret->~Secret();
  EXPECT_EQ(to_hex(ByteView(storage, 32)), std::string(64, '0'));
}

TEST(IdTest, FormatsOnlyItsBlindedForm) {
  EndpointId id;
  for (auto& b : id.mutable_bytes()) b = 0x42;
  const std::string shown = fmt::format("{}", id);
  EXPECT_EQ(shown.size(), std::string("endpoint#").size() + 6);
  EXPECT_EQ(shown.find("4242"), std::string::npos);
  EXPECT_EQ(shown, fmt::format("{}", id));
  static_assert(!std::is_convertible_v<EndpointId, DeviceId>);
  EXPECT_FALSE(EndpointId::from_bytes(Bytes(31)));
  EXPECT_FALSE(EndpointId::from_bytes(Bytes(33)));
  EXPECT_EQ(EndpointId::from_bytes(Bytes(32, 0x42)), id);
  EXPECT_NE(EndpointId::from_bytes(Bytes(32, 0x43)), id);
}

TEST(IdTest, AnotherProcessBlindsTheSameIdentifierDifferently) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a new process, not a fork of this one
  const std::string here = blind(Bytes(32, 0x42));
  EXPECT_EXIT(
      {
        std::fprintf(stderr, "blinded: %s\n", blind(Bytes(32, 0x42)).c_str());
        std::exit(0);
      },
      testing::ExitedWithCode(0),
      testing::AllOf(testing::HasSubstr("blinded: "), testing::Not(testing::HasSubstr(here))));
}

TEST(RngTest, TheSameSeedGivesTheSameBytesAndForksDiffer) {
  DeterministicRng a(7), b(7), c(8);
  EXPECT_EQ(a.next_u64(), b.next_u64());
  EXPECT_NE(a.next_u64(), c.next_u64());
  auto child = a.fork();
  EXPECT_NE(child.next_u64(), a.next_u64());
}

// The simulator's seeds must mean the same for ever. The numbers are those of the published
// algorithms (Blackman and Vigna, xoshiro256++ seeded by splitmix64), from a program of their own
// that also gives the authors' first outputs for the state 1, 2, 3, 4.
TEST(RngTest, TheSequenceOfASeedNeverChanges) {
  DeterministicRng zero(0), one(1);
  EXPECT_EQ(zero.next_u64(), 0x53175d61490b23dfu);
  EXPECT_EQ(zero.next_u64(), 0x61da6f3dc380d507u);
  EXPECT_EQ(zero.next_u64(), 0x5c0fdf91ec9a7bfcu);
  EXPECT_EQ(one.next_u64(), 0xcfc5d07f6f03c29bu);
  ByteArray<11> bytes;
  one.fill(bytes);
  EXPECT_EQ(to_hex(bytes), "bf424132963fe08d19a37d");
}

TEST(RngTest, FillsWhateverTheSizeAndEmptyDrawsNothing) {
  DeterministicRng a(5), b(5);
  a.fill({});
  EXPECT_EQ(a.next_u64(), b.next_u64());
  SystemRng system;
  Bytes before(1000), after(1000);
  system.fill(after);
  EXPECT_NE(before, after);
  system.fill({});
}

TEST(RngTest, BelowIsFairWhereTheModuloWouldNotBe) {
  // Three quarters of the range: plain modulo would hit the lower third twice as often.
  const std::uint64_t bound = std::uint64_t{3} << 62;
  DeterministicRng rng(2);
  int low = 0;
  for (int i = 0; i < 3000; ++i) low += rng.below(bound) < bound / 3 ? 1 : 0;
  EXPECT_NEAR(low, 1000, 120);
  EXPECT_EQ(rng.below(1), 0u);
}

TEST(RngTest, BelowReachesEveryValueAndNeverTheBound) {
  DeterministicRng rng(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(rng.below(7));
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(*seen.rbegin(), 6u);
}

TEST(RngTest, TheSystemGeneratorDoesNotRepeatItself) {
  SystemRng rng;
  EXPECT_NE(rng.next_u64(), rng.next_u64());
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorCode::kInvalidArgument, "odd");
  return value / 2;
}
Result<int> quarter(int value) {
  ZEROK_TRY(const int once, half(value));
  ZEROK_TRY(const int twice, half(once));
  return twice;
}
Result<void> check_quarter(int value) {
  ZEROK_TRY_VOID(quarter(value));
  return {};
}

TEST(ErrorTest, EveryCodeHasItsOwnNameAndNumber) {
  std::set<std::string_view> names;
  for (std::uint16_t number = 1; number <= 24; ++number) {
    const std::string_view name = error_code_name(static_cast<ErrorCode>(number));
    EXPECT_NE(name, "unknown") << number;
    EXPECT_TRUE(names.insert(name).second) << number;
  }
  EXPECT_EQ(error_code_name(static_cast<ErrorCode>(0)), "unknown");
  EXPECT_EQ(error_code_name(static_cast<ErrorCode>(25)), "unknown");
  // Part of the C ABI: spot checks against renumbering.
  EXPECT_EQ(error_code_name(static_cast<ErrorCode>(10)), "crypto_failed");
  EXPECT_EQ(error_code_name(static_cast<ErrorCode>(24)), "no_memory");
}

TEST(ResultTest, TryHandsTheErrorToTheCaller) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(quarter(6).error().text.view(), "odd");
  EXPECT_TRUE(check_quarter(4));
  EXPECT_FALSE(check_quarter(5));
}

TEST(TimeTest, AddingPastTheEndStaysAtNever) {
  EXPECT_EQ(saturating_add(kNever, std::chrono::seconds(1)), kNever);
  EXPECT_EQ(saturating_add(Instant(), Duration::max()), kNever);
  EXPECT_EQ(saturating_add(Instant(), Duration(5)), Instant(Duration(5)));
  EXPECT_EQ(saturating_add(kNever, Duration(-5)), kNever);
  EXPECT_EQ(saturating_add(kNever - Duration(5), Duration(5)), kNever);
  EXPECT_EQ(saturating_add(kNever - Duration(6), Duration(5)), kNever - Duration(1));
  EXPECT_EQ(saturating_add(Instant::min() + Duration(4), Duration(-5)), Instant::min());
  EXPECT_EQ(saturating_add(Instant(), Duration(-5)), Instant(Duration(-5)));
}

TEST(TimeTest, TheMonotonicClockMovesForward) {
  const Instant first = monotonic_now();
  Instant second = monotonic_now();
  while (second == first) second = monotonic_now();
  EXPECT_GT(second, first);
}

TEST(CheckDeathTest, AFalseAssertionStopsTheProgramAndSaysWhere) {
  EXPECT_DEATH(ZEROK_ASSERT(1 == 2), "'1 == 2' is false at .*base_test.cc");
}

}  // namespace
}  // namespace zerok
