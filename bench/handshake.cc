// SPDX-License-Identifier: MIT OR Apache-2.0
// The Noise handshake in memory: CPU time of each side and of each message, next to what its
// primitives cost alone.
#include <array>
#include <numeric>

#include "base/rng.h"
#include "bench/measurement.h"
#include "bench/timing.h"
#include "noise/handshake.h"
#include "noise/prologue.h"

namespace zerok::bench {
namespace {

using noise::ChannelHandshake;

constexpr std::size_t kMessages = noise::kHandshakeMessageSizes.size();

// CPU seconds of one handshake, part by part; finish() counts with a side's last message.
struct Parts {
  std::array<double, kMessages> write{};
  std::array<double, kMessages> read{};
};

class Parties {
 public:
  Parties()
      : initiator_keys_(noise::StaticKeys::generate(rng_)),
        responder_keys_(noise::StaticKeys::generate(rng_)),
        pin_(responder_keys_.identity().id()),
        prologue_(noise::channel_prologue(EndpointId(), EndpointId())) {}

  Result<void> run(Parts& parts) {
    double at = thread_cpu_seconds();
    const auto lap = [&at](double& part) {
      const double now = thread_cpu_seconds();
      part += now - at;
      at = now;
    };
    auto initiator = ChannelHandshake::initiator(initiator_keys_, pin_, prologue_);
    lap(parts.write[0]);
    auto responder = ChannelHandshake::responder(responder_keys_, prologue_);
    lap(parts.read[0]);
    ByteArray<noise::kHandshakeMessageSizeMax> buffer;
    for (std::size_t i = 0; i < kMessages; ++i) {
      const MutableByteView message =
          MutableByteView(buffer).first(noise::kHandshakeMessageSizes[i]);
      auto& writer = i % 2 == 0 ? initiator : responder;
      auto& reader = i % 2 == 0 ? responder : initiator;
      ZEROK_TRY_VOID(writer.write_message(rng_, message));
      if (i + 1 == kMessages) keep(writer.finish());
      lap(parts.write[i]);
      ZEROK_TRY_VOID(reader.read_message(message));
      if (i + 1 == kMessages) keep(reader.finish());
      lap(parts.read[i]);
    }
    return {};
  }

 private:
  SystemRng rng_;
  noise::StaticKeys initiator_keys_;
  noise::StaticKeys responder_keys_;
  noise::IdentityHash pin_;
  ByteArray<noise::kChannelPrologueSize> prologue_;
};

Result<std::vector<double>> sample(const Context& context) {
  Parties parties;
  Parts warm_up;
  ZEROK_TRY_VOID(parties.run(warm_up));
  Parts parts;
  int rounds = 0;
  const double start = thread_cpu_seconds();
  do {
    ZEROK_TRY_VOID(parties.run(parts));
    ++rounds;
  } while (thread_cpu_seconds() - start < context.seconds);

  const double scale = 1e6 / rounds;
  const auto& [write, read] = parts;
  const double initiator = (write[0] + read[1] + write[2] + read[3]) * scale;
  const double responder = (read[0] + write[1] + read[2] + write[3]) * scale;
  std::vector<double> out = {initiator, responder, 1e6 / (initiator + responder)};
  for (std::size_t i = 0; i < kMessages; ++i) {
    out.push_back(write[i] * scale);
    out.push_back(read[i] * scale);
  }
  return out;
}

// The primitives each side can't do without (docs/protocol/handshake.md).
Measurement primitives_of_a_side(std::string key, std::string name, double encaps, double decaps) {
  return {
      .values =
          {{.key = std::move(key), .name = std::move(name), .unit = "us", .better = Better::kLess}},
      .sample = [encaps, decaps](const Context& context) -> Result<std::vector<double>> {
        return std::vector{context["x25519_keygen_us"] + 3 * context["x25519_us"] +
                           context["mlkem768_keygen_us"] + encaps * context["mlkem768_encaps_us"] +
                           decaps * context["mlkem768_decaps_us"]};
      },
      .needs = {"x25519_keygen_us", "x25519_us", "mlkem768_keygen_us", "mlkem768_encaps_us",
                "mlkem768_decaps_us"},
      .derived = true};
}

}  // namespace

std::vector<Measurement> handshake() {
  std::vector<Measurement> out;
  out.push_back(primitives_of_a_side("handshake_initiator_primitives_us",
                                     "handshake, primitives of the initiator", 1, 2));
  out.push_back(primitives_of_a_side("handshake_responder_primitives_us",
                                     "handshake, primitives of the responder", 2, 1));
  std::vector<Value> values = {
      {"handshake_initiator_us", "handshake, initiator", "us", Better::kLess,
       "handshake_initiator_primitives_us"},
      {"handshake_responder_us", "handshake, responder", "us", Better::kLess,
       "handshake_responder_primitives_us"},
      {"handshakes_per_s_core", "handshakes, both sides on one core", "1/s", Better::kMore},
  };
  for (std::size_t i = 0; i < kMessages; ++i) {
    const std::string number = std::to_string(i);
    values.push_back({"handshake_message" + number + "_write_us",
                      "handshake, write message " + number, "us", Better::kLess});
    values.push_back({"handshake_message" + number + "_read_us",
                      "handshake, read message " + number, "us", Better::kLess});
  }
  out.push_back({.values = std::move(values), .sample = sample});
  return out;
}

}  // namespace zerok::bench
