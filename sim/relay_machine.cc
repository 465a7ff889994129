// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/relay_machine.h"

#include "core/log_hash.h"

namespace zerok::sim {
namespace {

crypto::RelayKeys make_keys(Rng& rng) {
  crypto::RelaySecret secret;
  rng.fill(secret.mutable_bytes());
  return crypto::RelayKeys::derive(secret);
}

}  // namespace

RelayMachine::Process::Process(std::unique_ptr<store::RelayStore> opened, RelayMachine& machine)
    : inner(std::move(opened)),
      watched(*inner, machine.context_.ledger, machine.context_.secrecy, machine.fault_),
      lying(watched, machine.context_.ledger, machine.lies_),
      transport(machine.context_.network, machine.node_),
      rng(machine.rng_.fork()) {}

RelayMachine::RelayMachine(Context& context, std::uint64_t seed)
    : context_(context),
      rng_(seed),
      keys_(make_keys(rng_)),
      node_(context.network.add_node(keys_.endpoint_id(),
                                     transport::SocketAddress::ipv4({10, 0, 0, 1}, 443))),
      disk_(std::make_unique<store::MemoryDisk>()) {
  ticket_.endpoint = keys_.endpoint_id();
  ticket_.noise_identity =
      noise::StaticKeys::from_secrets(keys_.noise.dh.clone(), keys_.noise.kem).identity().id();
  ticket_.addresses = {"10.0.0.1:443"};
  limits_.ttl_s = static_cast<std::uint32_t>(context.knobs.ttl_s);
  context_.ledger.set_ttl(context.knobs.ttl_s);
  if (context.knobs.faults.has(Fault::kSmallQuota)) {
    limits_.blobs_per_minute = static_cast<std::uint32_t>(20 + rng_.below(200));
    limits_.blobs_burst = static_cast<std::uint32_t>(3 + rng_.below(20));
    limits_.group_bytes_max = 20'000 + rng_.below(200'000);
    limits_.push_blobs_max = static_cast<std::uint32_t>(1 + rng_.below(8));
    limits_.pull_lines_max = static_cast<std::uint32_t>(1 + rng_.below(20));
    limits_.pull_bytes_max = static_cast<std::uint32_t>(2'000 + rng_.below(50'000));
  }
  if (context.knobs.faults.has(Fault::kLyingRelay)) {
    lies_.rng = DeterministicRng(seed ^ 0x6c696573);
    context_.ledger.set_relay_lies();
  }
}

bool RelayMachine::start() {
  ZEROK_ASSERT(!is_running());
  auto store = disk_->open_relay_store();
  ZEROK_ASSERT(store.has_value());
  if (wall_jumped_) context_.ledger.set_retention_may_be_early();
  wall_jumped_ = false;
  process_ = std::make_unique<Process>(*std::move(store), *this);
  relay::RelayConfig config;
  config.limits = limits_;
  try {
    auto relay = relay::Relay::open(process_->lying, process_->transport, keys_, process_->rng,
                                    config, context_.now, wall());
    if (!relay) {
      context_.log.note("relay could not start: {}", error_code_name(relay.error().code));
      if (relay.error().code != ErrorCode::kIo) {
        context_.findings.fail("start", "the relay could not start: {}", relay.error().text.view());
      }
      crash();
      return false;
    }
    process_->relay = *std::move(relay);
  } catch (const PowerCut&) {
    context_.log.note("relay lost its power while starting");
    crash();
    return false;
  }
  context_.log.note("relay started");
  return true;
}

void RelayMachine::crash() { process_.reset(); }

void RelayMachine::shut_down() {
  process_->relay->shut_down(context_.now);
  process_->stopping = true;
}

bool RelayMachine::is_due() const {
  return is_running() &&
         (context_.network.has_inbox(node_) || process_->relay->next_timeout() <= context_.now);
}

Instant RelayMachine::next_timeout() const {
  return is_running() ? process_->relay->next_timeout() : kNever;
}

bool RelayMachine::step() {
  try {
    process_->relay->step(context_.now, wall());
  } catch (const PowerCut& cut) {
    context_.log.note("relay lost its power, its commit {}", cut.durable ? "durable" : "lost");
    crash();
    return false;
  }
  if (process_->stopping && process_->relay->is_shut_down()) {
    context_.log.note("relay has shut down");
    crash();
    return false;
  }
  return true;
}

void RelayMachine::jump_wall(UnixMs by) {
  wall_error_ += by;
  wall_jumped_ = true;
}

void RelayMachine::wipe() {
  ZEROK_ASSERT(!is_running());
  disk_ = std::make_unique<store::MemoryDisk>();
  context_.ledger.reset({});
}

void RelayMachine::take_copy() {
  if (is_running() && process_->watched.has_changes()) return;  // only with a planted bug
  copy_ = disk_->copy();
  ledger_copy_ = context_.ledger.copy();
}

void RelayMachine::restore() {
  ZEROK_ASSERT(!is_running() && has_copy());
  disk_ = copy_->copy();
  context_.ledger.reset(ledger_copy_);
}

void RelayMachine::invent(const GroupId& group, const DeviceId& sender, const BlobId& blob,
                          ByteView sealed) {
  ZEROK_ASSERT(!is_running());
  const auto inner = disk_->open_relay_store();
  ZEROK_ASSERT(inner.has_value());
  DiskFault none;
  WatchedRelayStore store(**inner, context_.ledger, context_.secrecy, none);
  const auto loaded = store.load_group(group);
  if (!loaded || !*loaded) return;
  store::NewLine line;
  line.cursor = (*loaded)->head.cursor + 1;
  line.blob = blob;
  line.sender = sender;
  line.epoch_group = group;
  line.ciphertext_hash = core::ciphertext_hash(sealed);
  line.log_hash =
      core::extend_log_hash((*loaded)->head.log_hash, line.cursor, line.blob, line.ciphertext_hash);
  line.committed = kWallStart;
  line.sealed = sealed;
  const auto appended = store.append_line((*loaded)->key, line);
  ZEROK_ASSERT(appended.has_value() && store.commit().has_value());
  context_.log.note("relay invents line {}", line.cursor);
}

}  // namespace zerok::sim
