// SPDX-License-Identifier: MIT OR Apache-2.0
// Bytes over loopback from one thread to another without Noise: our transport with one stream and
// with eight, next to a minimal ngtcp2 loop on the same sockets, and to UDP alone.
#include <poll.h>

#include "base/system_clock.h"
#include "bench/loopback.h"
#include "bench/measurement.h"
#include "bench/raw_ngtcp2.h"

namespace zerok::bench {
namespace {

using transport::Event;
using transport::QuicTransport;

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

// Writes to every stream as much as it takes.
class StreamSender {
 public:
  StreamSender(QuicTransport& transport, int streams) : transport_(&transport), streams_(streams) {}

  Result<void> turn() {
    transport_->step(monotonic_now());
    bool idle = true;
    while (const auto event = transport_->poll_event()) {
      idle = false;
      switch (event->kind) {
        case Event::Kind::kConnected:
          for (int i = 0; i < streams_; ++i) {
            ZEROK_TRY(
                const auto stream,
                transport_->open_stream(event->connection, transport::StreamKind::kUnidirectional));
            ZEROK_TRY_VOID(fill(event->connection, stream));
          }
          break;
        case Event::Kind::kWritable:
          ZEROK_TRY_VOID(fill(event->connection, event->stream));
          break;
        case Event::Kind::kClosed:
          return std::unexpected(event->error);
        default:
          break;
      }
    }
    if (idle) transport_->wait(monotonic_now() + kTurn);
    return {};
  }

 private:
  Result<void> fill(transport::ConnectionId connection, transport::StreamId stream) {
    for (;;) {
      ZEROK_TRY(const std::size_t taken, transport_->write(connection, stream, piece_, false));
      if (taken < piece_.size()) return {};
    }
  }

  QuicTransport* transport_;
  int streams_;
  Bytes piece_ = Bytes(kPieceBytes, 0x5a);
};

void receive_turn(QuicTransport& transport, Bytes& buffer, std::atomic<std::uint64_t>& received) {
  transport.step(monotonic_now());
  bool idle = true;
  while (const auto event = transport.poll_event()) {
    idle = false;
    if (event->kind != Event::Kind::kReadable) continue;
    for (;;) {
      const auto read = transport.read(event->connection, event->stream, buffer);
      if (!read || read->size == 0) break;
      received.fetch_add(read->size, std::memory_order_relaxed);
    }
  }
  if (idle) transport.wait(monotonic_now() + kTurn);
}

Result<std::vector<double>> quic_sample(double seconds, int streams) {
  SystemRng rng;
  SystemRng receiver_rng;
  ZEROK_TRY(const auto receiver, make_transport(receiver_rng));
  ZEROK_TRY(const auto sender, make_transport(rng));
  const auto address = receiver->local_address();
  const EndpointId id = receiver->local_id();
  std::atomic<std::uint64_t> received{0};
  Bytes buffer(kPieceBytes);
  Worker worker([&] { receive_turn(*receiver, buffer, received); });
  ZEROK_TRY_VOID(sender->dial(address, id, monotonic_now()));
  StreamSender source(*sender, streams);
  ZEROK_TRY(const auto result, watch(received, worker, seconds, [&] { return source.turn(); }));
  return result.values();
}

Result<std::vector<double>> raw_sample(double seconds) {
  ZEROK_TRY(const auto receiver, RawNgtcp2::create());
  ZEROK_TRY(const auto sender, RawNgtcp2::create());
  const auto address = receiver->address();
  // A broken receiver shows as bytes that don't arrive.
  Worker worker([&] { static_cast<void>(receiver->turn(kTurn)); });
  ZEROK_TRY_VOID(sender->dial(address));
  ZEROK_TRY(const auto result,
            watch(receiver->received(), worker, seconds, [&] { return sender->turn(kTurn); }));
  return result.values();
}

// Datagrams of the size and in the batches that QUIC sends, with nothing in them and no answers.
Result<std::vector<double>> udp_sample(double seconds) {
  const auto any = transport::SocketAddress::ipv4({127, 0, 0, 1}, 0);
  const auto config = quic_config();
  ZEROK_TRY(auto receiver, transport::UdpSocket::bind(any, config));
  ZEROK_TRY(auto sender, transport::UdpSocket::bind(any, config));
  transport::PacketBatch batch;
  batch.path = {sender.local(), receiver.local()};
  while (batch.has_room(config.udp_payload_max)) batch.add(config.udp_payload_max);
  std::atomic<std::uint64_t> received{0};
  Worker worker([&] {
    pollfd waited{receiver.fd(), POLLIN, 0};
    ::poll(&waited, 1, 10);
    for (const auto& datagrams : receiver.receive()) {
      received.fetch_add(datagrams.bytes.size(), std::memory_order_relaxed);
    }
  });
  ZEROK_TRY(const auto result, watch(received, worker, seconds, [&]() -> Result<void> {
              if (sender.send(batch) == transport::UdpSocket::SendStatus::kUnreachable) {
                return fail(ErrorCode::kUnreachable, "no way to loopback", sender.last_error());
              }
              return {};
            }));
  return result.values();
}

template <typename Function>
Measurement measurement(const std::string& key, const std::string& name, const std::string& limit,
                        Function function) {
  const auto of = [&](const char* suffix) { return limit.empty() ? limit : limit + suffix; };
  return {.values = {{key + "_mib_s", name, "MiB/s", Better::kMore, of("_mib_s")},
                     {key + "_sender_mib_cpu_s", name + ", sender's CPU", "MiB/s", Better::kMore,
                      of("_sender_mib_cpu_s")},
                     {key + "_receiver_mib_cpu_s", name + ", receiver's CPU", "MiB/s",
                      Better::kMore, of("_receiver_mib_cpu_s")}},
          .sample = [function](const Context& context) { return function(context.seconds); }};
}

}  // namespace

std::vector<Measurement> quic_throughput() {
  return {
      measurement("udp", "UDP with GSO and GRO, nothing else", "", udp_sample),
      measurement("raw_ngtcp2", "ngtcp2 in a minimal loop, 1 stream", "udp", raw_sample),
      measurement("quic_1_stream", "QUIC, 1 stream", "raw_ngtcp2",
                  [](double seconds) { return quic_sample(seconds, 1); }),
      measurement("quic_8_streams", "QUIC, 8 streams", "raw_ngtcp2",
                  [](double seconds) { return quic_sample(seconds, 8); }),
  };
}

}  // namespace zerok::bench
