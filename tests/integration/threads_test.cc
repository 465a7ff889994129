// SPDX-License-Identifier: MIT OR Apache-2.0
// What is allowed to happen in several threads at once: endpoints of their own, each with its QUIC
// transport, and what they share: the logger, the system's generator, the blinding key, wake(). For
// ThreadSanitizer above all.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/system_clock.h"
#include "link/endpoint.h"
#include "transport/quic/quic_transport.h"

namespace zerok::link {
namespace {

constexpr std::uint32_t kMessages = 50;
constexpr int kClients = 3;

// Everything one thread owns.
struct Party {
  explicit Party(bool accept) : keys(noise::StaticKeys::generate(rng)) {
    Secret<32> seed, reset_secret;
    rng.fill(seed.mutable_bytes());
    rng.fill(reset_secret.mutable_bytes());
    transport::QuicConfig quic;
    quic.accept = accept;
    transport = *transport::QuicTransport::create(
        quic, seed, reset_secret, transport::SocketAddress::ipv4({127, 0, 0, 1}, 0), rng);
    EndpointConfig config;
    config.accept = accept;
    endpoint = std::make_unique<Endpoint>(*transport, keys, rng, config);
  }

  SystemRng rng;
  noise::StaticKeys keys;
  std::unique_ptr<transport::QuicTransport> transport;
  std::unique_ptr<Endpoint> endpoint;
};

// Turns the endpoint until `done`, at most 60 s.
template <typename Handle, typename Done>
bool drive(Party& party, Handle handle, Done done) {
  const Instant end = monotonic_now() + std::chrono::seconds(60);
  while (!done() && monotonic_now() < end) {
    party.endpoint->step(monotonic_now());
    while (const auto event = party.endpoint->poll_event()) {
      log::debug("an event of {}", party.transport->local_id());
      handle(*event);
    }
    party.endpoint->step(monotonic_now());
    const Instant until = std::min(end, party.endpoint->next_timeout());
    if (!done() && until > monotonic_now()) party.transport->wait(until);
  }
  return done();
}

TEST(ThreadsTest, EndpointsInThreadsOfTheirOwnShareOnlyWhatIsMadeForIt) {
  std::atomic<int> lines{0};
  log::set_sink([&](log::Level, std::string_view) { ++lines; });
  log::set_level(log::Level::kDebug);

  Party server(true);
  const auto address = server.transport->local_address();
  const auto server_id = server.transport->local_id();
  const auto identity = server.keys.identity().id();
  std::atomic<bool> stop{false};
  std::thread server_thread([&] {
    drive(
        server,
        [&](const LinkEvent& event) {
          if (event.kind != LinkEvent::Kind::kMessage) return;
          auto key = event.message->key();
          key.response = true;
          const ByteView body = event.message->body();
          EXPECT_TRUE(server.endpoint->send(event.link, wire::Priority::kBulk, key,
                                            Bytes(body.begin(), body.end())));
        },
        [&] { return stop.load(); });
  });

  std::atomic<int> served{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      Party client(false);
      const auto link = client.endpoint->dial(address, server_id, identity, monotonic_now());
      ASSERT_TRUE(link);
      std::uint32_t answers = 0;
      const bool all = drive(
          client,
          [&](const LinkEvent& event) {
            if (event.kind == LinkEvent::Kind::kOpened) {
              for (std::uint32_t request = 1; request <= kMessages; ++request) {
                EXPECT_TRUE(client.endpoint->send(
                    *link, wire::Priority::kBulk,
                    {.request = request, .type = 0x10, .response = false}, Bytes(1000)));
              }
            }
            if (event.kind == LinkEvent::Kind::kMessage) ++answers;
          },
          [&] { return answers == kMessages; });
      if (all) ++served;
    });
  }
  for (auto& client : clients) client.join();
  stop = true;
  server.transport->wake();
  server_thread.join();
  log::set_sink({});
  log::set_level(log::Level::kWarn);
  EXPECT_EQ(served, kClients);
  EXPECT_GT(lines, 0);
}

}  // namespace
}  // namespace zerok::link
