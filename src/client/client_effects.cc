// SPDX-License-Identifier: MIT OR Apache-2.0
// From what the engine decided to what happens: the store first, the commit, then the rest.
#include <algorithm>
#include <variant>

#include "base/log.h"
#include "base/planted_bug.h"
#include "client/client_parts.h"
#include "wire/messages/push.h"

namespace zerok::client {

Client::Parts::Parts(store::ClientStore& the_store, transport::Transport& transport,
                     const crypto::DeviceKeys& the_keys, Rng& the_rng,
                     const ClientConfig& the_config)
    : store(the_store),
      keys(the_keys),
      rng(the_rng),
      config(the_config),
      noise_keys(noise::StaticKeys::from_secrets(the_keys.noise.dh.clone(), the_keys.noise.kem)),
      endpoint(transport, noise_keys, the_rng, link::EndpointConfig{}),
      connection(endpoint, the_rng, the_config.limits) {}

Result<void> Client::Parts::reload() {
  ZEROK_TRY(auto snapshot, load_snapshot(store, keys, rng));
  ZEROK_TRY_VOID(store.commit());
  ZEROK_TRY(engine,
            core::ClientEngine::restore(keys, rng, config.limits, std::move(snapshot), wall));
  // What this run has handed over stays so when it starts over from the store.
  taken = std::max(taken, engine->record().confirmed);
  if (planted(PlantedBug::kHandOverSkips) && engine->inbox().ready() > 0) ++taken;
  if (connection.ticket()) {
    engine->set_relay(connection.ticket()->endpoint, connection.ticket()->admission_token);
  }
  if (guest && engine->group() == nullptr) engine->begin_guest(*guest);
  if (engine->inbox().may_retry()) retry_quarantine = true;
  broken.reset();
  reload_due = kNever;
  dirty = true;
  if (engine->inbox().ready() > 0) tell(ClientEvent::kReceived);
  return {};
}

Result<void> Client::Parts::ready_for_change() {
  if (broken) return std::unexpected(*broken);
  dirty = true;
  const auto carried = carry_out();
  if (!carried) give_up(carried.error());
  return carried;
}

Result<void> Client::Parts::carry_out() {
  // What is released may make the engine decide more: the end of a session does.
  do {
    // What an earlier step told everybody is written down now.
    if (planted(PlantedBug::kAcknowledgeBeforeStore)) {
      ZEROK_TRY_VOID(store.commit());
    }
    ZEROK_TRY_VOID(apply());
    if (std::exchange(retry_quarantine, false)) {
      ZEROK_TRY_VOID(try_quarantine());
    }
    if (std::exchange(remake_outbox, false)) {
      ZEROK_TRY_VOID(remake());
    }
    if (!planted(PlantedBug::kAcknowledgeBeforeStore)) {
      ZEROK_TRY_VOID(store.commit());
    }
    release();
  } while (engine->has_effects() || retry_quarantine || remake_outbox);
  return {};
}

Result<void> Client::Parts::apply() {
  while (auto effect = engine->poll_effect()) {
    ZEROK_TRY(const bool stored, apply_to_store(store, *effect));
    if (stored) continue;
    if (const auto* push = std::get_if<core::SendPush>(&*effect)) {
      ZEROK_TRY_VOID(prepare_push(*push));
    } else if (std::holds_alternative<core::RetryQuarantine>(*effect)) {
      retry_quarantine = true;
    } else if (std::holds_alternative<core::RemakeOutbox>(*effect)) {
      remake_outbox = true;
    } else {
      released.push_back(*std::move(effect));
    }
  }
  return {};
}

Result<void> Client::Parts::prepare_push(const core::SendPush& push) {
  wire::Push message;
  message.group = push.epoch_group;
  std::vector<Bytes> sealed;
  sealed.reserve(push.numbers.size());
  for (const std::uint64_t number : push.numbers) {
    const core::OutboxEntry* entry = engine->outbox().find(number);
    if (entry == nullptr) return fail(ErrorCode::kInternal, "a blob that is not in the outbox");
    auto bytes = store.outbox_sealed(number);
    if (!bytes && bytes.error().code == ErrorCode::kMalformed) {
      engine->handle_damaged_push(push.request, number);
      engine->pump(now, wall);
      return {};
    }
    if (!bytes) return std::unexpected(bytes.error());
    sealed.push_back(*std::move(bytes));
    message.blobs.push_back({entry->blob, sealed.back()});
  }
  ZEROK_TRY(Bytes body, message.encode());
  const wire::MessageKey key{push.request, static_cast<std::uint8_t>(wire::MessageType::kPush),
                             false};
  released.emplace_back(core::SendMessage{wire::Priority::kBulk, key, std::move(body)});
  return {};
}

Result<void> Client::Parts::try_quarantine() {
  for (std::uint64_t after = 0;;) {
    ZEROK_TRY(const auto rows, store.inbox(store::InboxState::kQuarantined, after, 256));
    for (const store::InboxBlob& row : rows) {
      const auto entry = entry_of(row);
      if (!core::may_be_used_later(entry.reason) || entry.sealed_bytes == 0) continue;
      const auto sealed = store.inbox_sealed(row.arrival);
      if (!sealed && sealed.error().code == ErrorCode::kMalformed) continue;
      if (!sealed) return std::unexpected(sealed.error());
      engine->handle_quarantined(entry, *sealed);
    }
    if (rows.size() < 256) break;
    after = rows.back().arrival;
  }
  engine->pump(now, wall);
  return apply();
}

Result<void> Client::Parts::remake() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, entry] : engine->outbox().entries()) {
    if (entry.cursor == 0 && entry.refusal == 0) numbers.push_back(number);
  }
  for (const std::uint64_t number : numbers) {
    const auto sealed = store.outbox_sealed(number);
    if (!sealed && sealed.error().code != ErrorCode::kMalformed) {
      return std::unexpected(sealed.error());
    }
    // A damaged one opens no more than nothing does.
    engine->handle_pending(number, sealed ? ByteView(*sealed) : ByteView());
    // One at a time, so that no more than one lies in memory.
    ZEROK_TRY_VOID(apply());
  }
  engine->pump(now, wall);
  return apply();
}

void Client::Parts::release() {
  while (!released.empty()) {
    const core::ClientEffect effect = std::move(released.front());
    released.pop_front();
    if (const auto* message = std::get_if<core::SendMessage>(&effect)) {
      release_one(*message);
    } else if (const auto* close = std::get_if<core::CloseSession>(&effect)) {
      release_one(*close);
    } else if (const auto* tell_it = std::get_if<core::Tell>(&effect)) {
      tell(tell_it->event);
    }
  }
}

void Client::Parts::release_one(const core::SendMessage& message) {
  if (!connection.link()) return;
  const auto sent = endpoint.send(*connection.link(), message.priority, message.key, message.body);
  if (sent) return;
  // The bounds on open requests keep within what a link queues, so this one does not work any more.
  log::debug("could not send: {}", sent.error());
  release_one(core::CloseSession{core::AfterEnd::kRetry, 0, sent.error(), {}});
}

void Client::Parts::release_one(const core::CloseSession& close) {
  connection.close(close, now);
  engine->handle_end();
}

}  // namespace zerok::client
