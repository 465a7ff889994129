// SPDX-License-Identifier: MIT OR Apache-2.0
// What only the simulated transport promises: faults do what they say, and time is virtual.
#include "transport/simulated/simulated_transport.h"

#include <gtest/gtest.h>

#include <functional>

#include "transport/simulated/link.h"

namespace zerok::transport {
namespace {

using Kind = Event::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

EndpointId identity(std::uint8_t fill) {
  EndpointId id;
  std::fill(id.mutable_bytes().begin(), id.mutable_bytes().end(), fill);
  return id;
}

SocketAddress address(std::uint8_t host, std::uint16_t port = 1) {
  return SocketAddress::ipv4({192, 0, 2, host}, port);
}

class SimulatedTransportTest : public testing::Test {
 protected:
  SimulatedTransportTest() {
    a_ = std::make_unique<SimulatedTransport>(network_, node_a_, limits_);
    b_ = std::make_unique<SimulatedTransport>(network_, node_b_, limits_);
  }

  void step() {
    for (const auto& [transport, events] :
         {std::pair(&a_, &a_events_), std::pair(&b_, &b_events_)}) {
      if (!*transport) continue;
      (*transport)->step(now_);
      while (const auto event = (*transport)->poll_event()) events->push_back(*event);
    }
  }

  // Virtual time from event to event; returns whether it came true in time.
  bool run_until(const std::function<bool()>& done, Duration within = seconds(100)) {
    const Instant deadline = now_ + within;
    while (true) {
      step();
      if (done()) return true;
      Instant next = deadline;
      for (const auto* transport : {a_.get(), b_.get()}) {
        if (transport != nullptr) next = std::min(next, transport->next_timeout());
      }
      if (now_ >= deadline) return false;
      now_ = std::min(deadline, std::max(next, now_ + Duration(1)));
    }
  }
  void run_for(Duration time) {
    run_until([] { return false; }, time);
  }

  static const Event* find(const std::vector<Event>& events, Kind kind) {
    for (const Event& event : events) {
      if (event.kind == kind) return &event;
    }
    return nullptr;
  }

  void connect() {
    near_ = a_->dial(network_.address(node_b_), identity(2), now_).value();
    ASSERT_TRUE(run_until([&] {
      return find(a_events_, Kind::kConnected) != nullptr &&
             find(b_events_, Kind::kAccepted) != nullptr;
    }));
    far_ = find(b_events_, Kind::kAccepted)->connection;
    a_events_.clear();
    b_events_.clear();
  }

  // Sends from a to b on a new stream and reads to the end; the virtual time it took.
  std::optional<Duration> transfer(std::size_t size, Duration within = seconds(1000)) {
    const Instant begin = now_;
    const StreamId stream = a_->open_stream(near_, StreamKind::kUnidirectional).value();
    const Bytes bytes(size, 0x5a);
    std::size_t written = 0, read = 0;
    bool fin = false;
    Bytes buffer(65536);
    const bool done = run_until(
        [&] {
          const auto rest = ByteView(bytes).subspan(written);
          if (!rest.empty()) written += a_->write(near_, stream, rest, true).value_or(0);
          while (const auto got = b_->read(far_, stream, buffer)) {
            read += got->size;
            fin = got->fin;
            if (got->size == 0 || fin) break;
          }
          return fin;
        },
        within);
    if (!done || read != size) return std::nullopt;
    return now_ - begin;
  }

  SimulatedNetwork network_{7};
  NodeId node_a_ = network_.add_node(identity(1), address(1));
  NodeId node_b_ = network_.add_node(identity(2), address(2));
  SimulatedLimits limits_;
  std::unique_ptr<SimulatedTransport> a_, b_;
  std::vector<Event> a_events_, b_events_;
  ConnectionId near_{}, far_{};
  Instant now_{seconds(1000)};
};

TEST_F(SimulatedTransportTest, LatencyIsPerDirection) {
  network_.set_link(node_a_, node_b_, {.latency = milliseconds(10)});
  network_.set_link(node_b_, node_a_, {.latency = milliseconds(490)});
  const Instant begin = now_;
  connect();
  // Two trips each way.
  EXPECT_EQ(now_ - begin, milliseconds(1000));
  ASSERT_TRUE(transfer(100));
  run_for(seconds(1));
  EXPECT_EQ(a_->stats(near_)->smoothed_rtt, milliseconds(500));
}

TEST_F(SimulatedTransportTest, BandwidthIsWhatTheLinkAllows) {
  connect();
  network_.set_link(node_a_, node_b_, {.latency = milliseconds(1), .bytes_per_second = 7000});
  const auto slow = transfer(70000);
  ASSERT_TRUE(slow);
  // 60 bytes of header per 1,200 come on top.
  EXPECT_GT(*slow, seconds(10));
  EXPECT_LT(*slow, seconds(12));
  network_.set_link(node_a_, node_b_, {.latency = milliseconds(1), .bytes_per_second = 1'000'000});
  EXPECT_LT(transfer(70000).value(), milliseconds(500));
}

TEST_F(SimulatedTransportTest, LossDelaysBytesAndNeverDropsThem) {
  connect();
  const Duration clean = transfer(1 << 20).value();
  network_.set_all_links({.loss_per_million = 200'000, .burst_loss_per_million = 500'000});
  const Duration lossy = transfer(1 << 20).value();
  EXPECT_GT(lossy, clean);
  EXPECT_GT(a_->stats(near_)->packets_lost, 100u);
}

TEST_F(SimulatedTransportTest, APartitionShorterThanTheIdleTimeoutIsSurvived) {
  connect();
  network_.set_partition(node_a_, node_b_, true);
  EXPECT_FALSE(transfer(1000, seconds(20)));
  network_.set_partition(node_a_, node_b_, false);
  EXPECT_TRUE(transfer(1000, seconds(5)));
  EXPECT_TRUE(find(a_events_, Kind::kClosed) == nullptr);
}

TEST_F(SimulatedTransportTest, APartitionLongerThanTheIdleTimeoutEndsBothSides) {
  connect();
  const Instant begin = now_;
  network_.set_partition(node_a_, node_b_, true);
  ASSERT_TRUE(run_until([&] {
    return find(a_events_, Kind::kClosed) != nullptr && find(b_events_, Kind::kClosed) != nullptr;
  }));
  EXPECT_EQ(find(a_events_, Kind::kClosed)->error.code, ErrorCode::kTimedOut);
  EXPECT_EQ(find(b_events_, Kind::kClosed)->error.code, ErrorCode::kTimedOut);
  EXPECT_LE(now_ - begin, limits_.idle_timeout + seconds(1));
  EXPECT_EQ(a_->connection_count(), 0u);
}

TEST_F(SimulatedTransportTest, ABlackholeInOneDirectionEndsBothSidesInTheEnd) {
  connect();
  network_.set_blackhole(node_a_, node_b_, true);
  ASSERT_TRUE(run_until([&] {
    return find(a_events_, Kind::kClosed) != nullptr && find(b_events_, Kind::kClosed) != nullptr;
  }));
  // b hears nothing and gives up; a's packets then meet the wall, but b's answers would get
  // through.
  EXPECT_EQ(find(b_events_, Kind::kClosed)->error.code, ErrorCode::kTimedOut);
}

TEST_F(SimulatedTransportTest, AnIdleConnectionStaysAlive) {
  connect();
  run_for(seconds(600));
  EXPECT_TRUE(a_events_.empty());
  EXPECT_TRUE(b_events_.empty());
  EXPECT_TRUE(transfer(10));
}

TEST_F(SimulatedTransportTest, ACrashIsNoticedByTheIdleTimeoutAndARestartSooner) {
  connect();
  b_.reset();
  const Instant crash = now_;
  ASSERT_TRUE(run_until([&] { return find(a_events_, Kind::kClosed) != nullptr; }));
  EXPECT_EQ(find(a_events_, Kind::kClosed)->error.code, ErrorCode::kTimedOut);
  EXPECT_GT(now_ - crash, limits_.idle_timeout - limits_.keep_alive);

  b_ = std::make_unique<SimulatedTransport>(network_, node_b_, limits_);
  a_events_.clear();
  connect();
  b_.reset();
  b_ = std::make_unique<SimulatedTransport>(network_, node_b_, limits_);
  const Instant restart = now_;
  ASSERT_TRUE(run_until([&] { return find(a_events_, Kind::kClosed) != nullptr; }));
  EXPECT_EQ(find(a_events_, Kind::kClosed)->error.code, ErrorCode::kReset);
  EXPECT_LE(now_ - restart, limits_.keep_alive + seconds(1));
}

TEST_F(SimulatedTransportTest, ACutConnectionIsResetOnBothSides) {
  connect();
  network_.cut_connections(node_a_, node_b_);
  run_for(milliseconds(100));
  for (const auto* events : {&a_events_, &b_events_}) {
    ASSERT_TRUE(find(*events, Kind::kClosed) != nullptr);
    EXPECT_EQ(find(*events, Kind::kClosed)->error.code, ErrorCode::kReset);
  }
}

TEST_F(SimulatedTransportTest, ADialerThatMovesIsFollowed) {
  connect();
  for (const std::uint8_t host : ByteArray<4>{11, 12, 11, 12}) {
    network_.move(node_a_, address(host));
    ASSERT_TRUE(transfer(200000));
    run_for(seconds(1));
    ASSERT_TRUE(find(b_events_, Kind::kPeerMoved) != nullptr);
    EXPECT_EQ(b_->stats(far_)->remote, address(host));
    b_events_.clear();
  }
  EXPECT_TRUE(find(a_events_, Kind::kClosed) == nullptr);
}

TEST_F(SimulatedTransportTest, AListenerThatMovesIsLost) {
  connect();
  network_.move(node_b_, address(22));
  ASSERT_TRUE(run_until([&] { return find(a_events_, Kind::kClosed) != nullptr; }));
  EXPECT_EQ(find(a_events_, Kind::kClosed)->error.code, ErrorCode::kTimedOut);
}

TEST_F(SimulatedTransportTest, ConnectionsAreRefusedOverTheirBound) {
  b_.reset();
  limits_.connections_max = 2;
  b_ = std::make_unique<SimulatedTransport>(network_, node_b_, limits_);
  connect();
  connect();
  const ConnectionId third = a_->dial(address(2), identity(2), now_).value();
  ASSERT_TRUE(run_until([&] { return find(a_events_, Kind::kClosed) != nullptr; }));
  EXPECT_EQ(find(a_events_, Kind::kClosed)->connection, third);
  EXPECT_EQ(find(a_events_, Kind::kClosed)->error.code, ErrorCode::kOverloaded);
}

TEST_F(SimulatedTransportTest, HalfOpenConnectionsAreBoundedAndForgotten) {
  b_.reset();
  limits_.half_open_max = 5;
  b_ = std::make_unique<SimulatedTransport>(network_, node_b_, limits_);
  network_.set_blackhole(node_b_, node_a_, true);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(a_->dial(address(2), identity(2), now_));
  run_for(seconds(5));
  EXPECT_EQ(b_->connection_count(), 5u);
  run_for(seconds(20));
  EXPECT_EQ(b_->connection_count(), 0u);
  EXPECT_EQ(a_->connection_count(), 0u);
  EXPECT_TRUE(b_events_.empty());
}

TEST_F(SimulatedTransportTest, AProcessThatDoesNotRunLosesPacketsBeyondItsInbox) {
  b_.reset();
  limits_.inbox_packets_max = 10;
  b_ = std::make_unique<SimulatedTransport>(network_, node_b_, limits_);
  connect();
  const StreamId stream = a_->open_stream(near_, StreamKind::kUnidirectional).value();
  ASSERT_EQ(a_->write(near_, stream, Bytes(50000), true).value(), 50000u);
  for (int i = 0; i < 10; ++i) a_->step(now_ += milliseconds(100));
  EXPECT_GT(a_->stats(near_)->packets_lost, 10u);
  Bytes buffer(60000);
  std::size_t read = 0;
  ASSERT_TRUE(run_until([&] {
    const auto got = b_->read(far_, stream, buffer);
    if (got) read += got->size;
    return got && got->fin;
  }));
  EXPECT_EQ(read, 50000u);
}

TEST(LinkTest, ReordersAndDuplicatesAsOftenAsSaid) {
  simulated::Link link(5);
  link.set({.latency = milliseconds(1),
            .duplicate_per_million = 300'000,
            .reorder_per_million = 200'000,
            .reorder_delay = milliseconds(50)});
  int late = 0, twice = 0;
  for (int i = 0; i < 10000; ++i) {
    const simulated::PacketFate fate = link.send(100, 0, Instant());
    ASSERT_TRUE(fate.arrival);
    late += *fate.arrival > Instant(milliseconds(1)) ? 1 : 0;
    twice += fate.duplicate ? 1 : 0;
  }
  EXPECT_NEAR(late, 2000, 200);
  EXPECT_NEAR(twice, 3000, 200);
}

}  // namespace
}  // namespace zerok::transport
