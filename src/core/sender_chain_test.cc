// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/sender_chain.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "core/sender_chains.h"
#include "core/testing/blob_sample.h"

namespace zerok::core {
namespace {

DeviceId device(std::uint8_t n) {
  DeviceId id;
  id.mutable_bytes()[0] = n;
  return id;
}

const DeviceId kSender = device(1);
const DeviceId kWitness = device(2);

// A chain of real contents; link(n) is what a receiver sees of the n-th.
class Sender {
 public:
  struct Link {
    std::uint64_t sequence;
    ChainHash previous;
    ChainHash hash;
  };

  explicit Sender(std::size_t size) {
    BlobHeader header = testing::sample_header();
    for (std::uint64_t n = 1; n <= size; ++n) {
      header.sequence = n;
      header.lamport = n;
      const auto content = BlobContent::make(header, {}).value();
      links_.push_back({n, header.previous, content.chain_hash()});
      header.previous = content.chain_hash();
    }
  }
  const Link& link(std::uint64_t n) const { return links_[n - 1]; }
  ChainPosition position(std::uint64_t n) const { return {n, link(n).hash}; }

 private:
  std::vector<Link> links_;
};

Receipt receive(SenderChain& chain, const Sender::Link& link) {
  return chain.receive(link.sequence, link.previous, link.hash).receipt;
}

ChainHash other_hash(ChainHash hash) {
  hash.mutable_bytes()[5] ^= 1;
  return hash;
}

TEST(SenderChainTest, FollowsContentsThatComeInOrderAndKnowsThemAgain) {
  const Sender sender(4);
  SenderChain chain(kSender);
  for (std::uint64_t n = 1; n <= 4; ++n) {
    EXPECT_EQ(receive(chain, sender.link(n)), Receipt::kNext);
    EXPECT_EQ(chain.head(), sender.position(n));
    EXPECT_EQ(receive(chain, sender.link(n)), Receipt::kDuplicate);
  }
  EXPECT_EQ(receive(chain, sender.link(2)), Receipt::kHeld);
  EXPECT_TRUE(chain.gaps().empty());
}

TEST(SenderChainTest, HoldsWhatComesAheadUntilItsGapFills) {
  const Sender sender(6);
  SenderChain chain(kSender);
  EXPECT_EQ(receive(chain, sender.link(3)), Receipt::kAhead);
  EXPECT_EQ(receive(chain, sender.link(6)), Receipt::kAhead);
  EXPECT_EQ(receive(chain, sender.link(6)), Receipt::kDuplicate);
  using Interval = SenderChain::Interval;
  EXPECT_EQ(chain.gaps(), (std::vector<Interval>{{1, 2}, {4, 5}}));
  EXPECT_EQ(receive(chain, sender.link(4)), Receipt::kAhead);
  EXPECT_EQ(receive(chain, sender.link(1)), Receipt::kNext);
  EXPECT_EQ(chain.gaps(), (std::vector<Interval>{{2, 2}, {5, 5}}));
  EXPECT_EQ(receive(chain, sender.link(2)), Receipt::kNext);
  EXPECT_EQ(chain.head(), sender.position(4));
  EXPECT_EQ(receive(chain, sender.link(5)), Receipt::kNext);
  EXPECT_EQ(chain.head(), sender.position(6));
}

// Against a plain set, in any order and with repetitions.
TEST(SenderChainTest, AgreesWithAPlainSetWhateverTheOrder) {
  constexpr std::uint64_t kSize = 40;
  const Sender sender(kSize);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    DeterministicRng rng(seed);
    SenderChain chain(kSender);
    std::set<std::uint64_t> held;
    for (int step = 0; step < 120; ++step) {
      const std::uint64_t n = 1 + rng.below(kSize);
      const Receipt receipt = receive(chain, sender.link(n));
      const bool is_new = held.insert(n).second;
      ASSERT_EQ(is_new, receipt == Receipt::kNext || receipt == Receipt::kAhead);
      std::uint64_t head = 0;
      while (held.contains(head + 1)) ++head;
      ASSERT_EQ(chain.head().sequence, head);
      if (head > 0) {
        ASSERT_EQ(chain.head(), sender.position(head));
      }
      std::set<std::uint64_t> missing;
      for (const auto& gap : chain.gaps()) {
        for (std::uint64_t i = gap.first; i <= gap.last; ++i) missing.insert(i);
      }
      for (std::uint64_t i = 1; i <= kSize; ++i) {
        ASSERT_EQ(chain.holds(i), held.contains(i));
        ASSERT_EQ(missing.contains(i), i < *held.rbegin() && !held.contains(i));
      }
    }
  }
}

// One content of the chain exists in two versions; both reach the device, or one and what follows
// the other.
TEST(SenderChainTest, NoticesAForkWhateverTheOrder) {
  constexpr std::uint64_t kSize = 12;
  const Sender sender(kSize);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    DeterministicRng rng(seed);
    const std::uint64_t forked = 1 + rng.below(kSize - 1);
    std::vector<std::uint64_t> order(kSize);
    std::iota(order.begin(), order.end(), 1U);
    for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[rng.below(i + 1)]);
    SenderChain chain(kSender);
    int contradictions = 0;
    for (const std::uint64_t n : order) {
      Sender::Link link = sender.link(n);
      if (n == forked) link.hash = other_hash(link.hash);
      const auto received = chain.receive(link.sequence, link.previous, link.hash);
      if (received.receipt != Receipt::kContradiction) continue;
      ++contradictions;
      ASSERT_TRUE(received.evidence);
      EXPECT_EQ(received.evidence->sequence, forked);
      EXPECT_NE(received.evidence->held, received.evidence->other);
    }
    EXPECT_EQ(contradictions, 1) << seed;
    EXPECT_LT(chain.head().sequence, kSize);
  }
}

TEST(SenderChainTest, RefusesASecondContentUnderOneNumberAtTheHead) {
  const Sender sender(2);
  SenderChain chain(kSender);
  receive(chain, sender.link(1));
  Sender::Link other = sender.link(1);
  other.hash = other_hash(other.hash);
  EXPECT_EQ(receive(chain, other), Receipt::kContradiction);
  EXPECT_EQ(chain.head(), sender.position(1));
  EXPECT_EQ(receive(chain, sender.link(2)), Receipt::kNext);
}

TEST(SenderChainTest, HoldsSignedHeadsAgainstWhatItHas) {
  const Sender sender(5);
  SenderChain chain(kSender);
  for (std::uint64_t n = 1; n <= 3; ++n) receive(chain, sender.link(n));
  EXPECT_EQ(chain.claim(kWitness, {}).check, ClaimCheck::kAgrees);
  EXPECT_EQ(chain.claim(kWitness, sender.position(3)).check, ClaimCheck::kAgrees);
  EXPECT_EQ(chain.claim(kWitness, sender.position(2)).check, ClaimCheck::kHeld);
  EXPECT_EQ(chain.claim(kWitness, sender.position(5)).check, ClaimCheck::kUnseen);
  ASSERT_TRUE(chain.claimed_beyond());
  EXPECT_EQ(chain.claimed_beyond()->witness, kWitness);
  EXPECT_EQ(chain.claimed_beyond()->position, sender.position(5));
  const auto wrong = chain.claim(kWitness, {3, other_hash(sender.link(3).hash)});
  EXPECT_EQ(wrong.check, ClaimCheck::kContradiction);
  ASSERT_TRUE(wrong.evidence);
  EXPECT_EQ(wrong.evidence->witness, kWitness);
  // The next one names it as previous, though it is not here.
  receive(chain, sender.link(5));
  EXPECT_FALSE(chain.claimed_beyond());
  EXPECT_EQ(chain.claim(kWitness, {4, other_hash(sender.link(4).hash)}).check,
            ClaimCheck::kContradiction);
}

TEST(SenderChainTest, TakesTheSendersOwnWordAgainstAForgedContent) {
  const Sender sender(2);
  Sender::Link forged = sender.link(2);
  forged.hash = other_hash(forged.hash);
  SenderChain chain(kSender);
  receive(chain, sender.link(1));
  ASSERT_EQ(chain.claim(kSender, sender.position(2)).check, ClaimCheck::kUnseen);
  EXPECT_EQ(receive(chain, forged), Receipt::kContradiction);
  EXPECT_EQ(receive(chain, sender.link(2)), Receipt::kNext);
}

TEST(SenderChainTest, KeepsAContentThatAnotherDeviceOnlyCallsWrongAndReportsIt) {
  const Sender sender(2);
  SenderChain chain(kSender);
  receive(chain, sender.link(1));
  chain.claim(kWitness, {2, other_hash(sender.link(2).hash)});
  const auto& link = sender.link(2);
  const auto received = chain.receive(link.sequence, link.previous, link.hash);
  EXPECT_EQ(received.receipt, Receipt::kNext);
  ASSERT_TRUE(received.evidence);
  EXPECT_EQ(received.evidence->witness, kWitness);
  EXPECT_EQ(received.evidence->other, link.hash);
}

TEST(SenderChainTest, GoesOnFromWhatASnapshotCovers) {
  const Sender sender(9);
  SenderChain chain(kSender);
  for (const std::uint64_t n : {1U, 4U, 5U, 7U, 9U}) receive(chain, sender.link(n));
  EXPECT_TRUE(chain.cover({3, other_hash(sender.link(3).hash)}));
  EXPECT_EQ(chain.head(), sender.position(1));
  EXPECT_FALSE(chain.cover(sender.position(3)));
  EXPECT_EQ(chain.head(), sender.position(5));
  EXPECT_FALSE(chain.cover(sender.position(2)));
  EXPECT_EQ(chain.head(), sender.position(5));
  EXPECT_FALSE(chain.cover(sender.position(8)));
  EXPECT_EQ(chain.head(), sender.position(9));
  EXPECT_TRUE(chain.gaps().empty());
}

TEST(SenderChainTest, SkipsAGapOnlyWhenTold) {
  const Sender sender(6);
  SenderChain chain(kSender);
  EXPECT_FALSE(chain.skip_gap());
  for (const std::uint64_t n : {1U, 3U, 6U}) receive(chain, sender.link(n));
  EXPECT_EQ(chain.skip_gap(), (SenderChain::Interval{2, 2}));
  EXPECT_EQ(chain.head(), sender.position(3));
  EXPECT_EQ(chain.gaps(), (std::vector<SenderChain::Interval>{{4, 5}}));
}

TEST(SenderChainTest, HoldsABoundedNumberOfGaps) {
  constexpr std::uint64_t kSize = 2 * SenderChain::kGapsMax + 4;
  const Sender sender(kSize);
  SenderChain chain(kSender);
  for (std::uint64_t n = 2; n <= 2 * SenderChain::kGapsMax; n += 2) {
    ASSERT_EQ(receive(chain, sender.link(n)), Receipt::kAhead);
  }
  EXPECT_EQ(receive(chain, sender.link(kSize)), Receipt::kTooManyGaps);
  EXPECT_FALSE(chain.holds(kSize));
  // What makes no new gap is taken.
  EXPECT_EQ(receive(chain, sender.link(3)), Receipt::kAhead);
  EXPECT_EQ(receive(chain, sender.link(1)), Receipt::kNext);
  EXPECT_EQ(chain.head().sequence, 4u);
  EXPECT_EQ(receive(chain, sender.link(kSize)), Receipt::kAhead);
}

TEST(SenderChainsTest, TellsSendersAndIncarnationsApartWithinBounds) {
  SenderChains chains;
  const auto key = [](std::uint8_t sender, std::size_t n) {
    SenderChains::Key out{device(sender), {}};
    store_be32(out.incarnation.mutable_bytes(), static_cast<std::uint32_t>(n));
    return out;
  };
  const Sender sender(1);
  SenderChain* first = chains.open(key(1, 0)).value();
  receive(*first, sender.link(1));
  EXPECT_EQ(chains.open(key(1, 0)).value(), first);
  EXPECT_EQ(chains.open(key(1, 1)).value()->head().sequence, 0u);
  for (std::size_t n = 2; n < SenderChains::kIncarnationsMax; ++n) {
    ASSERT_TRUE(chains.open(key(1, n)));
  }
  EXPECT_EQ(chains.open(key(1, 1000)).error().code, ErrorCode::kOverloaded);
  EXPECT_TRUE(chains.open(key(1, 3)));
  EXPECT_TRUE(chains.open(key(2, 0)));
  chains.forget(device(1));
  EXPECT_EQ(chains.find(key(1, 0)), nullptr);
  EXPECT_EQ(chains.all().size(), 1u);
}

}  // namespace
}  // namespace zerok::core
