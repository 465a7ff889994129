// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/client/log_reader.h"

#include <gtest/gtest.h>

namespace zerok::core {
namespace {

using Turn = LogReader::Turn;

class LogReaderTest : public ::testing::Test {
 protected:
  LogReaderTest() {
    for (std::uint8_t n = 0; n < 200; ++n) {
      wire::Line line;
      line.kind = wire::LineKind::kStub;
      line.blob.mutable_bytes()[0] = n;
      line.sender.mutable_bytes()[0] = 1;
      line.ciphertext_hash.mutable_bytes()[0] = n;
      line.reason = wire::StubReason::kExpired;
      log_.push_back(line);
    }
    limits_.pulls_max = 3;
  }
  wire::Position at(std::uint64_t cursor) const {
    wire::Position position;
    for (std::uint64_t n = 1; n <= cursor; ++n) {
      position = {
          n, extend_log_hash(position.log_hash, n, log_[n - 1].blob, log_[n - 1].ciphertext_hash)};
    }
    return position;
  }
  Bytes response(std::uint64_t after, std::size_t lines, std::uint64_t highest) const {
    wire::PullResponse out;
    out.before = at(after);
    out.highest = highest;
    for (std::size_t n = after; n < after + lines; ++n) out.lines.push_back(log_[n]);
    return out.encode().value();
  }
  // Asks for all that can be asked for now.
  std::vector<LogReader::Ask> ask() {
    std::vector<LogReader::Ask> asks;
    while (const auto next = reader_.next_ask(limits_, limits_.pull_bytes_max)) {
      reader_.asked(++request_, *next);
      asks.push_back(*next);
    }
    return asks;
  }
  std::size_t take() {
    std::size_t lines = 0;
    while (reader_.next_turn() == Turn::kTake) {
      while (reader_.take_next()) ++lines;
    }
    return lines;
  }

  std::vector<wire::Line> log_;
  ClientLimits limits_;
  LogReader reader_;
  std::uint32_t request_ = 0;
};

TEST_F(LogReaderTest, AsksForSeveralPartsAtOnceAndReadsThemInOrder) {
  reader_.begin({}, 150, 50, 1 << 20);
  const auto asks = ask();
  ASSERT_EQ(asks.size(), 3U);
  EXPECT_EQ(asks[2].after, 100U);
  // The last answer comes first.
  EXPECT_TRUE(reader_.answered(3, response(100, 50, 150)));
  EXPECT_EQ(take(), 0U);
  EXPECT_TRUE(reader_.answered(1, response(0, 50, 150)));
  EXPECT_EQ(take(), 50U);
  EXPECT_TRUE(reader_.answered(2, response(50, 50, 150)));
  EXPECT_EQ(take(), 100U);
  EXPECT_EQ(reader_.position(), at(150));
  EXPECT_TRUE(reader_.caught_up());
}

TEST_F(LogReaderTest, AsksAnewBehindAShortAnswer) {
  reader_.begin({}, 150, 50, 1 << 20);
  ask();
  EXPECT_TRUE(reader_.answered(1, response(0, 20, 150)));
  EXPECT_EQ(take(), 20U);
  // What was asked for behind it is not needed any more, and does no harm.
  EXPECT_TRUE(reader_.answered(2, response(50, 50, 150)));
  EXPECT_EQ(take(), 0U);
  const auto asks = ask();
  ASSERT_FALSE(asks.empty());
  EXPECT_EQ(asks[0].after, 20U);
}

TEST_F(LogReaderTest, NeverAsksBehindTheHighestLineItWasToldOf) {
  reader_.begin({}, 10, 50, 1 << 20);
  const auto asks = ask();
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_EQ(asks[0].lines_max, 10U);
  reader_.notified({.highest = 12, .line = {}}, true);
  const auto more = ask();
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].after, 10U);
  EXPECT_EQ(more[0].lines_max, 2U);
}

TEST_F(LogReaderTest, TellsAnotherLogFromALogThatBeginsLater) {
  reader_.begin(at(10), 150, 50, 1 << 20);
  ask();
  wire::PullResponse other;
  other.before = {10, at(11).log_hash};
  other.highest = 150;
  other.lines.push_back(log_[10]);
  EXPECT_TRUE(reader_.answered(1, other.encode().value()));
  EXPECT_EQ(reader_.next_turn(), Turn::kReset);
  reader_.begin(at(10), 150, 50, 1 << 20);
  ask();
  EXPECT_TRUE(reader_.answered(request_ - 2, response(30, 20, 150)));
  EXPECT_EQ(reader_.next_turn(), Turn::kLost);
}

TEST_F(LogReaderTest, RefusesAnAnswerThatDoesNotFitItsQuestion) {
  reader_.begin(at(10), 150, 50, 1 << 20);
  ask();
  EXPECT_FALSE(reader_.answered(1, response(5, 20, 150)));
  reader_.begin(at(10), 20, 50, 1 << 20);
  request_ = 0;
  ask();
  EXPECT_FALSE(reader_.answered(1, response(10, 20, 150)));  // more lines than asked for
  reader_.begin(at(10), 150, 50, 1 << 20);
  request_ = 0;
  ask();
  EXPECT_FALSE(reader_.answered(1, Bytes{1, 2, 3}));
}

TEST_F(LogReaderTest, BelievesTheAnswerAboutTheHighestLineNotTheNotice) {
  reader_.begin(at(10), 10, 50, 1 << 20);
  EXPECT_TRUE(reader_.caught_up());
  reader_.notified({.highest = wire::kCountMax, .line = {}}, true);
  EXPECT_FALSE(reader_.caught_up());
  ASSERT_EQ(ask().size(), 1U);
  EXPECT_TRUE(reader_.answered(1, response(10, 0, 10)));
  EXPECT_EQ(take(), 0U);
  EXPECT_TRUE(reader_.caught_up());
  EXPECT_TRUE(ask().empty());
}

TEST_F(LogReaderTest, TakesTheLineOfANoticeOnlyIfItIsTheNextAndNothingIsAsked) {
  reader_.begin(at(10), 10, 50, 1 << 20);
  reader_.notified({.highest = 12, .line = wire::InlineLine{12, log_[11]}}, true);
  EXPECT_EQ(take(), 0U);
  reader_.begin(at(10), 10, 50, 1 << 20);
  reader_.notified({.highest = 11, .line = wire::InlineLine{11, log_[10]}}, false);
  EXPECT_EQ(take(), 0U);
  reader_.begin(at(10), 10, 50, 1 << 20);
  reader_.notified({.highest = 11, .line = wire::InlineLine{11, log_[10]}}, true);
  EXPECT_EQ(take(), 1U);
  EXPECT_EQ(reader_.position().cursor, 11U);
  EXPECT_TRUE(reader_.caught_up());
}

}  // namespace
}  // namespace zerok::core
