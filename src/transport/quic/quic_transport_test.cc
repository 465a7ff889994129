// SPDX-License-Identifier: MIT OR Apache-2.0
// The whole transport over real loopback sockets.
#include "transport/quic/quic_transport.h"

#include <gtest/gtest.h>

#include "base/system_clock.h"

namespace zerok::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Secret<32> filled(std::uint8_t value) {
  Secret<32> secret;
  std::ranges::fill(secret.mutable_bytes(), value);
  return secret;
}

SocketAddress at(std::string_view text) { return *SocketAddress::parse(text); }

std::unique_ptr<QuicTransport> make(std::uint8_t seed, std::string_view bind = "127.0.0.1:0",
                                    const QuicConfig& config = {}) {
  static SystemRng rng;
  auto transport = QuicTransport::create(config, filled(seed), filled(0x77), at(bind), rng);
  EXPECT_TRUE(transport.has_value());
  return transport ? *std::move(transport) : nullptr;
}

// Drives both until `done`, or the time is up; events go to the handlers.
template <typename OnA, typename OnB, typename Done>
bool drive(QuicTransport& a, QuicTransport& b, OnA on_a, OnB on_b, Done done,
           Duration limit = seconds(10)) {
  const Instant end = monotonic_now() + limit;
  while (!done()) {
    if (monotonic_now() > end) return false;
    a.step(monotonic_now());
    while (auto event = a.poll_event()) on_a(*event);
    b.step(monotonic_now());
    while (auto event = b.poll_event()) on_b(*event);
    if (done()) return true;
    a.step(monotonic_now());
    b.step(monotonic_now());
    a.wait(monotonic_now() + milliseconds(1));
  }
  return true;
}

TEST(QuicTransportTest, EchoesOneMegabyteBetweenTwoEndpoints) {
  auto server = make(1);
  auto client = make(2);
  const Instant now = monotonic_now();
  auto dialled = client->dial(server->local_address(), server->local_id(), now);
  ASSERT_TRUE(dialled);

  Bytes sent(1'000'000);
  DeterministicRng(5).fill(sent);
  Bytes received;
  std::size_t written = 0;
  std::optional<StreamId> stream;
  bool fin = false;
  bool accepted = false;
  Bytes pending;
  bool pending_fin = false;
  const auto pump_client = [&] {
    if (!stream || written == sent.size()) return;
    auto n = client->write(*dialled, *stream, ByteView(sent).subspan(written), true);
    ASSERT_TRUE(n);
    written += *n;
  };
  const bool done = drive(
      *client, *server,
      [&](const Event& event) {
        if (event.kind == Event::Kind::kConnected) {
          EXPECT_EQ(event.peer, server->local_id());
          stream = *client->open_stream(*dialled, StreamKind::kBidirectional);
          pump_client();
        } else if (event.kind == Event::Kind::kWritable) {
          pump_client();
        } else if (event.kind == Event::Kind::kReadable) {
          ByteArray<4096> buffer;
          while (true) {
            auto got = client->read(event.connection, event.stream, buffer);
            ASSERT_TRUE(got);
            received.insert(received.end(), buffer.begin(),
                            buffer.begin() + static_cast<std::ptrdiff_t>(got->size));
            fin = fin || got->fin;
            if (got->size == 0 || got->fin) break;
          }
        }
      },
      [&](const Event& event) {
        if (event.kind == Event::Kind::kAccepted) {
          accepted = true;
          EXPECT_EQ(event.peer, client->local_id());
        }
        if (event.kind == Event::Kind::kReadable) {
          Bytes buffer(65'536);
          while (true) {
            auto got = server->read(event.connection, event.stream, buffer);
            ASSERT_TRUE(got);
            pending.insert(pending.end(), buffer.begin(),
                           buffer.begin() + static_cast<std::ptrdiff_t>(got->size));
            pending_fin = pending_fin || got->fin;
            if (got->size == 0 || got->fin) break;
          }
        }
        if (event.kind == Event::Kind::kReadable || event.kind == Event::Kind::kWritable) {
          auto n = server->write(event.connection, event.stream, pending, pending_fin);
          ASSERT_TRUE(n);
          pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(*n));
        }
      },
      [&] { return fin; });
  EXPECT_TRUE(done);
  EXPECT_TRUE(accepted);
  EXPECT_EQ(received, sent);
}

TEST(QuicTransportTest, RefusesAPeerThatProvesAnotherKey) {
  auto server = make(1);
  auto client = make(2);
  auto other = make(3);
  auto dialled = client->dial(server->local_address(), other->local_id(), monotonic_now());
  ASSERT_TRUE(dialled);
  std::optional<Error> error;
  EXPECT_TRUE(drive(
      *client, *server,
      [&](const Event& event) {
        EXPECT_EQ(event.kind, Event::Kind::kClosed);
        error = event.error;
      },
      [&](const Event& event) { ADD_FAILURE() << static_cast<int>(event.kind); },
      [&] { return error.has_value(); }));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kWrongPeer);
}

}  // namespace
}  // namespace zerok::transport
