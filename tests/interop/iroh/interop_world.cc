// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tests/interop/iroh/interop_world.h"

#include <poll.h>

#include <algorithm>

#include "base/system_clock.h"

namespace zerok::interop {
namespace {

// Loops sleep at most this long, so that a wrong timeout makes a test slow and not stuck.
constexpr Duration kSleepMax = 50ms;

}  // namespace

OurSide::OurSide(const SocketAddress& bind, std::uint8_t seed_byte, const QuicConfig& config) {
  Secret<32> seed;
  std::ranges::fill(seed.mutable_bytes(), seed_byte);
  Secret<32> reset_secret;
  std::ranges::fill(reset_secret.mutable_bytes(), std::uint8_t{0x5e});
  auto opened = QuicTransport::create(config, seed, reset_secret, bind, rng_);
  if (!opened) {
    ADD_FAILURE() << "no transport: " << opened.error().text.view();
    return;
  }
  transport_ = std::move(*opened);
  work_ = std::make_unique<StreamWork>(*transport_);
}

void OurSide::step(Instant now) {
  transport_->step(now);
  while (const auto event = transport_->poll_event()) {
    if (event->kind == Event::Kind::kReadable || event->kind == Event::Kind::kWritable) continue;
    if (event->kind == Event::Kind::kStreamOpened) {
      work_->on_stream_opened(event->connection, event->stream);
    } else if (event->kind == Event::Kind::kClosed) {
      work_->forget(event->connection);
    }
    events_.push_back(*event);
  }
  work_->step();
  transport_->step(now);
}

std::optional<Event> OurSide::seen(Event::Kind kind) const {
  for (const Event& event : events_) {
    if (event.kind == kind) return event;
  }
  return std::nullopt;
}

std::optional<Event> OurSide::seen(Event::Kind kind, ConnectionId connection) const {
  for (const Event& event : events_) {
    if (event.kind == kind && event.connection == connection) return event;
  }
  return std::nullopt;
}

void IrohInterop::SetUp() {
  if (const std::string reason = iroh_missing_reason(); !reason.empty()) GTEST_SKIP() << reason;
  ASSERT_TRUE(start_iroh());
}

bool IrohInterop::start_iroh(const std::string& key_hex, std::uint16_t port) {
  iroh_ = std::make_unique<IrohPeer>();
  const bool v4 = GetParam() == AddressFamily::kIpv4;
  const std::string v4_port = std::to_string(v4 ? port : 0);
  const std::string v6_port = std::to_string(v4 ? 0 : port);
  // Both families are bound, or iroh binds the missing one to every interface.
  Json bind = {{"alpns", {kAlpn}}, {"addresses", {"127.0.0.1:" + v4_port, "[::1]:" + v6_port}}};
  if (!key_hex.empty()) bind["key"] = key_hex;
  const Json bound = ask("bind", bind, 20s);
  for (const Json& socket : bound.value("sockets", Json::array())) {
    const auto address = SocketAddress::parse(socket.get<std::string>());
    if (address && address->family() == GetParam()) iroh_address_ = *address;
  }
  const auto id = from_hex(bound.value("remote", ""));
  if (!id || id->size() != EndpointId::kSize || iroh_address_.port() == 0) return false;
  iroh_id_ = *EndpointId::from_bytes(*id);
  return true;
}

SocketAddress IrohInterop::loopback() const {
  ByteArray<16> v6{};
  v6[15] = 1;
  return GetParam() == AddressFamily::kIpv4 ? SocketAddress::ipv4({127, 0, 0, 1}, 0)
                                            : SocketAddress::ipv6(v6, 0);
}

OurSide* IrohInterop::add_ours(const QuicConfig& config, std::uint8_t seed_byte) {
  return add_ours_at(loopback(), config, seed_byte);
}

OurSide* IrohInterop::add_ours_at(const SocketAddress& bind, const QuicConfig& config,
                                  std::uint8_t seed_byte) {
  auto ours = std::make_unique<OurSide>(bind, seed_byte, config);
  if (!ours->ready()) return nullptr;
  ours_.push_back(std::move(ours));
  return ours_.back().get();
}

void IrohInterop::kill_ours(OurSide* ours) {
  ours->transport().abandon();
  std::erase_if(ours_, [&](const auto& each) { return each.get() == ours; });
}

UdpForwarder* IrohInterop::add_forwarder(const SocketAddress& server) {
  forwarders_.push_back(std::make_unique<UdpForwarder>(server));
  EXPECT_TRUE(forwarders_.back()->open());
  return forwarders_.back().get();
}

void IrohInterop::turn() {
  for (const auto& forwarder : forwarders_) forwarder->poll();
  for (const auto& ours : ours_) ours->step(monotonic_now());
  iroh_->poll();
}

void IrohInterop::sleep_until_input(Instant deadline) {
  const Instant now = monotonic_now();
  Instant wake = std::min(deadline, now + kSleepMax);
  std::vector<pollfd> fds;
  const auto watch = [&](int fd) {
    if (fd >= 0) fds.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  };
  watch(iroh_->fd());
  for (const auto& ours : ours_) {
    watch(ours->transport().fd());
    wake = std::min(wake, ours->transport().next_timeout());
  }
  for (const auto& forwarder : forwarders_) {
    watch(forwarder->front_fd());
    watch(forwarder->upstream_fd());
  }
  const auto wait = std::max<Duration>(wake - now, Duration::zero());
  const auto wait_ms = std::chrono::ceil<std::chrono::milliseconds>(wait);
  ::poll(fds.data(), fds.size(), static_cast<int>(wait_ms.count()));
}

bool IrohInterop::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant deadline = monotonic_now() + limit;
  for (;;) {
    turn();
    if (done()) return true;
    if (monotonic_now() >= deadline) return false;
    sleep_until_input(deadline);
  }
}

void IrohInterop::run_for(Duration time) {
  run_until([] { return false; }, time);
}

Json IrohInterop::ask(const std::string& command, Json arguments, Duration limit) {
  return answer(iroh_->start(command, std::move(arguments)), limit);
}

Json IrohInterop::answer(int request, Duration limit) {
  std::optional<Json> reply;
  run_until(
      [&] {
        reply = iroh_->take_reply(request);
        return reply.has_value();
      },
      limit);
  EXPECT_TRUE(reply) << "iroh did not answer in time";
  return reply.value_or(Json::object());
}

std::optional<Link> IrohInterop::dial_iroh(OurSide& ours, bool iroh_echoes) {
  const int accepted = iroh_->start("next_connection", {{"endpoint", 0}, {"echo", iroh_echoes}});
  const auto dialled = ours.transport().dial(iroh_address_, iroh_id_, monotonic_now());
  EXPECT_TRUE(dialled);
  if (!dialled) return std::nullopt;
  run_until(
      [&] {
        return ours.seen(Event::Kind::kConnected, *dialled) ||
               ours.seen(Event::Kind::kClosed, *dialled);
      },
      15s);
  const auto connected = ours.seen(Event::Kind::kConnected, *dialled);
  EXPECT_TRUE(connected) << "our dial did not succeed";
  const Json theirs = answer(accepted);
  EXPECT_TRUE(theirs.value("ok", false)) << theirs.dump();
  if (!connected || !theirs.value("ok", false)) return std::nullopt;
  EXPECT_EQ(to_hex(connected->peer.bytes()), iroh_id_hex());
  EXPECT_EQ(theirs.value("remote", ""), ours.id_hex());
  EXPECT_EQ(theirs.value("alpn", ""), kAlpn);
  return Link{*dialled, theirs.value("conn", -1)};
}

std::optional<Link> IrohInterop::iroh_dials(OurSide& ours, const SocketAddress& address) {
  const Json theirs = ask("connect", {{"endpoint", 0},
                                      {"peer", ours.id_hex()},
                                      {"address", address.to_string()},
                                      {"alpn", kAlpn}});
  EXPECT_TRUE(theirs.value("ok", false)) << theirs.dump();
  run_until([&] { return ours.seen(Event::Kind::kAccepted).has_value(); }, 5s);
  const auto accepted = ours.seen(Event::Kind::kAccepted);
  EXPECT_TRUE(accepted) << "we accepted nothing";
  if (!accepted || !theirs.value("ok", false)) return std::nullopt;
  EXPECT_EQ(to_hex(accepted->peer.bytes()), iroh_id_hex());
  EXPECT_EQ(theirs.value("remote", ""), ours.id_hex());
  EXPECT_EQ(theirs.value("alpn", ""), kAlpn);
  return Link{accepted->connection, theirs.value("conn", -1)};
}

bool IrohInterop::we_send(OurSide& ours, const Link& link, StreamKind kind, std::uint64_t streams,
                          std::size_t size, Duration limit) {
  StreamWork& work = ours.work();
  const std::uint64_t before = work.pattern_bytes_back();
  work.send_patterns(link.ours, kind, streams, size);
  run_until([&] { return work.patterns_done() || work.failed(); }, limit);
  EXPECT_TRUE(work.patterns_done()) << "failed: " << work.failed();
  EXPECT_EQ(work.pattern_bytes_back() - before, streams * size);
  return work.patterns_done();
}

bool IrohInterop::iroh_sends(const Link& link, std::uint64_t streams, std::size_t size,
                             Duration limit) {
  const Json sent =
      ask("echo_bi", {{"conn", link.iroh}, {"streams", streams}, {"size", size}}, limit);
  EXPECT_TRUE(sent.value("complete", false)) << sent.dump();
  return sent.value("complete", false);
}

}  // namespace zerok::interop
