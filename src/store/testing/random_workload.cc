// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/testing/random_workload.h"

#include <fmt/format.h>

#include "store/contract_harness.h"

namespace zerok::store {
namespace {

constexpr std::uint64_t kGroups = 3;
constexpr std::uint64_t kSenders = 4;

// A short text for a long one.
std::string digest(std::string_view text) {
  std::uint64_t state = 0xcbf29ce484222325;
  for (const char c : text) state = (state ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", state);
}

std::string show(std::uint64_t value) { return std::to_string(value); }
std::string show(int value) { return std::to_string(value); }
std::string show(std::int64_t value) { return std::to_string(value); }
std::string show(std::uint32_t value) { return std::to_string(value); }
std::string show(std::uint16_t value) { return std::to_string(value); }
std::string show(const std::string& value) { return value.size() > 64 ? digest(value) : value; }
template <typename A, typename B>
std::string show(const std::pair<A, B>& pair);
template <typename... Items>
std::string show(const std::tuple<Items...>& items);
template <typename Item>
std::string show(const std::vector<Item>& items);

template <typename A, typename B>
std::string show(const std::pair<A, B>& pair) {
  return show(pair.first) + "," + show(pair.second);
}
template <typename... Items>
std::string show(const std::tuple<Items...>& items) {
  return std::apply([](const auto&... item) { return "(" + ((show(item) + " ") + ...) + ")"; },
                    items);
}
template <typename Item>
std::string show(const std::vector<Item>& items) {
  std::string all = "[";
  for (const Item& item : items) all += show(item) + " ";
  return all + "]";
}

// From `least` bytes on, `choices` sizes. Draws in one order whatever the compiler.
Bytes random_bytes(Rng& rng, std::uint64_t least, std::uint64_t choices) {
  const std::uint64_t seed = rng.next_u64();
  return content(seed, least + rng.below(choices));
}

std::string told(const Result<void>& result) {
  return result ? "done" : std::string(error_code_name(result.error().code));
}
template <typename T, typename Show>
std::string told(const Result<T>& result, Show show_value) {
  return result ? show_value(*result) : std::string(error_code_name(result.error().code));
}
template <typename Row>
std::string told_rows(const Result<std::vector<Row>>& result) {
  return told(result, [](const auto& rows) { return show(all_fields(rows)); });
}
std::string told_bytes(const Result<Bytes>& result) {
  return told(result, [](const Bytes& bytes) { return show(to_hex(bytes)); });
}

}  // namespace

std::string RandomRelayWorkload::step(RelayStore& store) {
  now_ += static_cast<UnixMs>(rng_.below(5));
  const std::uint64_t number = rng_.below(kGroups);
  const auto group = store.load_group(id_of<GroupId>(number));
  if (!group) return told(Result<void>(std::unexpected(group.error())));
  if (!*group) {
    return "create " + told(store.create_group(id_of<GroupId>(number), content(number, 50)),
                            [](GroupKey key) { return show(static_cast<std::uint64_t>(key)); });
  }
  switch (rng_.below(8)) {
    case 0:
    case 1:
    case 2:
      return append(store, **group);
    case 3:
    case 4:
      return remove(store, **group);
    case 5: {
      const RelayDevice device{.device = id_of<DeviceId>(rng_.below(kSenders)),
                               .acknowledged = rng_.below(50),
                               .own_lines = rng_.below(50),
                               .last_seen = now_};
      if (rng_.below(3) > 0) return "device " + told(store.put_device((*group)->key, device));
      return "state " +
             told(store.put_state((*group)->key, device.device, random_bytes(rng_, 1, 3000)));
    }
    case 6: {
      if (rng_.below(2) == 0) {
        return "roster " + told(store.append_roster(
                               (*group)->key, static_cast<std::uint32_t>((*group)->roster.size()),
                               random_bytes(rng_, 1, 600)));
      }
      const std::string name = "name" + show(rng_.below(3));
      return "value " + told(store.put_value(name, random_bytes(rng_, 0, 200)));
    }
    default:
      return read(store, **group);
  }
}

std::string RandomRelayWorkload::append(RelayStore& store, const RelayGroup& group) {
  std::string all = "append";
  for (std::uint64_t more = 1 + rng_.below(4); more > 0; --more) {
    // Now and then a blob that may be there, or a cursor that does not follow.
    const std::uint64_t blob = rng_.below(8) == 0 ? rng_.below(blobs_ + 1) : ++blobs_;
    const auto now = store.load_group(group.group);
    if (!now) return all + " " + told(Result<void>(std::unexpected(now.error())));
    const std::uint64_t cursor = (*now)->head.cursor + 1 + (rng_.below(20) == 0 ? 1 : 0);
    const Bytes sealed = content(blob, 1 + rng_.below(rng_.below(10) == 0 ? 20'000 : 1500));
    const DeviceId sender = id_of<DeviceId>(rng_.below(kSenders));
    const UnixMs committed = now_ - static_cast<UnixMs>(rng_.below(10));
    all +=
        " " + told(store.append_line(group.key, line_of(cursor, blob, sender, committed, sealed)));
  }
  return all;
}

std::string RandomRelayWorkload::remove(RelayStore& store, const RelayGroup& group) {
  const std::uint64_t spread = group.head.cursor - group.floor.cursor + 2;
  const std::uint64_t cursor = group.floor.cursor + rng_.below(spread);
  if (rng_.below(4) == 0) {
    return "drop " + told(store.drop_stubs(group.key, cursor + 3, 1 + rng_.below(5)),
                          [](const wire::Position& p) { return show(fields(p)); });
  }
  std::string all = "stub";
  for (std::uint64_t i = 0; i < 1 + rng_.below(4); ++i) {
    all += " " + told(store.make_stub(group.key, cursor + i,
                                      static_cast<wire::StubReason>(1 + rng_.below(3)), now_));
  }
  return all;
}

std::string RandomRelayWorkload::read(RelayStore& store, const RelayGroup& group) {
  const std::uint64_t after = rng_.below(group.head.cursor + 2);
  const DeviceId device = id_of<DeviceId>(rng_.below(kSenders + 1));
  const auto count = [](std::uint64_t value) { return show(value); };
  switch (rng_.below(8)) {
    case 0: {
      const std::size_t lines = rng_.below(10), bytes = rng_.below(5000);
      return "lines " + told_rows(store.read_lines(group.key, after, lines, bytes, std::nullopt));
    }
    case 1:
      return "lines " + told_rows(store.read_lines(group.key, after, 100, 10'000, device));
    case 2:
      return "foreign " + told(store.count_foreign(group.key, after, device), count);
    case 3:
      return "payloads " + told_rows(store.payload_lines(group.key, after, rng_.below(10)));
    case 4:
      return "old " + told_rows(store.payloads_older_than(now_ - 20, rng_.below(10)));
    case 5:
      return "old stubs " + told_rows(store.stubs_older_than(now_ - 3, rng_.below(3)));
    case 6:
      return "find " + told(store.find_blob(group.key, id_of<BlobId>(rng_.below(blobs_ + 1))),
                            [](const auto& line) { return line ? show(fields(*line)) : "none"; });
    default:
      return "hash " + told(store.log_hash_at(group.key, after),
                            [](const auto& hash) { return hash ? to_hex(hash->bytes()) : "none"; });
  }
}

std::string RandomClientWorkload::step(ClientStore& store) {
  switch (rng_.below(3)) {
    case 0:
      return change_outbox(store);
    case 1:
      return change_inbox(store);
    default:
      return change_others(store);
  }
}

std::string RandomClientWorkload::change_outbox(ClientStore& store) {
  const std::uint64_t old = rng_.below(numbers_ + 1);
  const Bytes sealed = random_bytes(rng_, 1, rng_.below(8) == 0 ? 30'000 : 1200);
  switch (rng_.below(6)) {
    case 0:
      return "mark " + told(store.mark_outbox(old, rng_.below(9), 0));
    case 1:
      return "reseal " +
             told(store.reseal_outbox({.number = old,
                                       .blob = id_of<BlobId>(1'000'000 + rng_.below(30)),
                                       .sequence = numbers_,
                                       .sealed_bytes = static_cast<std::uint32_t>(sealed.size())},
                                      sealed));
    case 2:
      return "remove " + told(store.remove_outbox(old));
    case 3:
      return rng_.below(5) == 0 ? "clear " + told(store.clear_outbox_cursors())
                                : "sealed " + told_bytes(store.outbox_sealed(old));
    default: {
      ++numbers_;
      const std::string added =
          told(store.add_outbox({.number = numbers_,
                                 .blob = id_of<BlobId>(numbers_ - rng_.below(2)),
                                 .sequence = numbers_,
                                 .pushed = -5,
                                 .sealed_bytes = static_cast<std::uint32_t>(sealed.size())},
                                sealed));
      return "out " + added + " " +
             told(store.add_push_key(content(rng_.below(numbers_ + 1), 5),
                                     {.number = numbers_, .blob = {}}));
    }
  }
}

std::string RandomClientWorkload::change_inbox(ClientStore& store) {
  InboxBlob row{.arrival = rng_.below(numbers_ + 1),
                .number = rng_.below(2) == 0 ? 0 : 1 + rng_.below(numbers_ + 1),
                .sequence = numbers_};
  row.state = row.number != 0      ? InboxState::kReady
              : rng_.below(2) == 0 ? InboxState::kWaiting
                                   : InboxState::kQuarantined;
  switch (rng_.below(7)) {
    case 0:
      return "update " + told(store.update_inbox(row));
    case 1:
      return "remove " + told(store.remove_inbox(row.arrival));
    case 2:
      return rng_.below(4) == 0 ? "confirm " + told(store.remove_ready(rng_.below(numbers_ + 1)))
                                : "sealed " + told_bytes(store.inbox_sealed(row.arrival));
    case 3: {
      const std::uint64_t after = rng_.below(numbers_ + 1);
      return "ready " + told_rows(store.ready(after, rng_.below(9)));
    }
    default: {
      const Bytes sealed = random_bytes(rng_, 0, 1500);
      row.arrival = ++numbers_;
      row.blob = id_of<BlobId>(numbers_);
      row.sealed_bytes = static_cast<std::uint32_t>(sealed.size());
      return "in " + told(store.add_inbox(row, sealed));
    }
  }
}

std::string RandomClientWorkload::change_others(ClientStore& store) {
  const std::uint64_t number = rng_.below(5);
  switch (rng_.below(7)) {
    case 0:
      return "value " + told(store.put_value("name" + show(number), random_bytes(rng_, 0, 99)));
    case 1: {
      const auto roster = store.roster();
      if (!roster) return told(Result<void>(std::unexpected(roster.error())));
      return "roster " + told(store.append_roster(static_cast<std::uint32_t>(roster->size()),
                                                  content(number, 70)));
    }
    case 2:
      return "epoch " + told(store.put_epoch({.epoch_group = id_of<GroupId>(number),
                                              .number = static_cast<std::uint32_t>(number / 2),
                                              .wrapped_secret = content(rng_.next_u64(), 60)}));
    case 3:
      return "head " + told(store.put_chain_head({.sender = id_of<DeviceId>(number),
                                                  .incarnation = id_of<Incarnation>(number % 2),
                                                  .sequence = ++numbers_}));
    case 4:
      return "peer " + told(store.put_peer_state({.device = id_of<DeviceId>(number),
                                                  .counter = ++numbers_,
                                                  .state = content(number, 700)}));
    case 5:
      return "notice " + told(store.add_notice(
                             {.number = ++numbers_, .kind = 3, .detail = content(number, number)}));
    default:
      return "notices " + told(store.remove_notices(rng_.below(numbers_ + 1)));
  }
}

std::string contents(RelayStore& store) {
  std::string all;
  for (std::uint64_t number = 0; number < kGroups; ++number) {
    const auto group = store.load_group(id_of<GroupId>(number));
    if (!group) return told(Result<void>(std::unexpected(group.error())));
    if (!*group) continue;
    const GroupKey key = (*group)->key;
    all += show(fields(**group)) + "\n";
    // In pieces: what is damaged ends one, and is an error of the next.
    for (std::uint64_t after = (*group)->floor.cursor; after < (*group)->head.cursor;) {
      const auto lines = store.read_lines(key, after, 100'000, std::size_t{1} << 30, std::nullopt);
      all += told_rows(lines) + "\n";
      if (!lines || lines->empty()) break;
      after = lines->back().info.cursor;
    }
    all += told_rows(store.payload_lines(key, 0, 100'000)) + "\n";
    all += told(store.count_foreign(key, 0, DeviceId()), [](std::uint64_t n) { return show(n); });
  }
  all += told_rows(store.payloads_older_than(1'000'000, 100'000)) + "\n";
  all += told_rows(store.stubs_older_than(1'000'000, 100'000)) + "\n";
  all += told(store.totals(), [](const RelayTotals& t) { return show(fields(t)); }) + "\n";
  for (int i = 0; i < 3; ++i) all += told_bytes(store.value("name" + show(i))) + "\n";
  return all;
}

std::string contents(ClientStore& store) {
  constexpr std::size_t kAll = 1'000'000;
  std::string all;
  const auto outbox = store.outbox(0, kAll);
  all += told_rows(outbox) + "\n";
  for (const OutboxBlob& blob : outbox.value_or(std::vector<OutboxBlob>())) {
    all += told_bytes(store.outbox_sealed(blob.number)) + " ";
  }
  for (const auto state : {InboxState::kWaiting, InboxState::kReady, InboxState::kQuarantined}) {
    const auto inbox = store.inbox(state, 0, kAll);
    all += told_rows(inbox) + "\n";
    for (const InboxBlob& blob : inbox.value_or(std::vector<InboxBlob>())) {
      all += told_bytes(store.inbox_sealed(blob.arrival)) + " ";
    }
  }
  all += told_rows(store.ready(0, kAll)) + told_rows(store.notices(0, kAll)) + "\n";
  all += told_rows(store.chain_heads()) + told_rows(store.peer_states()) + "\n";
  all += told_rows(store.epochs()) + "\n";
  all += told(store.roster(), [](const auto& roster) { return show(roster.size()); }) + "\n";
  for (std::uint64_t i = 0; i < 100; ++i) {
    all += told(store.find_push_key(content(i, 5)),
                [](const auto& key) { return key ? show(fields(*key)) : "-"; });
  }
  for (int i = 0; i < 5; ++i) all += told_bytes(store.value("name" + show(i))) + "\n";
  return all;
}

}  // namespace zerok::store
