// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/test_world.h"

#include <gnutls/gnutls.h>

#include <algorithm>

#include "base/check.h"

namespace zerok::transport::testing {

Host::Host(World& world, std::uint8_t seed, const SocketAddress& address, const QuicConfig& config,
           std::uint8_t reset_seed)
    : world_(world), seed_(seed), reset_seed_(reset_seed), address_(address), config_(config) {
  rng_ = std::make_unique<DeterministicRng>(world.rng().next_u64());
  ZEROK_ASSERT(config.validate().has_value());
  endpoint_ = std::make_unique<Endpoint>(config_, *TlsIdentity::create(secret_of(seed_)),
                                         secret_of(reset_seed_), *rng_);
}

void Host::move_to(std::string_view address) { address_ = address_of(address); }

void Host::restart() {
  events.clear();
  incoming.clear();
  outgoing_.clear();
  endpoint_ = std::make_unique<Endpoint>(config_, *TlsIdentity::create(secret_of(seed_)),
                                         secret_of(reset_seed_), *rng_);
}

void Host::lose_key() {
  auto identity = *TlsIdentity::create(secret_of(seed_));
  gnutls_certificate_free_keys(identity->credentials());
  endpoint_ =
      std::make_unique<Endpoint>(config_, std::move(identity), secret_of(reset_seed_), *rng_);
}

Bytes Host::first_datagram(Host& peer) {
  const ConnectionId id = dial(peer);
  const std::vector<Bytes> sent = world_.drain(*this);
  endpoint_->close(id, 0);
  world_.drain(*this);
  ZEROK_ASSERT(!sent.empty());
  return sent.empty() ? Bytes() : sent.front();
}

ConnectionId Host::dial(Host& peer) {
  const auto id = endpoint_->dial(peer.address(), peer.id(), world_.now());
  ZEROK_ASSERT(id.has_value());
  return id.value_or(ConnectionId{});
}

StreamId Host::send(ConnectionId connection, Bytes bytes, StreamKind kind) {
  const auto stream = endpoint_->open_stream(connection, kind);
  ZEROK_ASSERT(stream.has_value());
  if (!stream) return StreamId{};
  outgoing_[{connection, *stream}] = {std::move(bytes), 0};
  pump(connection, *stream);
  return *stream;
}

void Host::pump(ConnectionId connection, StreamId stream) {
  const auto entry = outgoing_.find({connection, stream});
  if (entry == outgoing_.end()) return;
  Outgoing& out = entry->second;
  const auto n =
      endpoint_->write(connection, stream, ByteView(out.bytes).subspan(out.written), true);
  if (n) out.written += *n;
  if (!n || out.written == out.bytes.size()) outgoing_.erase(entry);
}

void Host::collect(ConnectionId connection, StreamId stream) {
  Incoming& in = incoming[{connection, stream}];
  Bytes buffer(10'000);
  while (true) {
    const auto got = endpoint_->read(connection, stream, buffer);
    if (!got) {
      in.error = got.error();
      return;
    }
    in.bytes.insert(in.bytes.end(), buffer.begin(),
                    buffer.begin() + static_cast<std::ptrdiff_t>(got->size));
    in.fin = in.fin || got->fin;
    if (got->size == 0 || got->fin) return;
  }
}

void Host::handle_events() {
  while (const auto event = endpoint_->poll_event()) {
    events.push_back(*event);
    if (event->kind == Event::Kind::kReadable && reading) collect(event->connection, event->stream);
    if (event->kind == Event::Kind::kWritable) pump(event->connection, event->stream);
  }
}

std::size_t Host::count(Event::Kind kind) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(events, [&](const Event& e) { return e.kind == kind; }));
}

const Event* Host::last(Event::Kind kind) const {
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->kind == kind) return &*event;
  }
  return nullptr;
}

Host& World::add(std::uint8_t seed, std::string_view address, const QuicConfig& config,
                 std::uint8_t reset_seed) {
  hosts_.push_back(std::make_unique<Host>(*this, seed, address_of(address), config, reset_seed));
  return *hosts_.back();
}

void World::transmit(Host& host) {
  int batches = 0;
  while (const PacketBatch* batch = host.endpoint().poll_transmit(now_)) {
    // An endpoint that never stops sending fails instead of hanging.
    ZEROK_ASSERT(++batches < 100'000);
    for (std::size_t s = 0; s < batch->segments(); ++s) {
      carry(host.address_, batch->path.remote, batch->segment(s));
    }
  }
}

std::vector<Bytes> World::drain(Host& host) {
  std::vector<Bytes> out;
  while (const PacketBatch* batch = host.endpoint().poll_transmit(now_)) {
    for (std::size_t s = 0; s < batch->segments(); ++s) {
      out.emplace_back(batch->segment(s).begin(), batch->segment(s).end());
    }
  }
  return out;
}

void World::carry(const SocketAddress& from, const SocketAddress& to, ByteView datagram) {
  ++datagrams;
  if (filter && !filter(from, to, datagram)) return;
  if (chance(faults.loss)) return;
  const int copies = chance(faults.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    Bytes bytes(datagram.begin(), datagram.end());
    if (chance(faults.corrupt)) {
      bytes[rng_.below(bytes.size())] ^= static_cast<std::uint8_t>(1 + rng_.below(255));
    }
    Duration delay = faults.delay;
    if (faults.jitter > Duration::zero()) {
      delay += Duration(static_cast<Duration::rep>(
          rng_.below(static_cast<std::uint64_t>(faults.jitter.count()))));
    }
    in_flight_.push({now_ + delay, sequence_++, from, to, std::move(bytes)});
  }
}

void World::inject(const SocketAddress& from, Host& to, ByteView datagram) {
  to.endpoint().receive({to.address_, from}, 0, datagram, now_);
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now_ + limit;
  while (true) {
    for (auto& host : hosts_) {
      host->endpoint().handle_timeouts(now_);
      host->handle_events();
      transmit(*host);
      host->handle_events();
    }
    if (done()) return true;
    Instant next = end;
    for (auto& host : hosts_) next = std::min(next, host->endpoint().next_timeout());
    if (!in_flight_.empty()) next = std::min(next, in_flight_.top().at);
    if (next >= end) {
      now_ = end;
      return done();
    }
    now_ = std::max(now_, next);
    while (!in_flight_.empty() && in_flight_.top().at <= now_) {
      const InFlight packet = in_flight_.top();
      in_flight_.pop();
      for (auto& host : hosts_) {
        if (host->address_ == packet.to) inject(packet.from, *host, packet.bytes);
      }
    }
  }
}

Pair connect(World& world, Host& client, Host& server) {
  const std::size_t accepted = server.count(Event::Kind::kAccepted);
  const ConnectionId dialled = client.dial(server);
  const bool up = world.run_until([&] {
    const Event* connected = client.last(Event::Kind::kConnected);
    return connected != nullptr && connected->connection == dialled &&
           server.count(Event::Kind::kAccepted) > accepted;
  });
  ZEROK_ASSERT(up);
  const Event* event = server.last(Event::Kind::kAccepted);
  return {dialled, event != nullptr ? event->connection : ConnectionId{}};
}

Bytes random_bytes(std::uint64_t seed, std::size_t size) {
  Bytes bytes(size);
  DeterministicRng(seed).fill(bytes);
  return bytes;
}

}  // namespace zerok::transport::testing
