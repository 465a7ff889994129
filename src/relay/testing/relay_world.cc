// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay/testing/relay_world.h"

#include <algorithm>

#include "base/check.h"
#include "core/session_proof.h"
#include "core/testing/roster_sample.h"

namespace zerok::relay::testing {

using core::testing::sample_group;

namespace {

crypto::DeviceKeys device_keys(std::uint8_t number) {
  return crypto::DeviceKeys::derive(
      crypto::testing::key_of<crypto::DeviceSecret>(ByteView(Bytes(32, number))));
}

crypto::RelayKeys relay_keys() {
  return crypto::RelayKeys::derive(
      crypto::testing::key_of<crypto::RelaySecret>(ByteView(Bytes(32, 0xee))));
}

}  // namespace

std::optional<wire::WireErrorCode> Received::error() const {
  const auto* error = as<wire::ErrorMessage>();
  return error == nullptr ? std::nullopt : std::optional(error->refusal.code);
}

bool Received::ends() const {
  const auto* error = as<wire::ErrorMessage>();
  return error != nullptr && error->ends_session;
}

RawDevice::RawDevice(RelayWorld& world, std::uint8_t number, bool foreign_noise)
    : world_(&world),
      number_(number),
      foreign_noise_(foreign_noise),
      keys_(device_keys(number)),
      static_keys_(foreign_noise
                       ? noise::StaticKeys::generate(world.rng)
                       : noise::StaticKeys::from_secrets(keys_.noise.dh.clone(), keys_.noise.kem)),
      node_(world.network.add_node(
          keys_.endpoint_id(), transport::SocketAddress::ipv4({10, 0, 1, world.next_node_}, 1000))),
      transport_(std::make_unique<transport::SimulatedTransport>(world.network, node_)),
      endpoint_(std::make_unique<link::Endpoint>(*transport_, static_keys_, world.rng,
                                                 link::EndpointConfig{})) {
  ++world.next_node_;
  world.devices_.push_back(this);
  hello_items.features = wire::kFeatureInline | wire::kFeaturePresence;
}

RawDevice::~RawDevice() { std::erase(world_->devices_, this); }

std::unique_ptr<RawDevice> RawDevice::second() {
  auto other = std::make_unique<RawDevice>(*world_, number_, foreign_noise_);
  other->hello_items = hello_items;
  return other;
}

bool RawDevice::connect() {
  disconnect();
  const auto link = endpoint_->dial(world_->relay_address_, world_->relay_keys_.endpoint_id(),
                                    world_->relay->ticket({"a:1"}).noise_identity, world_->now);
  ZEROK_ASSERT(link.has_value());
  link_ = *link;
  return world_->run_until([this] { return opened_ || !link_; }) && opened_;
}

void RawDevice::disconnect() {
  if (link_) endpoint_->close(*link_, link::CloseCode::kNormal);
  link_.reset();
  opened_ = false;
  closed.reset();
  notices.clear();
  answers.clear();
}

wire::Hello RawDevice::make_hello() {
  wire::Hello hello = hello_items;
  if (with_create) {
    create_ = group == 0x40 ? core::testing::sample_create()
                            : core::make_create_entry(keys_.signing, sample_group(group).membership,
                                                      core::testing::sample_device(number_).record);
    hello.create = create_;
    if (!token.empty()) hello.admission_token = token;
  }
  const core::SessionBinding binding{.handshake_hash = endpoint_->info(*link_)->handshake_hash,
                                     .relay = world_->relay_keys_.endpoint_id()};
  core::sign_hello(hello, keys_.signing, sample_group(group).membership, binding);
  return hello;
}

std::optional<Received> RawDevice::hello() {
  if (!opened_ && !connect()) return std::nullopt;
  return ask(make_hello());
}

Received RawDevice::welcome() {
  auto answer = hello();
  ZEROK_ASSERT(answer && answer->as<wire::Welcome>());
  return std::move(*answer);
}

std::uint32_t RawDevice::send(const wire::AnyMessage& message) {
  const std::uint32_t request = next_request_++;
  send_raw(request, static_cast<std::uint8_t>(wire::message_type(message)),
           wire::encode_message(message).value());
  return request;
}

void RawDevice::send_raw(std::uint32_t request, std::uint8_t type, Bytes body, bool response) {
  if (!link_) return;
  ZEROK_ASSERT(endpoint_->send(*link_, wire::Priority::kBulk,
                               {.request = request, .type = type, .response = response},
                               std::move(body)));
}

void RawDevice::notice(const wire::AnyMessage& message) {
  send_raw(0, static_cast<std::uint8_t>(wire::message_type(message)),
           wire::encode_message(message).value());
}

std::optional<Received> RawDevice::wait(std::uint32_t request, Duration patience) {
  auto found = answers.end();
  world_->run_until(
      [&] {
        found = std::ranges::find_if(answers,
                                     [&](const Received& r) { return r.key.request == request; });
        return found != answers.end() || closed.has_value();
      },
      patience);
  if (found == answers.end()) return std::nullopt;
  Received answer = std::move(*found);
  answers.erase(found);
  return answer;
}

std::optional<Received> RawDevice::ask(const wire::AnyMessage& message) {
  return wait(send(message));
}

std::optional<Received> RawDevice::push(std::initializer_list<std::uint8_t> numbers,
                                        std::size_t bytes) {
  std::deque<Bytes> contents;
  wire::Push push{.group = sample_group().group_id()};
  for (const std::uint8_t n : numbers) {
    contents.push_back(Bytes(bytes, n));
    push.blobs.push_back(
        {.id = *BlobId::from_bytes(Bytes(BlobId::kSize, n)), .sealed = contents.back()});
  }
  return ask(push);
}

std::optional<Received> RawDevice::pull(std::uint64_t after, std::uint64_t stored, bool own) {
  return ask(wire::Pull{.after = after,
                        .stored = stored,
                        .lines_max = 1024,
                        .bytes_max = wire::kBatchBytesMax,
                        .own_content = own});
}

void RawDevice::step(Instant now) {
  endpoint_->step(now);
  if (link_) endpoint_->set_reading(*link_, reads);
  while (auto event = endpoint_->poll_event()) {
    using Kind = link::LinkEvent::Kind;
    if (!link_ || event->link != *link_) continue;
    if (event->kind == Kind::kOpened) opened_ = true;
    if (event->kind == Kind::kClosed) {
      closed = event->error;
      link_.reset();
      opened_ = false;
    }
    if (event->kind != Kind::kMessage) continue;
    auto body =
        std::make_unique<Bytes>(event->message->body().begin(), event->message->body().end());
    auto message = wire::decode_message(event->message->key().type, *body);
    ZEROK_ASSERT(message.has_value());
    auto& queue = event->message->key().response ? answers : notices;
    queue.push_back({event->message->key(), std::move(body), std::move(*message)});
  }
  endpoint_->step(now);
}

RelayWorld::RelayWorld(const RelayConfig& a_config, store::MemoryDisk& a_disk)
    : config(a_config),
      disk(a_disk),
      relay_keys_(relay_keys()),
      relay_address_(transport::SocketAddress::ipv4({10, 0, 0, 1}, 4433)) {
  relay_node_ = network.add_node(relay_keys_.endpoint_id(), relay_address_);
  start();
}

void RelayWorld::crash() {
  relay.reset();
  relay_transport_.reset();
  store.reset();
}

void RelayWorld::start() {
  store = disk.open_relay_store().value();
  relay_transport_ = std::make_unique<transport::SimulatedTransport>(network, relay_node_);
  relay = Relay::open(*store, *relay_transport_, relay_keys_, rng, config, now, wall).value();
}

void RelayWorld::turn() {
  if (relay) relay->step(now, wall);
  for (RawDevice* device : devices_) device->step(now);
}

void RelayWorld::advance(Instant end) {
  Instant next = network.next_timeout();
  if (relay) next = std::min(next, relay->next_timeout());
  for (RawDevice* device : devices_) next = std::min(next, device->next_timeout());
  const Instant before = now;
  now = std::min(end, std::max(next, now + std::chrono::milliseconds(1)));
  wall += std::chrono::duration_cast<std::chrono::milliseconds>(now - before).count();
}

}  // namespace zerok::relay::testing
