// SPDX-License-Identifier: MIT OR Apache-2.0
// The promises of transport.h, for every implementation: linked into each one's test program, which
// defines make_contract_harness().
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "transport/contract_driver.h"

namespace zerok::transport {
namespace {

using Kind = Event::Kind;
using std::chrono::seconds;

class TransportContractTest : public testing::Test, protected ContractDriver {
 protected:
  void connect() { ASSERT_TRUE(connect_both()); }
};

TEST_F(TransportContractTest, DiallingTellsBothSidesWhoThePeerIs) {
  connect();
  const auto near = dialer_->stats(near_);
  ASSERT_TRUE(near);
  EXPECT_EQ(near->remote, harness_->listener_address());
  EXPECT_TRUE(listener_->stats(far_));
}

TEST_F(TransportContractTest, APeerWithAnotherIdentityIsRefusedAndNeverTold) {
  EndpointId other = listener_->local_id();
  other.mutable_bytes()[7] ^= 1;
  const auto dialled = dialer_->dial(harness_->listener_address(), other, harness_->now());
  ASSERT_TRUE(dialled);
  const auto closed = await(dialer_, Kind::kClosed, *dialled);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->error.code, ErrorCode::kWrongPeer);
  run_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(dialer_.events.empty());
  EXPECT_TRUE(listener_.events.empty());
  connect();
}

TEST_F(TransportContractTest, DiallingWhereNobodyAnswersEndsByTheTimeout) {
  const auto dialled =
      dialer_->dial(harness_->dead_address(), listener_->local_id(), harness_->now());
  ASSERT_TRUE(dialled);
  const auto closed =
      await(dialer_, Kind::kClosed, *dialled, harness_->shape().handshake_timeout + seconds(3));
  ASSERT_TRUE(closed);
  EXPECT_TRUE(closed->error.code == ErrorCode::kTimedOut ||
              closed->error.code == ErrorCode::kUnreachable)
      << error_code_name(closed->error.code);
}

TEST_F(TransportContractTest, NothingCanBeOpenedBeforeTheHandshakeIsDone) {
  const auto dialled =
      dialer_->dial(harness_->listener_address(), listener_->local_id(), harness_->now());
  ASSERT_TRUE(dialled);
  const auto stream = dialer_->open_stream(*dialled, StreamKind::kBidirectional);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::kWouldBlock);
}

TEST_F(TransportContractTest, ABidirectionalStreamCarriesBytesAndEndsBothWays) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kBidirectional).value();
  const Bytes question = pattern(3000, 1), answer = pattern(5000, 2);
  ASSERT_TRUE(write_all(dialer_, near_, stream, question, true));
  const auto opened = await(listener_, Kind::kStreamOpened);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->stream, stream);
  EXPECT_EQ(opened->connection, far_);
  ASSERT_TRUE(await(listener_, Kind::kReadable));
  EXPECT_EQ(read_all(listener_, far_, stream), question);
  ASSERT_TRUE(write_all(listener_, far_, stream, answer, true));
  ASSERT_TRUE(await(dialer_, Kind::kReadable));
  EXPECT_EQ(read_all(dialer_, near_, stream), answer);
  EXPECT_FALSE(has(dialer_, Kind::kStreamOpened, near_));
}

TEST_F(TransportContractTest, AUnidirectionalStreamCarriesOneWayOnly) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  Bytes buffer(8);
  EXPECT_FALSE(dialer_->read(near_, stream, buffer));
  ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(100, 3), true));
  ASSERT_TRUE(await(listener_, Kind::kStreamOpened));
  EXPECT_FALSE(listener_->write(far_, stream, pattern(1, 1), false));
  EXPECT_EQ(read_all(listener_, far_, stream), pattern(100, 3));
}

TEST_F(TransportContractTest, TheListenerOpensStreamsOfBothKindsToo) {
  connect();
  std::set<StreamId> ids;
  for (const StreamKind kind : {StreamKind::kBidirectional, StreamKind::kUnidirectional}) {
    const StreamId stream = listener_->open_stream(far_, kind).value();
    ids.insert(stream);
    ids.insert(dialer_->open_stream(near_, kind).value());
    ASSERT_TRUE(write_all(listener_, far_, stream, pattern(10, 4), true));
    const auto opened = await(dialer_, Kind::kStreamOpened);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->stream, stream);
    EXPECT_EQ(read_all(dialer_, near_, stream), pattern(10, 4));
  }
  EXPECT_EQ(ids.size(), 4u);
}

TEST_F(TransportContractTest, AnEndWithoutBytesArrives) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  EXPECT_EQ(dialer_->write(near_, stream, {}, true).value(), 0u);
  ASSERT_TRUE(await(listener_, Kind::kStreamOpened));
  ASSERT_TRUE(await(listener_, Kind::kReadable));
  EXPECT_EQ(read_all(listener_, far_, stream), Bytes());
}

TEST_F(TransportContractTest, TheEndIsToldWithTheLastByteAndNotBefore) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(64, 5), true));
  ASSERT_TRUE(await(listener_, Kind::kStreamOpened));
  Bytes all, byte(1);
  bool fin = false;
  ASSERT_TRUE(run_until([&] {
    while (const auto read = listener_->read(far_, stream, byte)) {
      if (read->size == 1) all.push_back(byte[0]);
      fin = read->fin;
      if (fin) return true;
      if (read->size == 0) return false;
    }
    return true;
  }));
  EXPECT_TRUE(fin);
  EXPECT_EQ(all, pattern(64, 5));
}

TEST_F(TransportContractTest, NothingIsWrittenAfterTheEnd) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kBidirectional).value();
  ASSERT_TRUE(dialer_->write(near_, stream, pattern(3, 1), true));
  const auto again = dialer_->write(near_, stream, pattern(3, 1), false);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kInvalidState);
}

TEST_F(TransportContractTest, AnAbandonedStreamReachesThePeerWithItsCode) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kBidirectional).value();
  ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(10, 1), false));
  ASSERT_TRUE(await(listener_, Kind::kStreamOpened));
  dialer_->reset_stream(near_, stream, 4711);
  const auto reset = await(listener_, Kind::kStreamReset);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->stream, stream);
  EXPECT_EQ(reset->code, 4711u);
  Bytes buffer(64);
  EXPECT_FALSE(listener_->read(far_, stream, buffer));
  EXPECT_FALSE(dialer_->write(near_, stream, buffer, false));
  // The other direction goes on.
  ASSERT_TRUE(write_all(listener_, far_, stream, pattern(10, 2), true));
  EXPECT_EQ(read_all(dialer_, near_, stream), pattern(10, 2));
}

TEST_F(TransportContractTest, AReaderThatWantsNoMoreReachesTheWriterWithItsCode) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kBidirectional).value();
  ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(10, 1), false));
  ASSERT_TRUE(await(listener_, Kind::kStreamOpened));
  listener_->stop_reading(far_, stream, 815);
  const bool at_once = harness_->shape().tells_stops_at_once;
  if (!at_once) {
    run_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(dialer_->write(near_, stream, pattern(10, 1), false));
  }
  const auto stopped = await(dialer_, Kind::kStreamStopped);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->stream, stream);
  EXPECT_EQ(stopped->code, at_once ? 815u : 0u);
  const auto written = dialer_->write(near_, stream, pattern(10, 1), false);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kReset);
  ASSERT_TRUE(write_all(listener_, far_, stream, pattern(10, 2), true));
  EXPECT_EQ(read_all(dialer_, near_, stream), pattern(10, 2));
}

TEST_F(TransportContractTest, WhatArrivedBeforeTheCloseCanBeReadUntilTheNextPoll) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(100, 3), false));
  ASSERT_TRUE(await(listener_, Kind::kReadable, far_));
  dialer_->close(near_, 5);
  // The driver would poll on at once, so it is done without it.
  std::optional<Event> event;
  const Instant deadline = harness_->now() + seconds(5);
  while (!(event && event->kind == Kind::kClosed) && harness_->now() < deadline) {
    dialer_->step(harness_->now());
    listener_->step(harness_->now());
    event = listener_->poll_event();
    if (!event) harness_->wait();
  }
  ASSERT_TRUE(event && event->kind == Kind::kClosed);
  Bytes received;
  bool fin = false;
  read_some(listener_, far_, stream, 64, received, fin);
  EXPECT_TRUE(received == pattern(100, 3));
  listener_->poll_event();
  EXPECT_FALSE(listener_->stats(far_));
}

TEST_F(TransportContractTest, ClosingReachesThePeerWithItsCodeAndIsFinal) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kBidirectional).value();
  dialer_->close(near_, 99);
  const auto closed = await(listener_, Kind::kClosed, far_);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->error.code, ErrorCode::kClosed);
  EXPECT_EQ(closed->code, 99u);
  run_for(std::chrono::milliseconds(200));
  EXPECT_TRUE(dialer_.events.empty());
  EXPECT_TRUE(listener_.events.empty());
  Bytes buffer(1);
  for (const auto& [side, connection] : {std::pair(&dialer_, near_), std::pair(&listener_, far_)}) {
    EXPECT_EQ((*side)->open_stream(connection, StreamKind::kBidirectional).error().code,
              ErrorCode::kClosed);
    EXPECT_EQ((*side)->write(connection, stream, buffer, false).error().code, ErrorCode::kClosed);
    EXPECT_EQ((*side)->read(connection, stream, buffer).error().code, ErrorCode::kClosed);
    EXPECT_FALSE((*side)->stats(connection));
    (*side)->reset_stream(connection, stream, 1);
    (*side)->stop_reading(connection, stream, 1);
    (*side)->close(connection, 1);
  }
}

TEST_F(TransportContractTest, NewsOfOneStreamIsToldOnceUntilItIsReadDry) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kUnidirectional).value();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(100, 1), false));
    run_for(std::chrono::milliseconds(30));
  }
  const auto readable = [&] {
    return std::count_if(listener_.events.begin(), listener_.events.end(),
                         [](const Event& event) { return event.kind == Kind::kReadable; });
  };
  EXPECT_EQ(readable(), 1);
  Bytes all;
  bool fin = false;
  EXPECT_FALSE(read_some(listener_, far_, stream, 64, all, fin));
  EXPECT_EQ(all.size(), 2000u);
  ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(100, 1), false));
  run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(readable(), 2);
}

TEST_F(TransportContractTest, AsManyStreamsAsAllowedWorkAtOnceAndEndedOnesMakeRoom) {
  connect();
  const std::size_t streams_max = harness_->shape().streams_max;
  for (int round = 0; round < 3; ++round) {
    std::map<StreamId, Bytes> sent;
    ASSERT_TRUE(run_until([&] {
      while (sent.size() < streams_max) {
        const auto stream = dialer_->open_stream(near_, StreamKind::kUnidirectional);
        if (!stream) {
          EXPECT_EQ(stream.error().code, ErrorCode::kWouldBlock);
          return false;
        }
        sent[*stream] = pattern(700, static_cast<std::uint64_t>(*stream));
      }
      return true;
    })) << "only "
        << sent.size() << " of " << streams_max << " in round " << round;
    EXPECT_EQ(dialer_->open_stream(near_, StreamKind::kUnidirectional).error().code,
              ErrorCode::kWouldBlock);
    for (const auto& [stream, bytes] : sent) {
      ASSERT_TRUE(write_all(dialer_, near_, stream, bytes, true));
    }
    for (const auto& [stream, bytes] : sent) {
      EXPECT_EQ(read_all(listener_, far_, stream), bytes);
    }
  }
}

TEST_F(TransportContractTest, LargeTransfersBothWaysArriveUnchanged) {
  connect();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kBidirectional).value();
  struct Direction {
    Side* from;
    ConnectionId from_id;
    Side* to;
    ConnectionId to_id;
    Bytes bytes;
    std::size_t written = 0;
    bool ended = false;
    Bytes received{};
    bool fin = false;
  };
  Direction ways[] = {{&dialer_, near_, &listener_, far_, pattern(5'000'001, 10)},
                      {&listener_, far_, &dialer_, near_, pattern(3'333'333, 11)}};
  DeterministicRng rng(12);
  ASSERT_TRUE(dialer_->write(near_, stream, {}, false));
  EXPECT_TRUE(run_until(
      [&] {
        bool done = true;
        for (Direction& way : ways) {
          while (!way.ended) {
            const std::size_t left = way.bytes.size() - way.written;
            const std::size_t size = std::min<std::size_t>(left, 1 + rng.below(30000));
            const auto taken = (*way.from)->write(
                way.from_id, stream, ByteView(way.bytes).subspan(way.written, size), size == left);
            if (!taken || *taken == 0) break;
            way.written += *taken;
            way.ended = *taken == left;
          }
          if (!way.fin) {
            read_some(*way.to, way.to_id, stream, 1 + rng.below(20000), way.received, way.fin);
          }
          done = done && way.fin;
        }
        return done;
      },
      seconds(60)));
  for (const Direction& way : ways) EXPECT_TRUE(way.received == way.bytes);
}

TEST_F(TransportContractTest, TwoConnectionsOfTheSamePeersAreApart) {
  connect();
  const ConnectionId near_first = near_, far_first = far_;
  connect();
  EXPECT_NE(near_, near_first);
  EXPECT_NE(far_, far_first);
  dialer_->close(near_first, 1);
  const auto closed = await(listener_, Kind::kClosed);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->connection, far_first);
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kBidirectional).value();
  ASSERT_TRUE(write_all(dialer_, near_, stream, pattern(9, 1), true));
  EXPECT_EQ(read_all(listener_, far_, stream), pattern(9, 1));
}

TEST_F(TransportContractTest, ARestartedPeerIsNoticedAndCanBeDialledAgain) {
  connect();
  run_for(std::chrono::milliseconds(100));
  harness_->restart_listener();
  const StreamId stream = dialer_->open_stream(near_, StreamKind::kBidirectional).value();
  ASSERT_TRUE(dialer_->write(near_, stream, pattern(100, 1), false));
  const auto closed = await(dialer_, Kind::kClosed, near_, harness_->shape().restart_noticed);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->error.code, ErrorCode::kReset);
  connect();
}

}  // namespace
}  // namespace zerok::transport
