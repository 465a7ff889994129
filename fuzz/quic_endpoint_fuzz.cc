// SPDX-License-Identifier: MIT OR Apache-2.0
// The QUIC endpoint's packet input. The input is a script of steps: raw datagrams from strangers,
// damaged copies of real packets of a live connection, and passing time. Whatever comes, the
// program lives, every table stays within its bound, and what is sent to an unproven address stays
// within three times what came from it. GnuTLS draws its own randomness: a run is not exactly
// repeatable.
#include <cstdint>
#include <map>

#include "base/check.h"
#include "transport/quic/test_world.h"

namespace zerok::transport::testing {
namespace {

constexpr std::size_t kHalfOpenMax = 8;
constexpr std::size_t kSourcesMax = 16;

QuicConfig fuzz_config() {
  QuicConfig config;
  config.half_open_max = kHalfOpenMax;
  config.retry_half_open_min = 4;
  config.sources_max = kSourcesMax;
  config.connections_max = 16;
  return config;
}

// Takes bytes from the front of the input; zeros when there are none left.
class Script {
 public:
  explicit Script(ByteView bytes) : bytes_(bytes) {}
  bool more() const { return !bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  ByteView take(std::size_t n) {
    const ByteView out = bytes_.first(std::min(n, bytes_.size()));
    bytes_ = bytes_.subspan(out.size());
    return out;
  }

 private:
  ByteView bytes_;
};

void check(Host& host) {
  const Endpoint::Counts counts = host.endpoint().counts();
  ZEROK_ASSERT(counts.half_open <= kHalfOpenMax);
  ZEROK_ASSERT(counts.connections <= 16);
  ZEROK_ASSERT(counts.sources <= kSourcesMax);
  ZEROK_ASSERT(counts.outbox <= 1'024);
  ZEROK_ASSERT(counts.closing <= ClosingList::kEntriesMax);
  ZEROK_ASSERT(counts.cids <= 16 * (counts.connections + counts.closing));
}

void run(Script script) {
  World world(1);
  Host& server = world.add(1, "10.0.0.1:1000", fuzz_config());
  Host& client = world.add(2, "10.0.0.2:2000", fuzz_config());
  // Real packets, to be damaged and replayed later.
  std::vector<std::pair<bool, Bytes>> seen;
  std::map<SocketAddress, std::int64_t> credit;  // what may still be sent to a stranger
  bool live = true;
  world.filter = [&](const SocketAddress& from, const SocketAddress& to, ByteView datagram) {
    if (seen.size() < 64) {
      seen.emplace_back(from == client.address(), Bytes(datagram.begin(), datagram.end()));
    }
    if (const auto stranger = credit.find(to); stranger != credit.end()) {
      stranger->second -= static_cast<std::int64_t>(datagram.size());
      ZEROK_ASSERT(stranger->second >= 0);
    }
    return true;
  };
  const Pair pair = connect(world, client, server);
  client.send(pair.client, Bytes(3'000, 0x5a), StreamKind::kBidirectional);
  world.run_for(std::chrono::milliseconds(100));

  while (script.more()) {
    const std::uint8_t action = script.byte();
    Host& target = (action & 1) != 0 ? server : client;
    switch ((action >> 1) % 4) {
      case 0: {  // from a stranger, padded to what an Initial must have when asked for
        const ByteView taken = script.take(std::size_t{script.byte()} * 2);
        Bytes datagram(taken.begin(), taken.end());
        if ((action & 0x40) != 0 && datagram.size() < 1'200) datagram.resize(1'200);
        const SocketAddress from =
            SocketAddress::ipv4({172, 16, 0, static_cast<std::uint8_t>(action >> 5)}, 9);
        credit[from] += 3 * static_cast<std::int64_t>(datagram.size());
        world.inject(from, target, datagram);
        break;
      }
      case 1: {  // a real packet, damaged, from where it came or from elsewhere
        if (seen.empty()) break;
        const auto& [from_client, packet] = seen[script.byte() % seen.size()];
        Bytes datagram = packet;
        for (int i = script.byte() % 4; i >= 0; --i) {
          const std::size_t at =
              (std::size_t{script.byte()} << 8 | script.byte()) % datagram.size();
          datagram[at] ^= script.byte();
        }
        datagram.resize(datagram.size() - script.byte() % datagram.size());
        Host& to = from_client ? server : client;
        world.inject(from_client ? client.address() : server.address(), to, datagram);
        break;
      }
      case 2:
        world.run_for(std::chrono::milliseconds(script.byte()));
        break;
      default:
        if (live && (action & 0x80) != 0) {
          live = false;
          server.endpoint().close(pair.server, action);
        }
        break;
    }
    check(server);
    check(client);
  }
  world.run_for(std::chrono::seconds(120));
  check(server);
  check(client);
  ZEROK_ASSERT(server.endpoint().counts().half_open == 0);
  ZEROK_ASSERT(server.endpoint().counts().connections == 0);
  ZEROK_ASSERT(server.endpoint().counts().cids == 0);
}

}  // namespace
}  // namespace zerok::transport::testing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  zerok::transport::testing::run(
      zerok::transport::testing::Script(zerok::ByteView(data, std::min<std::size_t>(size, 4'096))));
  return 0;
}
