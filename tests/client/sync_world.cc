// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tests/client/sync_world.h"

#include <algorithm>

#include "base/check.h"

namespace zerok::client::testing {
namespace {

crypto::DeviceKeys device_keys(std::uint8_t number) {
  const Bytes secret(32, number);
  return crypto::DeviceKeys::derive(crypto::DeviceSecret(ByteView(secret).first<32>()));
}

crypto::RelayKeys relay_keys() {
  const Bytes secret(32, 0xee);
  return crypto::RelayKeys::derive(crypto::RelaySecret(ByteView(secret).first<32>()));
}

}  // namespace

TestDevice::TestDevice(SyncWorld& world, std::uint8_t number)
    : keys(device_keys(number)),
      disk(std::make_unique<store::MemoryDisk>()),
      node(world.network.add_node(keys.endpoint_id(),
                                  transport::SocketAddress::ipv4({10, 0, 1, number}, 1000))),
      world_(&world) {}

Result<void> TestDevice::start() {
  rng_ = std::make_unique<DeterministicRng>(1000 + ++world_->starts_);
  transport_ = std::make_unique<transport::SimulatedTransport>(world_->network, node);
  ZEROK_TRY(store_, disk->open_client_store());
  ZEROK_TRY(client_,
            Client::open(*store_, *transport_, keys, *rng_, config, world_->now, world_->wall));
  return {};
}

void TestDevice::crash() {
  client_.reset();
  store_.reset();
  transport_.reset();
}

void TestDevice::use_disk(std::unique_ptr<store::MemoryDisk> other) {
  crash();
  disk = std::move(other);
}

void TestDevice::receive(bool confirm) {
  for (;;) {
    const auto blobs = client_->take(100);
    ZEROK_ASSERT(blobs.has_value());
    if (blobs->empty()) return;
    for (const Received& blob : *blobs) {
      // The same number may come again after a restart, but never with another blob.
      const auto [at, added] = seen.emplace(blob.number, blob.blob);
      ZEROK_ASSERT(at->second == blob.blob);
      if (added) received.emplace_back(blob.payload.begin(), blob.payload.end());
    }
    if (confirm) ZEROK_ASSERT(client_->confirm(blobs->back().number).has_value());
  }
}

std::uint64_t TestDevice::push(std::string_view payload) {
  const auto pushed = client_->push(as_bytes(payload));
  ZEROK_ASSERT(pushed.has_value());
  return pushed->number;
}

bool TestDevice::has_notice(core::NoticeKind kind) const {
  const auto notices = client_->notices();
  return notices && std::ranges::any_of(*notices, [&](const Notice& n) { return n.kind == kind; });
}

void TestDevice::step(Instant now, UnixMs wall) {
  if (client_) client_->step(now, wall);
}

SyncWorld::SyncWorld(const relay::RelayConfig& config)
    : relay_config(config),
      relay_disk(std::make_unique<store::MemoryDisk>()),
      relay_keys_(relay_keys()) {
  relay_node = network.add_node(relay_keys_.endpoint_id(),
                                transport::SocketAddress::ipv4({10, 0, 0, 1}, 4433));
  start_relay();
}

void SyncWorld::start_relay() {
  relay_transport_ = std::make_unique<transport::SimulatedTransport>(network, relay_node);
  relay_store_ = relay_disk->open_relay_store().value();
  relay = relay::Relay::open(*relay_store_, *relay_transport_, relay_keys_, rng, relay_config, now,
                             wall)
              .value();
}

void SyncWorld::crash_relay() {
  relay.reset();
  relay_store_.reset();
  relay_transport_.reset();
}

void SyncWorld::use_relay_disk(std::unique_ptr<store::MemoryDisk> disk) {
  crash_relay();
  relay_disk = std::move(disk);
  start_relay();
}

core::RelayTicket SyncWorld::ticket() const { return relay->ticket({"10.0.0.1:4433"}); }

TestDevice& SyncWorld::add_device() {
  TestDevice& device = add_device_without_relay();
  ZEROK_ASSERT(device->set_relay(ticket()).has_value());
  return device;
}

TestDevice& SyncWorld::add_device_without_relay() {
  const auto number = static_cast<std::uint8_t>(devices_.size() + 1);
  devices_.push_back(std::make_unique<TestDevice>(*this, number));
  TestDevice& device = *devices_.back();
  ZEROK_ASSERT(device.start().has_value());
  return device;
}

void SyncWorld::make_group(std::size_t count) {
  TestDevice& first = add_device();
  ZEROK_ASSERT(first->create_group("first").has_value());
  ZEROK_ASSERT(run_until([&] { return first->status().synced; }));
  for (std::size_t n = 1; n < count; ++n) enrol(first, add_device());
}

void SyncWorld::enrol(TestDevice& member, TestDevice& joiner) {
  auto secrets = member->group_secrets().value();
  const auto group = crypto::GroupKeys::derive(secrets.epochs.front().secret);
  const auto name =
      core::seal_name(group.roster, group.group_id(), joiner.id(), "another", rng).value();
  const Bytes record = core::MemberRecord::of(joiner.keys, name).encode();
  ZEROK_ASSERT(member
                   ->propose_member(record, core::sign_member_record(joiner.keys.signing,
                                                                     group.group_id(), record))
                   .has_value());
  ZEROK_ASSERT(run_until([&] { return member->member_proposal() == Client::Proposal::kEnrolled; }));
  ZEROK_ASSERT(joiner->join_group(member->group_secrets().value()).has_value());
  ZEROK_ASSERT(run_until([&] { return joiner->status().connection == Connection::kOnline; }));
}

bool SyncWorld::settle(Duration duration) {
  return run_until(
      [&] {
        return std::ranges::all_of(devices_, [](const auto& device) {
          return !device->is_running() || device->client().status().synced;
        });
      },
      duration);
}

void SyncWorld::turn() {
  if (relay) relay->step(now, wall);
  for (auto& device : devices_) device->step(now, wall);
  if (relay) relay->step(now, wall);
}

void SyncWorld::advance(Instant end) {
  Instant next = network.next_timeout();
  if (relay) next = std::min(next, relay->next_timeout());
  for (auto& device : devices_) {
    if (device->is_running()) next = std::min(next, device->client().next_timeout());
  }
  next = std::min(end, std::max(next, now + milliseconds(1)));
  wall += std::chrono::duration_cast<milliseconds>(next - now).count();
  now = next;
}

}  // namespace zerok::client::testing
