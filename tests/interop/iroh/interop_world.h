// SPDX-License-Identifier: MIT OR Apache-2.0
// What every iroh test needs: OurSide, a QUIC transport of ours with its events kept and its
// streams served, and the fixture IrohInterop: one iroh process with one bound endpoint, and a loop
// that turns everything in one thread until something is true or a time limit is met.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "tests/interop/iroh/iroh_peer.h"
#include "tests/interop/iroh/stream_work.h"
#include "tests/interop/iroh/udp_forwarder.h"
#include "transport/quic/quic_config.h"
#include "transport/quic/quic_transport.h"

namespace zerok::interop {

using namespace std::chrono_literals;
using transport::AddressFamily;
using transport::ConnectionId;
using transport::Event;
using transport::QuicConfig;
using transport::QuicTransport;
using transport::SocketAddress;
using transport::StreamKind;

inline constexpr const char* kAlpn = "/0k-sync/2";

class OurSide {
 public:
  // seed_byte: the device key is 32 times this byte; the reset secret is always the same, as if it
  // had been kept on disk.
  OurSide(const SocketAddress& bind, std::uint8_t seed_byte, const QuicConfig& config);

  QuicTransport& transport() { return *transport_; }
  StreamWork& work() { return *work_; }
  const SocketAddress& address() const { return transport_->local_address(); }
  std::string id_hex() const { return to_hex(transport_->local_id().bytes()); }
  bool ready() const { return transport_ != nullptr; }

  void step(Instant now);
  // The first event of a kind, of any connection or of one.
  std::optional<Event> seen(Event::Kind kind) const;
  std::optional<Event> seen(Event::Kind kind, ConnectionId connection) const;

 private:
  SystemRng rng_;
  std::unique_ptr<QuicTransport> transport_;
  std::unique_ptr<StreamWork> work_;
  std::vector<Event> events_;
};

// One connection as both ends name it.
struct Link {
  ConnectionId ours{};
  int iroh = -1;
};

// The parameter is the address family of everything in the test.
class IrohInterop : public testing::TestWithParam<AddressFamily> {
 protected:
  void SetUp() override;

  // A transport of ours on a free loopback port, turned by the loop until the test ends.
  OurSide* add_ours(const QuicConfig& config = {}, std::uint8_t seed_byte = 1);
  OurSide* add_ours_at(const SocketAddress& bind, const QuicConfig& config,
                       std::uint8_t seed_byte = 1);
  // As a killed process would: the socket goes, nothing is said to any peer.
  void kill_ours(OurSide* ours);
  // A forwarder in front of a server, turned by the loop.
  UdpForwarder* add_forwarder(const SocketAddress& server);

  // Turns everything until done() or the limit; returns done().
  bool run_until(const std::function<bool()>& done, Duration limit);
  void run_for(Duration time);

  // One request to iroh and its answer; {} with a test failure when none comes in time.
  Json ask(const std::string& command, Json arguments = Json::object(), Duration limit = 15s);
  Json answer(int request, Duration limit = 15s);

  // Starts (or restarts) the iroh process with an endpoint; port 0 for any free one.
  bool start_iroh(const std::string& key_hex = "", std::uint16_t port = 0);
  // Both connect, check that both ends proved their keys and agreed on the protocol. iroh's end
  // echoes the streams we open if asked to.
  std::optional<Link> dial_iroh(OurSide& ours, bool iroh_echoes = true);
  std::optional<Link> iroh_dials(OurSide& ours, const SocketAddress& address);
  std::optional<Link> iroh_dials(OurSide& ours) { return iroh_dials(ours, ours.address()); }

  // Streams of ours that iroh echoes, and the reverse.
  bool we_send(OurSide& ours, const Link& link, StreamKind kind, std::uint64_t streams,
               std::size_t size, Duration limit = 30s);
  bool iroh_sends(const Link& link, std::uint64_t streams, std::size_t size, Duration limit = 30s);

  SocketAddress loopback() const;
  IrohPeer& iroh() { return *iroh_; }
  const SocketAddress& iroh_address() const { return iroh_address_; }
  const EndpointId& iroh_id() const { return iroh_id_; }
  std::string iroh_id_hex() const { return to_hex(iroh_id_.bytes()); }

 private:
  void turn();
  void sleep_until_input(Instant deadline);

  std::vector<std::unique_ptr<OurSide>> ours_;
  std::vector<std::unique_ptr<UdpForwarder>> forwarders_;
  std::unique_ptr<IrohPeer> iroh_;
  SocketAddress iroh_address_;
  EndpointId iroh_id_;
};

}  // namespace zerok::interop
