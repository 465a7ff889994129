// SPDX-License-Identifier: MIT OR Apache-2.0
// The part of the transport contract that is about room: a reader that stops, bounds, streams that
// give theirs back. Linked into each implementation's test program like contract_test.cc.
#include <gtest/gtest.h>

#include <algorithm>

#include "transport/contract_driver.h"

namespace zerok::transport {
namespace {

using Kind = Event::Kind;
using std::chrono::seconds;

class TransportFlowTest : public testing::Test, protected ContractDriver {
 protected:
  void connect() { ASSERT_TRUE(connect_both()); }
};

TEST_F(TransportFlowTest, AReaderThatStopsReadingStopsItsPeerAndLosesNothing) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  const std::size_t bound = harness_->shape().stream_bytes_max;
  const Bytes all = pattern(2 * bound, 6);
  std::size_t written = 0;
  bool full = false;
  for (int quiet = 0; quiet < 50;) {
    const auto taken = dialer_->write(near_, stream, ByteView(all).subspan(written), false);
    ASSERT_TRUE(taken);
    written += *taken;
    quiet = *taken == 0 ? quiet + 1 : 0;
    full = full || *taken == 0;
    step();
    harness_->wait();
  }
  EXPECT_TRUE(full);
  EXPECT_LE(written, bound);
  EXPECT_LE(dialer_->stats(near_)->bytes_buffered, bound);
  EXPECT_LE(listener_->stats(far_)->bytes_buffered, bound);

  // kWritable alone drives the writer from here.
  Bytes received;
  bool fin = false;
  bool may_write = false;
  ASSERT_TRUE(run_until([&] {
    may_write = may_write || has(dialer_, Kind::kWritable, near_);
    dialer_.events.clear();
    if (may_write && written < all.size()) {
      written += dialer_->write(near_, stream, ByteView(all).subspan(written), true).value_or(0);
      may_write = false;
    }
    return read_some(listener_, far_, stream, 4096, received, fin);
  }));
  EXPECT_TRUE(fin);
  EXPECT_TRUE(received == all);
}

TEST_F(TransportFlowTest, AStreamThatIsNotReadDoesNotHoldUpAnother) {
  connect();
  const StreamId stuck = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  const StreamId free = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  const Bytes flood = pattern(2 * harness_->shape().stream_bytes_max, 7);
  ASSERT_TRUE(dialer_->write(near_, stuck, flood, false));
  ASSERT_TRUE(write_all(dialer_, near_, free, pattern(1000, 8), true));
  EXPECT_EQ(read_all(listener_, far_, free), pattern(1000, 8));
}

TEST_F(TransportFlowTest, AllStreamsTogetherStayWithinTheConnectionsBound) {
  connect();
  const Bytes flood = pattern(harness_->shape().connection_bytes_max, 9);
  std::vector<StreamId> streams;
  for (std::size_t i = 0; i < std::min<std::size_t>(harness_->shape().streams_max, 8); ++i) {
    streams.push_back(dialer_->open_stream(near_, StreamKind::kUnidirectional).value());
  }
  std::size_t written = 0;
  for (int round = 0; round < 60; ++round) {
    for (const StreamId stream : streams) {
      written += dialer_->write(near_, stream, flood, false).value_or(0);
    }
    step();
    harness_->wait();
  }
  EXPECT_LE(written, harness_->shape().connection_bytes_max);
  EXPECT_LE(dialer_->stats(near_)->bytes_buffered + listener_->stats(far_)->bytes_buffered,
            harness_->shape().connection_bytes_max);
}

TEST_F(TransportFlowTest, AbandonedStreamsGiveTheirRoomBack) {
  connect();
  // Several times what a connection can hold, abandoned by the writer and by the reader in turn.
  const Bytes bytes = pattern(harness_->shape().stream_bytes_max / 4, 13);
  for (int round = 0; round < 40; ++round) {
    std::optional<StreamId> stream;
    ASSERT_TRUE(run_until([&] {
      const auto opened = dialer_->open_stream(near_, StreamKind::kUnidirectional);
      if (opened) stream = *opened;
      return opened.has_value();
    })) << "round "
        << round;
    ASSERT_TRUE(write_all(dialer_, near_, *stream, bytes, false)) << "round " << round;
    ASSERT_TRUE(await(listener_, Kind::kStreamOpened));
    if (round % 2 == 0) {
      dialer_->reset_stream(near_, *stream, 1);
      ASSERT_TRUE(await(listener_, Kind::kStreamReset));
    } else {
      listener_->stop_reading(far_, *stream, 1);
      ASSERT_TRUE(await(dialer_, Kind::kStreamStopped));
    }
  }
}

TEST_F(TransportFlowTest, RoomForStreamsIsGivenBackEvenIfNobodySaysAnythingAfterwards) {
  connect();
  const std::size_t streams_max = harness_->shape().streams_max;
  for (int round = 0; round < 3; ++round) {
    std::vector<StreamId> streams;
    ASSERT_TRUE(run_until(
        [&] {
          while (streams.size() < streams_max) {
            const auto stream = dialer_->open_stream(near_, StreamKind::kUnidirectional);
            if (!stream) return false;
            streams.push_back(*stream);
          }
          return true;
        },
        seconds(3)))
        << "only " << streams.size() << " of " << streams_max << " in round " << round;
    for (const StreamId stream : streams) {
      ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(10, 1), false));
      ASSERT_TRUE(await(listener_, Kind::kStreamOpened, far_));
    }
    for (const StreamId stream : streams) dialer_->reset_stream(near_, stream, 1);
    // The listener's application is slow to look: by then all is acknowledged.
    const Instant later = harness_->now() + std::chrono::milliseconds(200);
    while (harness_->now() < later) {
      dialer_->step(harness_->now());
      listener_->step(harness_->now());
      harness_->wait();
    }
    for (std::size_t i = 0; i < streams_max; ++i) {
      ASSERT_TRUE(await(listener_, Kind::kStreamReset, far_));
    }
  }
}

TEST_F(TransportFlowTest, AWriterIsWokenThoughOtherStreamsKeepMostOfTheBuffer) {
  connect();
  const auto shape = harness_->shape();
  // All but one of the streams that fill the connection are never read.
  for (std::size_t i = 1; i < shape.connection_bytes_max / shape.stream_bytes_max; ++i) {
    const StreamId stuck = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
    const Bytes flood = pattern(shape.stream_bytes_max, 7);
    std::size_t written = 0;
    run_until(
        [&] {
          written += dialer_->write(near_, stuck, ByteView(flood).subspan(written), false).value();
          return written == flood.size();
        },
        seconds(2));
  }
  dialer_.events.clear();
  const StreamId live = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  const Bytes all = pattern(3 * shape.stream_bytes_max, 8);
  std::size_t written = dialer_->write(near_, live, all, true).value();
  Bytes received;
  bool fin = false;
  EXPECT_TRUE(run_until([&] {
    const bool may_write = has(dialer_, Kind::kWritable, near_);
    dialer_.events.clear();
    if (may_write && written < all.size()) {
      written += dialer_->write(near_, live, ByteView(all).subspan(written), true).value();
    }
    return read_some(listener_, far_, live, 4096, received, fin);
  })) << "stopped after "
      << written << " of " << all.size();
  EXPECT_TRUE(received == all);
}

}  // namespace
}  // namespace zerok::transport
