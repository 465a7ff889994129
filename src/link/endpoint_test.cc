// SPDX-License-Identifier: MIT OR Apache-2.0
// Endpoints over the simulated network: identities, bounds, bad peers and bad networks, in virtual
// time.
#include "link/endpoint.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "transport/simulated/simulated_transport.h"

namespace zerok::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using transport::SimulatedNetwork;
using transport::SimulatedTransport;
using transport::SocketAddress;

// One process: a node, a transport, an endpoint, and what it was told.
struct Process {
  struct Received {
    LinkId link;
    wire::MessageKey key;
    Bytes body;
  };

  Process(SimulatedNetwork& network, Rng& rng, std::uint8_t number, const EndpointConfig& config)
      : keys(noise::StaticKeys::generate(rng)),
        address(SocketAddress::ipv4({10, 0, 0, number}, 4433)),
        node(network.add_node(make_id(number), address)),
        transport(network, node),
        endpoint(transport, keys, rng, config) {}

  static EndpointId make_id(std::uint8_t number) {
    EndpointId id;
    for (auto& b : id.mutable_bytes()) b = number;
    return id;
  }

  void poll() {
    while (!paused) {
      auto event = endpoint.poll_event();
      if (!event) break;
      switch (event->kind) {
        case LinkEvent::Kind::kOpened:
          opened.push_back(event->link);
          break;
        case LinkEvent::Kind::kDrained:
          ++drained;
          break;
        case LinkEvent::Kind::kClosed:
          closed.emplace(event->link, event->error);
          break;
        case LinkEvent::Kind::kMessage: {
          const ByteView body = event->message->body();
          received.push_back({event->link, event->message->key(), Bytes(body.begin(), body.end())});
        }
      }
    }
  }
  Result<void> send(LinkId link, std::uint32_t request, Bytes body) {
    return endpoint.send(link, wire::Priority::kBulk,
                         {.request = request, .type = 0x10, .response = false}, std::move(body));
  }

  noise::StaticKeys keys;
  SocketAddress address;
  transport::NodeId node;
  SimulatedTransport transport;
  Endpoint endpoint;
  bool paused = false;
  std::vector<LinkId> opened;
  std::map<LinkId, Error> closed;
  std::vector<Received> received;
  int drained = 0;
};

class EndpointTest : public testing::Test {
 protected:
  EndpointTest() {
    relay_config_.accept = true;
    relay_ = add(relay_config_);
    client_ = add({});
  }

  Process* add(const EndpointConfig& config) {
    processes_.push_back(std::make_unique<Process>(
        network_, rng_, static_cast<std::uint8_t>(processes_.size() + 1), config));
    return processes_.back().get();
  }
  // Lets virtual time pass until `done`, or for `duration`; true when done.
  template <typename Done>
  bool run_until(Done done, Duration duration = seconds(30)) {
    const Instant end = now_ + duration;
    for (;;) {
      for (auto& process : processes_) {
        process->endpoint.step(now_);
        process->poll();
        process->endpoint.step(now_);
      }
      if (done()) return true;
      if (now_ >= end) return false;
      Instant next = network_.next_timeout();
      for (auto& process : processes_) {
        if (!process->paused) next = std::min(next, process->endpoint.next_timeout());
      }
      now_ = std::min(end, std::max(next, now_ + milliseconds(1)));
    }
  }
  void run_for(Duration duration) {
    run_until([] { return false; }, duration);
  }
  LinkId dial(Process& from, Process& to) {
    return *from.endpoint.dial(to.address, to.transport.local_id(), to.keys.identity().id(), now_);
  }
  // Dials and makes the relay know its client too.
  LinkId open(Process& from) {
    const LinkId id = dial(from, *relay_);
    const std::size_t before = relay_->opened.size();
    EXPECT_TRUE(run_until([&] { return !from.opened.empty() && from.opened.back() == id; }));
    EXPECT_TRUE(from.send(id, 1, Bytes{1}));
    EXPECT_TRUE(run_until([&] { return relay_->opened.size() == before + 1; }));
    return id;
  }
  Bytes random(std::size_t size) {
    Bytes out(size);
    rng_.fill(out);
    return out;
  }

  DeterministicRng rng_{11};
  SimulatedNetwork network_{3};
  EndpointConfig relay_config_;
  Instant now_{seconds(100)};
  std::vector<std::unique_ptr<Process>> processes_;
  Process* relay_ = nullptr;
  Process* client_ = nullptr;
};

TEST_F(EndpointTest, BothSidesLearnBothIdentitiesOfTheOther) {
  const LinkId id = open(*client_);
  const auto at_client = client_->endpoint.info(id);
  const auto at_relay = relay_->endpoint.info(relay_->opened[0]);
  ASSERT_TRUE(at_client && at_relay);
  EXPECT_TRUE(at_client->dialled);
  EXPECT_FALSE(at_relay->dialled);
  EXPECT_EQ(at_client->endpoint, relay_->transport.local_id());
  EXPECT_EQ(at_relay->endpoint, client_->transport.local_id());
  EXPECT_EQ(at_client->noise_identity, relay_->keys.identity().id());
  EXPECT_EQ(at_relay->noise_identity, client_->keys.identity().id());
  EXPECT_EQ(at_client->handshake_hash, at_relay->handshake_hash);
  EXPECT_GT(at_client->setup_time, at_client->transport_time);
  EXPECT_EQ(relay_->endpoint.unproven(), 0u);
}

TEST_F(EndpointTest, MessagesArriveWholeOverABadNetwork) {
  transport::LinkSettings bad;
  bad.latency = milliseconds(50);
  bad.jitter = milliseconds(100);
  bad.loss_per_million = 200'000;
  bad.duplicate_per_million = 50'000;
  bad.random_segments = true;
  network_.set_all_links(bad);
  const LinkId id = open(*client_);
  relay_->received.clear();
  std::vector<Bytes> sent;
  for (const std::size_t size : std::initializer_list<std::size_t>{1, 1000, 20000, 300000}) {
    sent.push_back(random(size));
    ASSERT_TRUE(client_->send(id, static_cast<std::uint32_t>(sent.size()), sent.back()));
  }
  ASSERT_TRUE(run_until([&] { return relay_->received.size() == sent.size(); }, seconds(600)));
  for (const auto& message : relay_->received) {
    EXPECT_EQ(message.body, sent[message.key.request - 1]);
  }
}

TEST_F(EndpointTest, AFalseNoiseIdentityUnderATrueTlsKeyIsRefused) {
  const auto other = noise::StaticKeys::generate(rng_);
  const LinkId id = *client_->endpoint.dial(relay_->address, relay_->transport.local_id(),
                                            other.identity().id(), now_);
  ASSERT_TRUE(run_until([&] { return client_->closed.contains(id); }));
  EXPECT_EQ(client_->closed.at(id).code, ErrorCode::kWrongPeer);
  EXPECT_TRUE(client_->opened.empty());
  run_for(seconds(1));
  EXPECT_TRUE(relay_->opened.empty());
  EXPECT_EQ(relay_->endpoint.links(), 0u);
}

TEST_F(EndpointTest, ATrueNoiseIdentityUnderAFalseTlsKeyIsRefused) {
  const LinkId id = *client_->endpoint.dial(relay_->address, Process::make_id(77),
                                            relay_->keys.identity().id(), now_);
  ASSERT_TRUE(run_until([&] { return client_->closed.contains(id); }));
  EXPECT_EQ(client_->closed.at(id).code, ErrorCode::kWrongPeer);
  EXPECT_TRUE(relay_->opened.empty());
}

TEST_F(EndpointTest, AnEndpointThatDoesNotAcceptRefusesWithACode) {
  auto* other = add({});
  const LinkId id = dial(*client_, *other);
  ASSERT_TRUE(run_until([&] { return client_->closed.contains(id); }));
  EXPECT_TRUE(other->opened.empty());
  EXPECT_EQ(other->endpoint.links(), 0u);
}

TEST_F(EndpointTest, AThousandHalfDoneHandshakesHarmNobodyAndCostNoMore) {
  const LinkId good = open(*client_);
  relay_->received.clear();
  // The attacker speaks to the transport itself. A third each: opens nothing; opens a stream and
  // stalls after half of the first message; sends a first message that is right in form and then
  // nothing.
  EndpointId attacker_id = Process::make_id(200);
  const auto node = network_.add_node(attacker_id, SocketAddress::ipv4({10, 0, 1, 1}, 1));
  SimulatedTransport attacker(network_, node);
  const auto victim = noise::StaticKeys::generate(rng_);
  int dialled = 0;
  std::size_t most = 0;
  while (dialled < 1000) {
    for (int i = 0; i < 50; ++i, ++dialled) {
      ASSERT_TRUE(attacker.dial(relay_->address, relay_->transport.local_id(), now_));
    }
    for (int round = 0; round < 40; ++round) {
      run_for(milliseconds(5));
      attacker.step(now_);
      while (const auto event = attacker.poll_event()) {
        if (event->kind != transport::Event::Kind::kConnected) continue;
        const auto which = static_cast<std::uint64_t>(event->connection) % 3;
        if (which == 0) continue;
        const auto stream =
            attacker.open_stream(event->connection, transport::StreamKind::kBidirectional);
        if (!stream) continue;  // refused already: too many at once
        auto channel = core::Channel::initiator(victim, relay_->keys.identity().id(), attacker_id,
                                                relay_->transport.local_id(), rng_, {}, now_);
        const ByteView hello = channel.output();
        (void)attacker.write(event->connection, *stream,
                             which == 1 ? hello.first(hello.size() / 2) : hello, false);
      }
      attacker.step(now_);
      most = std::max(most, relay_->endpoint.unproven());
    }
  }
  EXPECT_GT(most, relay_config_.unproven_max / 2);
  EXPECT_LE(most, relay_config_.unproven_max);
  // The one that was there goes on as before.
  ASSERT_TRUE(client_->send(good, 2, Bytes{2}));
  EXPECT_TRUE(run_until([&] { return relay_->received.size() == 1; }, seconds(2)));
  // Then the stalled ones time out, and there is room for others.
  run_for(relay_config_.channel.first_record_timeout + seconds(6));
  EXPECT_EQ(relay_->endpoint.unproven(), 0u);
  EXPECT_EQ(relay_->opened.size(), 1u);
  open(*add({}));
}

TEST_F(EndpointTest, APeerThatOpensNoStreamIsDroppedInTime) {
  const auto node = network_.add_node(Process::make_id(200), SocketAddress::ipv4({10, 0, 1, 1}, 1));
  SimulatedTransport idler(network_, node);
  ASSERT_TRUE(idler.dial(relay_->address, relay_->transport.local_id(), now_));
  std::optional<transport::Event> last;
  for (int i = 0; i < 8000 && (!last || last->kind != transport::Event::Kind::kClosed); ++i) {
    idler.step(now_);
    run_for(milliseconds(1));
    while (const auto event = idler.poll_event()) last = event;
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(last->kind, transport::Event::Kind::kClosed);
  EXPECT_EQ(last->code, static_cast<std::uint64_t>(CloseCode::kTimedOut));
  EXPECT_EQ(relay_->endpoint.links(), 0u);
}

TEST_F(EndpointTest, EveryStreamButTheFirstIsRefusedAndTheLinkGoesOn) {
  const LinkId id = open(*client_);
  const auto second = client_->transport.open_stream(id, transport::StreamKind::kBidirectional);
  const auto third = client_->transport.open_stream(id, transport::StreamKind::kUnidirectional);
  ASSERT_TRUE(second && third);
  ASSERT_TRUE(client_->transport.write(id, *second, Bytes(10), false));
  ASSERT_TRUE(client_->transport.write(id, *third, Bytes(10), false));
  run_for(seconds(1));
  EXPECT_FALSE(client_->transport.write(id, *second, Bytes(10), false));
  EXPECT_FALSE(client_->transport.write(id, *third, Bytes(10), false));
  relay_->received.clear();
  ASSERT_TRUE(client_->send(id, 2, Bytes{2}));
  EXPECT_TRUE(run_until([&] { return relay_->received.size() == 1; }));
}

TEST_F(EndpointTest, APeerThatStopsReadingStopsItsSenderAndNobodyElse) {
  const LinkId id = open(*client_);
  auto* other = add({});
  const LinkId other_id = open(*other);
  relay_->received.clear();

  // The relay sends to a client whose driver hangs.
  client_->paused = true;
  const LinkId to_client = relay_->opened[0];
  std::uint32_t sent = 0;
  Result<void> result;
  for (;;) {
    result = relay_->send(to_client, sent + 1, Bytes(50'000, static_cast<std::uint8_t>(sent)));
    if (!result) break;
    ++sent;
    run_for(milliseconds(1));
    ASSERT_LT(sent, 2000u);
  }
  EXPECT_EQ(result.error().code, ErrorCode::kOverloaded);
  EXPECT_LE(relay_->endpoint.queued_bytes(to_client), relay_config_.channel.send.queued_bytes_max);
  EXPECT_TRUE(other->send(other_id, 2, Bytes{2}));
  EXPECT_TRUE(run_until([&] { return relay_->received.size() == 1; }, seconds(1)));

  client_->paused = false;
  ASSERT_TRUE(run_until([&] { return client_->received.size() == sent && relay_->drained > 0; },
                        seconds(120)));
  std::map<std::uint32_t, int> seen;
  for (const auto& message : client_->received) {
    EXPECT_EQ(message.body, Bytes(50'000, static_cast<std::uint8_t>(message.key.request - 1)));
    ++seen[message.key.request];
  }
  EXPECT_EQ(seen.size(), sent);
  EXPECT_FALSE(client_->closed.contains(id));
}

TEST_F(EndpointTest, ALinkThatIsNotReadStopsItsSenderAndGoesOnWhereItStopped) {
  const LinkId id = open(*client_);
  const LinkId accepted = relay_->opened[0];
  relay_->received.clear();
  relay_->endpoint.set_reading(accepted, false);
  std::uint32_t sent = 0;
  while (client_->send(id, sent + 1, Bytes(1 << 20, 7))) ++sent;
  run_for(seconds(20));
  EXPECT_TRUE(relay_->received.empty());
  EXPECT_GT(client_->endpoint.queued_bytes(id), std::size_t{8} << 20);
  // It may be written to meanwhile.
  ASSERT_TRUE(relay_->send(accepted, 1, Bytes(10, 1)));
  EXPECT_TRUE(run_until([&] { return client_->received.size() == 1; }));
  relay_->endpoint.set_reading(accepted, true);
  EXPECT_TRUE(run_until([&] { return relay_->received.size() == sent; }, seconds(100)));
}

TEST_F(EndpointTest, ALinkThatIsNotReadIsStillToldOfItsEnd) {
  const LinkId id = open(*client_);
  const LinkId accepted = relay_->opened[0];
  relay_->endpoint.set_reading(accepted, false);
  client_->endpoint.close(id, CloseCode::kNormal);
  EXPECT_TRUE(run_until([&] { return relay_->closed.contains(accepted); }));
}

TEST_F(EndpointTest, LargeMessagesAreTakenOnceTheBoundsWereRaised) {
  EndpointConfig careful;
  careful.accept = true;
  careful.channel.receive.message_bytes_max = [](std::uint8_t) { return std::size_t{1000}; };
  Process* relay = relay_ = add(careful);
  const auto open_anew = [&] {
    const std::size_t before = relay->opened.size();
    const LinkId id = dial(*client_, *relay);
    EXPECT_TRUE(
        run_until([&] { return !client_->opened.empty() && client_->opened.back() == id; }));
    EXPECT_TRUE(client_->send(id, 1, Bytes(1000, 1)));
    EXPECT_TRUE(run_until([&] { return relay->opened.size() == before + 1; }));
    return id;
  };
  const LinkId refused = open_anew();
  ASSERT_TRUE(client_->send(refused, 2, Bytes(1001, 1)));
  EXPECT_TRUE(run_until([&] { return relay->closed.contains(relay->opened[0]); }));
  EXPECT_EQ(relay->closed.at(relay->opened[0]).code, ErrorCode::kTooLarge);
  const LinkId taken = open_anew();
  relay->endpoint.set_receive_limits(relay->opened[1], wire::AssemblerLimits{});
  relay->received.clear();
  ASSERT_TRUE(client_->send(taken, 2, Bytes(1'000'000, 1)));
  EXPECT_TRUE(run_until([&] { return relay->received.size() == 1; }));
}

TEST_F(EndpointTest, APeerThatRefusesToListenIsClosedWithAClearError) {
  const LinkId id = open(*client_);
  const LinkId to_client = relay_->opened[0];
  // The client's one stream: RFC 9000 section 2.1.
  client_->transport.stop_reading(id, transport::StreamId{0}, 7);
  ASSERT_TRUE(run_until(
      [&] {
        static_cast<void>(relay_->send(to_client, 1, Bytes{1}));
        return relay_->closed.contains(to_client);
      },
      seconds(2)));
  EXPECT_EQ(relay_->closed.at(to_client).code, ErrorCode::kReset);
  EXPECT_TRUE(run_until([&] { return client_->closed.contains(id); }, seconds(2)));
}

TEST_F(EndpointTest, LinksTakeTurnsSoThatAFloodDoesNotSilenceTheOthers) {
  const LinkId id = open(*client_);
  auto* other = add({});
  const LinkId other_id = open(*other);
  relay_->received.clear();
  relay_->paused = true;
  for (std::uint32_t i = 0; i < 500; ++i) ASSERT_TRUE(client_->send(id, i + 2, Bytes(100)));
  ASSERT_TRUE(other->send(other_id, 2, Bytes{9}));
  run_for(seconds(2));
  relay_->paused = false;
  ASSERT_TRUE(run_until([&] { return relay_->received.size() == 501; }));
  const auto from_other =
      std::ranges::find(relay_->received, relay_->opened[1], &Process::Received::link);
  ASSERT_NE(from_other, relay_->received.end());
  EXPECT_LT(from_other - relay_->received.begin(), 3);
}

TEST_F(EndpointTest, ACutConnectionIsToldOnceOnEachSide) {
  const LinkId id = open(*client_);
  network_.cut_connections(client_->node, relay_->node);
  ASSERT_TRUE(run_until([&] { return client_->closed.size() == 1 && relay_->closed.size() == 1; }));
  EXPECT_EQ(client_->endpoint.info(id), std::nullopt);
  EXPECT_EQ(client_->send(id, 2, Bytes{1}).error().code, ErrorCode::kNotFound);
  run_for(seconds(1));
  EXPECT_EQ(client_->closed.size(), 1u);
  EXPECT_EQ(client_->endpoint.links(), 0u);
  EXPECT_EQ(relay_->endpoint.links(), 0u);
}

TEST_F(EndpointTest, MessagesThatArrivedBeforeTheCloseAreStillHandedOver) {
  const LinkId id = open(*client_);
  auto* other = add({});
  const LinkId other_id = open(*other);
  relay_->received.clear();
  // Several messages and the close reach a relay that looks only when all of it is there.
  for (std::uint32_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(client_->send(id, 10 + i, Bytes(20'000, 7)));
    client_->endpoint.step(now_);
    now_ += milliseconds(100);
    client_->endpoint.step(now_);
  }
  ASSERT_TRUE(other->send(other_id, 20, Bytes{1}));
  other->endpoint.step(now_);
  client_->endpoint.close(id, CloseCode::kNormal);
  client_->endpoint.step(now_);
  now_ += seconds(1);
  relay_->endpoint.step(now_);
  relay_->poll();
  EXPECT_EQ(relay_->received.size(), 6U);
  EXPECT_EQ(relay_->closed.size(), 1U);
  EXPECT_EQ(relay_->endpoint.links(), 1U);
}

TEST_F(EndpointTest, AClosedLinkTellsThePeerTheCodeAndNothingFollowsHere) {
  const LinkId id = open(*client_);
  client_->endpoint.close(id, CloseCode::kNormal);
  ASSERT_TRUE(run_until([&] { return relay_->closed.size() == 1; }));
  EXPECT_TRUE(client_->closed.empty());
  EXPECT_EQ(client_->endpoint.links(), 0u);
}

TEST_F(EndpointTest, TheNumberOfLinksIsBoundedOnBothSides) {
  EndpointConfig small;
  small.links_max = 1;
  auto* one = add(small);
  ASSERT_TRUE(one->endpoint.dial(relay_->address, relay_->transport.local_id(),
                                 relay_->keys.identity().id(), now_));
  EXPECT_EQ(
      one->endpoint
          .dial(relay_->address, relay_->transport.local_id(), relay_->keys.identity().id(), now_)
          .error()
          .code,
      ErrorCode::kOverloaded);
}

TEST_F(EndpointTest, NothingCanBeSentBeforeThePeerIsProven) {
  const LinkId id = dial(*client_, *relay_);
  EXPECT_EQ(client_->send(id, 1, Bytes{1}).error().code, ErrorCode::kInvalidState);
  EXPECT_EQ(client_->endpoint.info(id), std::nullopt);
}

}  // namespace
}  // namespace zerok::link
