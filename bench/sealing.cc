// SPDX-License-Identifier: MIT OR Apache-2.0
// Records on one core, with no transport: the Noise session alone, and two channels joined in
// memory, which adds frames, messages and copies.
#include "bench/measurement.h"
#include "bench/timing.h"
#include "core/channel.h"

namespace zerok::bench {
namespace {

using Sample = Result<std::vector<double>>;

constexpr std::size_t kMessageBytes = std::size_t{64} << 10;
constexpr auto kType = static_cast<std::uint8_t>(wire::MessageType::kPush);

// Both ends of a channel whose handshake is done, and the bytes between them.
class JoinedChannels {
 public:
  JoinedChannels()
      : responder_keys_(noise::StaticKeys::generate(rng_)),
        initiator_keys_(noise::StaticKeys::generate(rng_)),
        initiator_(core::Channel::initiator(initiator_keys_, responder_keys_.identity().id(), {},
                                            {}, rng_, {}, {})),
        responder_(core::Channel::responder(responder_keys_, {}, {}, rng_, {}, {})) {}

  core::Channel& sender() { return initiator_; }

  // Carries everything there is both ways. Bytes of messages that the responder got.
  Result<std::size_t> carry() {
    std::size_t received = 0;
    for (bool moved = true; moved;) {
      moved = move(initiator_, responder_);
      moved = move(responder_, initiator_) || moved;
      for (core::Channel* channel : {&initiator_, &responder_}) {
        while (const auto event = channel->poll_event()) {
          if (event->kind == core::ChannelEvent::Kind::kFailed) {
            return std::unexpected(event->error);
          }
          if (event->message) received += event->message->body().size();
        }
      }
    }
    return received;
  }

 private:
  // One piece, as large as both sides like.
  static bool move(core::Channel& from, core::Channel& to) {
    const ByteView out = from.output();
    const MutableByteView in = to.input_buffer();
    const std::size_t size = std::min(out.size(), in.size());
    if (size == 0) return false;
    std::copy_n(out.begin(), size, in.begin());
    from.consume_output(size);
    to.commit_input(size, {});
    return true;
  }

  SystemRng rng_;
  noise::StaticKeys responder_keys_;
  noise::StaticKeys initiator_keys_;
  core::Channel initiator_;
  core::Channel responder_;
};

Sample channel_sample(const Context& context) {
  JoinedChannels channels;
  ZEROK_TRY_VOID(channels.carry());
  const Bytes body(kMessageBytes, 0x5a);
  std::uint32_t request = 0;
  std::size_t received = 0;
  const double start = thread_cpu_seconds();
  double elapsed = 0;
  do {
    // Few at a time: the allocator's dealings with the system are not what is measured here.
    for (int i = 0; i < 2; ++i) {
      ZEROK_TRY_VOID(channels.sender().send(wire::Priority::kBulk,
                                            {.request = ++request, .type = kType}, Bytes(body)));
    }
    ZEROK_TRY(const std::size_t some, channels.carry());
    received += some;
    elapsed = thread_cpu_seconds() - start;
  } while (elapsed < context.seconds);
  return std::vector{static_cast<double>(received) / kMebibyte / elapsed};
}

Result<std::pair<noise::Session, noise::Session>> sessions() {
  SystemRng rng;
  const auto server_keys = noise::StaticKeys::generate(rng);
  const auto client_keys = noise::StaticKeys::generate(rng);
  const ByteView prologue = as_bytes("benchmark");
  auto client =
      noise::ChannelHandshake::initiator(client_keys, server_keys.identity().id(), prologue);
  auto server = noise::ChannelHandshake::responder(server_keys, prologue);
  for (std::size_t i = 0; i < noise::kHandshakeMessageSizes.size(); ++i) {
    Bytes message(noise::kHandshakeMessageSizes[i]);
    ZEROK_TRY_VOID((i % 2 == 0 ? client : server).write_message(rng, message));
    ZEROK_TRY_VOID((i % 2 == 0 ? server : client).read_message(message));
  }
  ZEROK_TRY(auto first, client.finish());
  ZEROK_TRY(auto second, server.finish());
  return std::pair(std::move(first), std::move(second));
}

Sample session_sample(const Context& context) {
  ZEROK_TRY(auto pair, sessions());
  auto& [client, server] = pair;
  const Bytes plain(noise::kTransportPlaintextSizeMax, 0x5a);
  Bytes sealed(noise::kTransportMessageSizeMax);
  Bytes opened(plain.size());
  double sealing = 0;
  double opening = 0;
  std::size_t records = 0;
  do {
    const double start = thread_cpu_seconds();
    ZEROK_TRY_VOID(client.seal(plain, sealed));
    const double between = thread_cpu_seconds();
    ZEROK_TRY_VOID(server.open(sealed, opened));
    sealing += between - start;
    opening += thread_cpu_seconds() - between;
    ++records;
  } while (sealing + opening < context.seconds);
  const double mebibytes = static_cast<double>(records * plain.size()) / kMebibyte;
  return std::vector{mebibytes / sealing, mebibytes / opening};
}

}  // namespace

std::vector<Measurement> sealing() {
  std::vector<Measurement> out;
  out.push_back({.values = {{"noise_seal_mib_s", "Noise session, seal full records", "MiB/s",
                             Better::kMore, "chacha20poly1305_seal_64k_mib_s"},
                            {"noise_open_mib_s", "Noise session, open full records", "MiB/s",
                             Better::kMore, "chacha20poly1305_open_64k_mib_s"}},
                 .sample = session_sample});
  out.push_back({.values = {{"seal_and_open_mib_s", "seal and open on one core", "MiB/s"}},
                 .sample = [](const Context& context) -> Sample {
                   return std::vector{1 / (1 / context["chacha20poly1305_seal_64k_mib_s"] +
                                           1 / context["chacha20poly1305_open_64k_mib_s"])};
                 },
                 .needs = {"chacha20poly1305_seal_64k_mib_s", "chacha20poly1305_open_64k_mib_s"},
                 .derived = true});
  out.push_back({.values = {{"channel_memory_mib_s", "both channels in memory, one core", "MiB/s",
                             Better::kMore, "seal_and_open_mib_s"}},
                 .sample = channel_sample});
  return out;
}

}  // namespace zerok::bench
