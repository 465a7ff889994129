// SPDX-License-Identifier: MIT OR Apache-2.0
// Client: what the application changes, each call one transaction: groups, pushes, hand-over.
#include <algorithm>

#include "client/client_parts.h"

namespace zerok::client {
namespace {

constexpr std::size_t kPushKeyBytesMax = 64;

}  // namespace

Result<void> Client::set_relay(const core::RelayTicket& ticket) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  ZEROK_TRY(const std::string text, ticket.to_text());
  const auto before = parts.connection.ticket();
  ZEROK_TRY_VOID(parts.connection.set_ticket(ticket, parts.now));
  const auto stored = parts.store.put_value(
      kTicketValue,
      core::wrap_for_store(parts.keys, as_bytes(kTicketValue), as_bytes(text), parts.rng));
  parts.engine->handle_end();
  parts.engine->set_relay(ticket.endpoint, ticket.admission_token);
  const auto carried = stored ? parts.carry_out() : stored;
  if (!carried) {
    // As the store has it.
    if (before) {
      ZEROK_TRY_VOID(parts.connection.set_ticket(*before, parts.now));
    } else {
      parts.connection.forget_ticket();
    }
    parts.give_up(carried.error());
  }
  return carried;
}

std::optional<core::RelayTicket> Client::relay() const { return parts_->connection.ticket(); }

std::vector<RelayName> Client::unresolved() const { return parts_->connection.unresolved(); }

void Client::resolved(const RelayName& name,
                      const std::vector<transport::SocketAddress>& addresses) {
  parts_->connection.resolved(name, addresses, parts_->now);
  parts_->dirty = true;
}

Result<GroupId> Client::create_group(std::string_view device_name) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  if (has_group()) return fail(ErrorCode::kInvalidState, "this device is in a group");
  ZEROK_TRY(auto group, core::ClientGroup::create(parts.keys, device_name, parts.rng));
  ZEROK_TRY_VOID(parts.adopt(std::move(group)));
  return *parts.engine->record().group;
}

Result<void> Client::Parts::adopt(core::ClientGroup group) {
  auto done = store_group(store, group, keys, rng);
  if (done) {
    engine->set_group(std::move(group), wall);
    done = carry_out();
  }
  guest.reset();
  if (!done) give_up(done.error());
  return done;
}

Result<Pushed> Client::push(ByteView payload, const PushOptions& options) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  if (options.key.size() > kPushKeyBytesMax) {
    return fail(ErrorCode::kInvalidArgument, "a key has 64 bytes at most");
  }
  if (!options.key.empty()) {
    ZEROK_TRY(const auto known, parts.store.find_push_key(options.key));
    if (known) return Pushed{known->number, known->blob, true};
  }
  ZEROK_TRY(const auto push,
            parts.engine->prepare_push(
                payload, options.tag, options.padded ? core::Padding::kPadme : core::Padding::kNone,
                parts.date));
  auto done = parts.store.add_outbox(row_of(push.entry), push.sealed);
  if (done && !options.key.empty()) {
    done = parts.store.add_push_key(options.key, {push.entry.number, push.entry.blob});
  }
  if (done) done = parts.store.put_value(core::kRecordValue, push.record.encode());
  if (done) done = parts.store.commit();
  if (!done) {
    parts.store.rollback();
    return std::unexpected(done.error());
  }
  parts.engine->pushed(push);
  return Pushed{push.entry.number, push.entry.blob, false};
}

Result<void> Client::remove(const BlobId& blob) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  ZEROK_TRY_VOID(parts.engine->remove(blob));
  const auto done = parts.carry_out();
  if (!done) parts.give_up(done.error());
  return done;
}

Result<std::vector<Received>> Client::take(std::size_t max) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  std::vector<Received> out;
  if (parts.engine->group() == nullptr || max == 0) return out;
  ZEROK_TRY(const auto rows, parts.store.ready(parts.taken, max));
  for (const store::InboxBlob& row : rows) {
    const auto sealed = parts.store.inbox_sealed(row.arrival);
    if (!sealed && sealed.error().code != ErrorCode::kMalformed) {
      // What was read before it counts as handed over, so it has to be.
      if (!out.empty()) break;
      return std::unexpected(sealed.error());
    }
    const auto content = parts.engine->group()->keyring().open(
        row.epoch_group, row.blob, sealed ? ByteView(*sealed) : ByteView());
    parts.taken = row.number;
    if (!content) {
      // It opened when it came.
      core::NoticeDetail detail;
      detail.number = row.number;
      detail.blob = row.blob;
      detail.device = row.sender;
      parts.engine->notice(core::NoticeKind::kStoreDamaged, detail);
      continue;
    }
    Received received;
    received.number = row.number;
    received.blob = row.blob;
    received.device = row.sender;
    received.incarnation = row.incarnation;
    received.sequence = row.sequence;
    received.lamport = row.lamport;
    received.tag = content->header().tag;
    received.payload.assign(content->payload().begin(), content->payload().end());
    out.push_back(std::move(received));
  }
  return out;
}

Result<void> Client::confirm(std::uint64_t number) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  if (number > parts.engine->record().ready_number) {
    return fail(ErrorCode::kInvalidArgument, "no blob has this number yet");
  }
  if (number <= parts.engine->record().confirmed) return {};
  auto done = parts.store.remove_ready(number);
  if (done) {
    parts.engine->confirm(number);
    done = parts.carry_out();
  }
  if (!done) {
    parts.give_up(done.error());
    return done;
  }
  parts.taken = std::max(parts.taken, number);
  return {};
}

Result<std::vector<Notice>> Client::notices() const {
  std::vector<Notice> out;
  ZEROK_TRY(const auto rows, parts_->store.notices(0, parts_->config.limits.notices_max + 1));
  for (const store::Notice& row : rows) {
    ZEROK_TRY(const auto detail, core::NoticeDetail::decode(row.detail));
    out.push_back({row.number, static_cast<core::NoticeKind>(row.kind), detail});
  }
  return out;
}

Result<void> Client::confirm_notices(std::uint64_t number) {
  Parts& parts = *parts_;
  ZEROK_TRY_VOID(parts.ready_for_change());
  auto done = parts.store.remove_notices(number);
  if (done) done = parts.store.commit();
  if (!done) {
    parts.store.rollback();
    return done;
  }
  parts.engine->confirm_notices(number);
  return {};
}

}  // namespace zerok::client
