// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/device_machine.h"

namespace zerok::sim {
namespace {

// One of each kind, and no more.
constexpr int kEventsPerStepMax = 8;

crypto::DeviceKeys make_keys(Rng& rng) {
  crypto::DeviceSecret secret;
  rng.fill(secret.mutable_bytes());
  return crypto::DeviceKeys::derive(secret);
}

transport::SocketAddress address_of(DeviceIndex index) {
  return transport::SocketAddress::ipv4({10, 1, 0, static_cast<std::uint8_t>(index + 1)}, 7000);
}

}  // namespace

DeviceMachine::Process::Process(std::unique_ptr<store::ClientStore> opened, DeviceMachine& machine)
    : inner(std::move(opened)),
      watched(*inner, machine.ledger_, machine.fault_),
      transport(machine.context_.network, machine.node_),
      rng(machine.rng_.fork()) {}

DeviceMachine::DeviceMachine(Context& context, DeviceIndex index, const core::RelayTicket& ticket,
                             std::uint64_t seed)
    : context_(context),
      index_(index),
      ticket_(ticket),
      rng_(seed),
      keys_(make_keys(rng_)),
      node_(context.network.add_node(keys_.endpoint_id(), address_of(index))),
      ledger_(index, context.truth, context.ledger, context.secrecy, context.findings),
      disk_(std::make_unique<store::MemoryDisk>()) {}

void DeviceMachine::refused(std::string_view what, const Error& error) {
  context_.log.note("device {}: {} refused: {}", index_, what, error_code_name(error.code));
  if (error.code == ErrorCode::kIo && fault_.full) return;
  context_.findings.fail("refusal", "device {}: {} was refused: {}", index_, what,
                         error.text.view());
}

bool DeviceMachine::start() {
  ZEROK_ASSERT(!is_running());
  auto store = disk_->open_client_store();
  ZEROK_ASSERT(store.has_value());
  process_ = std::make_unique<Process>(*std::move(store), *this);
  ledger_.restarted();
  const bool running = guarded([this] {
    auto client = client::Client::open(process_->watched, process_->transport, keys_, process_->rng,
                                       {}, context_.now, wall());
    if (!client) {
      refused("start", client.error());
      return false;
    }
    process_->client = *std::move(client);
    if (const auto set = process_->client->set_relay(ticket_); !set) {
      refused("set_relay", set.error());
      return false;
    }
    return true;
  });
  if (!running) crash();
  if (running) context_.log.note("device {} started", index_);
  return running;
}

void DeviceMachine::crash() { process_.reset(); }

template <typename Call>
bool DeviceMachine::guarded(Call call) {
  try {
    return call();
  } catch (const PowerCut& cut) {
    context_.log.note("device {} lost its power, its commit {}", index_,
                      cut.durable ? "durable" : "lost");
    crash();
    return false;
  }
}

bool DeviceMachine::is_due() const {
  return is_running() &&
         (context_.network.has_inbox(node_) || process_->client->next_timeout() <= context_.now);
}

Instant DeviceMachine::next_timeout() const {
  return is_running() ? process_->client->next_timeout() : kNever;
}

DeviceMachine::Turn DeviceMachine::step() {
  Turn turn;
  turn.power_cut = !guarded([this] {
    process_->client->step(context_.now, wall());
    return true;
  });
  if (turn.power_cut) return turn;
  int events = 0;
  while (const auto event = process_->client->poll_event()) {
    if (++events > kEventsPerStepMax) {
      context_.findings.fail("bounds", "device {} has more than {} events", index_, events);
      break;
    }
    if (*event == client::ClientEvent::kReceived) turn.received = true;
    if (*event == client::ClientEvent::kConnection) {
      context_.log.note("device {}: connection {}", index_,
                        static_cast<int>(process_->client->status().connection));
    }
  }
  return turn;
}

bool DeviceMachine::push(const PushWish& wish) {
  ledger_.begin_push(wish.payload, wish.key);
  const bool alive = guarded([&] {
    client::PushOptions options;
    options.key = wish.key;
    const auto pushed = process_->client->push(wish.payload, options);
    ledger_.end_push(pushed);
    if (pushed) {
      context_.log.note("device {} pushed {}: {} bytes, blob {}{}", index_, pushed->number,
                        wish.payload.size(), short_id(pushed->blob),
                        pushed->repeated ? ", repeated" : "");
    } else {
      unfinished_.push_back(wish);
      refused("push", pushed.error());
    }
    return true;
  });
  if (!alive) {
    ledger_.cut_in_push();
    // Only with a key can an application know whether it still has to push.
    if (!wish.key.empty()) unfinished_.push_back(wish);
  }
  return alive;
}

bool DeviceMachine::take(std::size_t max, bool& more) {
  return guarded([&] {
    const auto blobs = process_->client->take(max);
    if (!blobs) {
      refused("take", blobs.error());
      return true;
    }
    if (!blobs->empty()) {
      context_.log.note("device {} took {} to {}", index_, blobs->front().number,
                        blobs->back().number);
    }
    ledger_.took(*blobs);
    more = blobs->size() == max;
    return true;
  });
}

bool DeviceMachine::confirm(std::uint64_t number) {
  return guarded([&] {
    ledger_.begin_confirm(number);
    const auto done = process_->client->confirm(number);
    if (done) {
      context_.log.note("device {} confirmed {}", index_, number);
    } else {
      refused("confirm", done.error());
    }
    return true;
  });
}

bool DeviceMachine::remove(const BlobId& blob) {
  return guarded([&] {
    const auto done = process_->client->remove(blob);
    context_.log.note("device {} removes {}", index_, short_id(blob));
    if (!done) refused("remove", done.error());
    return true;
  });
}

bool DeviceMachine::confirm_notices() {
  return guarded([&] {
    const auto notices = process_->client->notices();
    if (!notices) {
      refused("notices", notices.error());
      return true;
    }
    for (const client::Notice& notice : *notices) {
      context_.log.note("device {} notice {}: first {} last {} count {} code {}", index_,
                        static_cast<int>(notice.kind), notice.detail.first, notice.detail.last,
                        notice.detail.count, notice.detail.code);
    }
    if (notices->empty()) return true;
    const auto done = process_->client->confirm_notices(notices->back().number);
    if (!done) refused("confirm_notices", done.error());
    return true;
  });
}

bool DeviceMachine::create_group(std::string_view name) {
  return guarded([&] {
    const auto group = process_->client->create_group(name);
    if (!group) {
      refused("create_group", group.error());
      return true;
    }
    context_.log.note("device {} made the group", index_);
    context_.ledger.set_group(*group);
    return true;
  });
}

bool DeviceMachine::join_group(client::Client::GroupSecrets secrets) {
  return guarded([&] {
    const auto done = process_->client->join_group(std::move(secrets));
    if (done) {
      context_.log.note("device {} joined the group", index_);
      context_.truth.devices[index_].enrolled_at = context_.now;
    } else {
      refused("join_group", done.error());
    }
    return true;
  });
}

}  // namespace zerok::sim
