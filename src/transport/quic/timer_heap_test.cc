// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "transport/quic/source_limiter.h"

namespace zerok::transport {
namespace {

struct Item {
  Instant deadline = kNever;
  std::size_t heap_at = kNowhere;
};

TEST(TimerHeapTest, AlwaysShowsTheEarliestDeadlineHoweverTheyChange) {
  DeterministicRng rng(3);
  std::vector<Item> items(50);
  TimerHeap<Item> heap;
  for (int i = 0; i < 20'000; ++i) {
    Item& item = items[rng.below(items.size())];
    if (rng.below(4) == 0) {
      heap.remove(item);
      item.deadline = kNever;
    } else {
      heap.set(item, Instant(Duration(static_cast<Duration::rep>(rng.below(1'000)))));
    }
    Instant earliest = kNever;
    std::size_t present = 0;
    for (const Item& each : items) {
      if (each.heap_at == kNowhere) continue;
      ++present;
      earliest = std::min(earliest, each.deadline);
    }
    ASSERT_EQ(heap.next(), earliest);
    ASSERT_EQ(heap.size(), present);
  }
}

TEST(SourceLimiterTest, TakesAnIpv6NetworkForOneSourceAndProvenAddressesForAnother) {
  const auto source = [](std::string_view text, bool proven) {
    return SourceLimiter::source_of(*SocketAddress::parse(text), proven);
  };
  EXPECT_EQ(source("[2001:db8::1]:1", false), source("[2001:db8::ffff:2]:9", false));
  EXPECT_NE(source("[2001:db8::1]:1", false), source("[2001:db8:0:1::1]:1", false));
  EXPECT_EQ(source("10.0.0.1:1", false), source("10.0.0.1:2", false));
  EXPECT_NE(source("10.0.0.1:1", false), source("10.0.0.2:1", false));
  EXPECT_NE(source("10.0.0.1:1", false), source("10.0.0.1:1", true));
}

TEST(SourceLimiterTest, StaysWithinItsTableAndForgetsSourcesThatAreQuietAgain) {
  QuicConfig config;
  config.sources_max = 100;
  config.handshakes_per_minute = 60;
  SourceLimiter limiter(config);
  const auto source = [](std::uint8_t high, std::uint8_t low) {
    return SourceLimiter::source_of(SocketAddress::ipv4({10, 0, high, low}, 1), false);
  };
  Instant now{};
  for (std::uint8_t i = 0; i < 100; ++i) {
    EXPECT_TRUE(limiter.admit(source(0, i), now));
    limiter.finished(source(0, i));
  }
  EXPECT_FALSE(limiter.admit(source(1, 0), now));
  EXPECT_EQ(limiter.size(), 100U);
  now += std::chrono::seconds(5);
  EXPECT_TRUE(limiter.admit(source(1, 0), now));
  EXPECT_EQ(limiter.size(), 1U);
}

}  // namespace
}  // namespace zerok::transport
