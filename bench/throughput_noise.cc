// SPDX-License-Identifier: MIT OR Apache-2.0
// Messages through the whole stack, QUIC and Noise, from one thread to another over loopback: one
// stream with one message after the other, one stream with eight interleaved, and eight
// connections.
#include "bench/loopback.h"
#include "bench/measurement.h"

namespace zerok::bench {
namespace {

using link::LinkEvent;
using link::LinkId;

constexpr auto kType = static_cast<std::uint8_t>(wire::MessageType::kPush);
// Queued for one connection at a time; what is on its way in the transport comes on top.
constexpr std::size_t kQueuedBytes = std::size_t{1} << 20;

// Dials and keeps every connection's queue full.
class Sender {
 public:
  Sender(Peer& peer, std::size_t message_bytes) : peer_(&peer), body_(message_bytes, 0x5a) {}

  Result<void> turn() {
    const auto event = peer_->next_event(kTurn);
    if (!event) return {};
    switch (event->kind) {
      case LinkEvent::Kind::kClosed:
        return std::unexpected(event->error);
      case LinkEvent::Kind::kOpened:
      case LinkEvent::Kind::kDrained:
        return fill(event->link);
      case LinkEvent::Kind::kMessage:
        return {};
    }
    return {};
  }

 private:
  Result<void> fill(LinkId link) {
    for (std::size_t queued = 0; queued < kQueuedBytes; queued += body_.size()) {
      ZEROK_TRY_VOID(peer_->endpoint().send(link, wire::Priority::kBulk,
                                            {.request = ++request_, .type = kType}, Bytes(body_)));
    }
    return {};
  }

  Peer* peer_;
  Bytes body_;
  std::uint32_t request_ = 0;
};

Result<std::vector<double>> sample(double seconds, int connections, std::size_t message_bytes) {
  ZEROK_TRY(const auto receiver, Peer::create());
  ZEROK_TRY(const auto sender, Peer::create());
  const Card card = receiver->card();
  std::atomic<std::uint64_t> received{0};
  Worker worker([&] {
    const auto event = receiver->next_event(kTurn);
    if (event && event->kind == LinkEvent::Kind::kMessage) {
      received.fetch_add(event->message->body().size(), std::memory_order_relaxed);
    }
  });
  for (int i = 0; i < connections; ++i) ZEROK_TRY_VOID(sender->dial(card));
  Sender source(*sender, message_bytes);
  ZEROK_TRY(const auto result, watch(received, worker, seconds, [&] { return source.turn(); }));
  return result.values();
}

Measurement measurement(const std::string& key, const std::string& name, int connections,
                        std::size_t message_bytes, std::optional<double> target) {
  return {.values = {{key + "_mib_s", name, "MiB/s", Better::kMore, "sealed_quic_mib_s", target},
                     {key + "_sender_mib_cpu_s", name + ", sender's CPU", "MiB/s", Better::kMore,
                      "sealed_quic_sender_mib_cpu_s"},
                     {key + "_receiver_mib_cpu_s", name + ", receiver's CPU", "MiB/s",
                      Better::kMore, "sealed_quic_receiver_mib_cpu_s"}},
          .sample = [=](const Context& context) {
            return sample(context.seconds, connections, message_bytes);
          }};
}

// QUIC without Noise, and then sealing or opening every byte on the same core.
Measurement limit(std::string key, std::string name, std::string quic, std::string sealing) {
  return {.values = {{std::move(key), std::move(name), "MiB/s"}},
          .sample = [=](const Context& context) -> Result<std::vector<double>> {
            return std::vector{1 / (1 / context[quic] + 1 / context[sealing])};
          },
          .needs = {quic, sealing},
          .derived = true};
}

}  // namespace

std::vector<Measurement> noise_throughput() {
  const std::string seal = "chacha20poly1305_seal_64k_mib_s";
  const std::string open = "chacha20poly1305_open_64k_mib_s";
  constexpr std::size_t kSmallMessage = std::size_t{64} << 10;
  constexpr std::size_t kLargeMessage = std::size_t{1} << 20;
  return {
      limit("sealed_quic_mib_s", "QUIC, then opening, in series", "quic_1_stream_mib_s", open),
      limit("sealed_quic_sender_mib_cpu_s", "QUIC, then sealing, sender's CPU",
            "quic_1_stream_sender_mib_cpu_s", seal),
      limit("sealed_quic_receiver_mib_cpu_s", "QUIC, then opening, receiver's CPU",
            "quic_1_stream_receiver_mib_cpu_s", open),
      measurement("noise_1_stream", "QUIC + Noise, 1 stream", 1, kSmallMessage, 300),
      measurement("noise_8_messages", "QUIC + Noise, 8 messages interleaved", 1, kLargeMessage, {}),
      measurement("noise_8_connections", "QUIC + Noise, 8 connections", 8, kSmallMessage, {}),
  };
}

}  // namespace zerok::bench
