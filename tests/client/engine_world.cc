// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tests/client/engine_world.h"

#include <algorithm>

#include "base/check.h"
#include "core/testing/roster_sample.h"

namespace zerok::client::testing {
namespace {

using core::testing::sample_device;
using core::testing::sample_group;

core::BlobEpoch blob_epoch() {
  auto keys = sample_group();
  const EpochId epoch = keys.epoch_id({}, {});
  return {keys.group_id(), epoch, std::move(keys.blob)};
}

crypto::DeviceKeys keys_of(std::uint8_t number) {
  return crypto::DeviceKeys::derive(
      crypto::testing::key_of<crypto::DeviceSecret>(ByteView(Bytes(32, number))));
}

}  // namespace

FakeMember::FakeMember(std::uint8_t number) : number_(number), rng_(number) {
  begin_incarnation(1);
}

DeviceId FakeMember::id() const { return sample_device(number_).id(); }

void FakeMember::begin_incarnation(std::uint8_t value) {
  incarnation_ = {};
  incarnation_.mutable_bytes()[0] = value;
  position_ = before_ = {};
}

FakeMember::Made FakeMember::next(std::string_view payload, std::optional<DeviceId> as) {
  core::BlobHeader header;
  header.device = as.value_or(id());
  header.incarnation = incarnation_;
  header.sequence = position_.sequence + 1;
  header.previous = position_.hash;
  header.lamport = ++lamport_;
  const auto content = core::BlobContent::make(header, as_bytes(payload)).value();
  before_ = position_;
  position_ = {header.sequence, content.chain_hash()};
  const auto epoch = blob_epoch();
  Made made;
  made.line.kind = wire::LineKind::kBlob;
  made.line.blob = core::draw_blob_id(rng_);
  made.line.sender = id();
  made.line.group = epoch.group;
  made.sealed = std::make_shared<Bytes>(
      core::seal_blob(epoch, made.line.blob, content, core::Padding::kPadme, rng_));
  made.line.sealed = *made.sealed;
  made.line.ciphertext_hash = core::ciphertext_hash(*made.sealed);
  made.position = position_;
  return made;
}

Bytes FakeMember::state(std::uint64_t counter, std::vector<core::StoredHead> heads) {
  auto keys = sample_group();
  const EpochId epoch = keys.epoch_id({}, {});
  const core::StateEpoch state_epoch{keys.group_id(), keys.group_id(), epoch,
                                     std::move(keys.state)};
  const auto roster = core::testing::sample_roster(3);
  core::DeviceState state;
  state.counter = counter;
  state.roster_length = static_cast<std::uint32_t>(roster.size());
  state.roster_head = roster.head();
  state.heads = std::move(heads);
  return core::seal_device_state(std::move(state), state_epoch, sample_device(number_).keys.signing,
                                 rng_)
      .value();
}

wire::Line stub_of(const wire::Line& line, wire::StubReason reason) {
  wire::Line stub;
  stub.kind = wire::LineKind::kStub;
  stub.blob = line.blob;
  stub.sender = line.sender;
  stub.ciphertext_hash = line.kind == wire::LineKind::kBlob ? core::ciphertext_hash(line.sealed)
                                                            : line.ciphertext_hash;
  stub.reason = reason;
  return stub;
}

wire::Line own_line(const wire::PushBlob& blob) {
  wire::Line line;
  line.kind = wire::LineKind::kOwn;
  line.blob = blob.id;
  line.sender = sample_device(1).id();
  line.ciphertext_hash = core::ciphertext_hash(blob.sealed);
  return line;
}

EngineWorld::EngineWorld(std::uint8_t members) : members_(members), keys_(keys_of(1)) {
  store_ = disk.open_client_store().value();
  auto snapshot = load_snapshot(*store_, keys_, rng_).value();
  std::vector<core::EpochSecret> secrets;
  const Bytes secret = crypto::testing::counting_bytes(32, 0x40);
  secrets.push_back({sample_group().epoch_id({}, {}), 0,
                     crypto::testing::key_of<crypto::GroupSecret>(ByteView(secret))});
  const auto roster = core::testing::sample_roster(members_);
  auto group = core::ClientGroup::restore(std::move(secrets), roster.entries()).value();
  ZEROK_ASSERT(store_group(*store_, group, keys_, rng_).has_value());
  engine_ = core::ClientEngine::restore(keys_, rng_, limits, std::move(snapshot), wall).value();
  engine_->set_group(std::move(group), wall);
  run();
}

Result<void> EngineWorld::restart() {
  engine_.reset();
  store_.reset();
  sent.clear();
  released_.clear();
  closed.reset();
  store_ = disk.open_client_store().value();
  ZEROK_TRY(auto snapshot, load_snapshot(*store_, keys_, rng_));
  ZEROK_TRY(engine_, core::ClientEngine::restore(keys_, rng_, limits, std::move(snapshot), wall));
  return {};
}

void EngineWorld::open() {
  closed.reset();
  sent.clear();
  core::SessionBinding binding{};
  engine_->handle_open(binding, now, wall);
  run();
}

wire::Welcome EngineWorld::welcome_for(const std::vector<wire::Line>& log,
                                       std::uint64_t own_lines) const {
  wire::Welcome welcome;
  welcome.features = wire::kFeatureInline | wire::kFeaturePresence;
  const auto cursor = engine_->record().position.cursor;
  if (cursor <= log.size()) welcome.hash_at_position = position_at(log, cursor).log_hash;
  welcome.highest = log.size();
  welcome.own_lines = own_lines;
  const auto& roster = engine_->group()->roster();
  welcome.roster.first = static_cast<std::uint32_t>(roster.size());
  welcome.roster.head = roster.head();
  welcome.limits = {wire::kSealedBytesMax,
                    wire::kPushBlobsMax,
                    100,
                    static_cast<std::uint32_t>(wire::kBatchBytesMax),
                    600,
                    1000,
                    std::uint64_t{1} << 28,
                    std::uint64_t{1} << 27,
                    0,
                    604800};
  return welcome;
}

void EngineWorld::answer(std::uint32_t request, const wire::AnyMessage& message) {
  const auto type = static_cast<std::uint8_t>(wire::message_type(message));
  raw({request, type, true}, wire::encode_message(message).value());
}

void EngineWorld::notice(const wire::AnyMessage& message) {
  const auto type = static_cast<std::uint8_t>(wire::message_type(message));
  raw({0, type, false}, wire::encode_message(message).value());
}

void EngineWorld::raw(const wire::MessageKey& key, ByteView body) {
  engine_->handle_message(key, body, now, wall);
  run();
}

void EngineWorld::end() {
  engine_->handle_end();
  run();
}

void EngineWorld::run() {
  engine_->pump(now, wall);
  do {
    apply();
    ZEROK_ASSERT(store_->commit().has_value());
    for (auto& effect : std::exchange(released_, {})) {
      if (auto* message = std::get_if<core::SendMessage>(&effect)) {
        sent.push_back({message->key, std::move(message->body)});
      } else if (auto* close = std::get_if<core::CloseSession>(&effect)) {
        if (!closed) closed = *close;
        engine_->handle_end();
      }
    }
  } while (engine_->has_effects());
}

void EngineWorld::apply() {
  while (auto effect = engine_->poll_effect()) {
    const auto stored = apply_to_store(*store_, *effect);
    // What the engine asks of a store that works is always possible.
    ZEROK_ASSERT(stored.has_value());
    if (*stored) continue;
    if (const auto* push = std::get_if<core::SendPush>(&*effect)) {
      wire::Push message;
      message.group = push->epoch_group;
      std::vector<Bytes> sealed;
      sealed.reserve(push->numbers.size());
      for (const auto number : push->numbers) {
        sealed.push_back(store_->outbox_sealed(number).value());
        message.blobs.push_back({engine_->outbox().find(number)->blob, sealed.back()});
      }
      released_.emplace_back(core::SendMessage{
          wire::Priority::kBulk,
          {push->request, static_cast<std::uint8_t>(wire::MessageType::kPush), false},
          message.encode().value()});
    } else if (std::holds_alternative<core::RemakeOutbox>(*effect)) {
      const auto rows = store_->outbox(0, 1000).value();
      for (const auto& row : rows) {
        engine_->handle_pending(row.number, store_->outbox_sealed(row.number).value());
      }
      engine_->pump(now, wall);
    } else if (std::holds_alternative<core::RetryQuarantine>(*effect)) {
      const auto rows = store_->inbox(store::InboxState::kQuarantined, 0, 1000).value();
      for (const auto& row : rows) {
        const auto entry = entry_of(row);
        if (!core::may_be_used_later(entry.reason) || entry.sealed_bytes == 0) continue;
        engine_->handle_quarantined(entry, store_->inbox_sealed(row.arrival).value());
      }
      engine_->pump(now, wall);
    } else {
      released_.push_back(*std::move(effect));
    }
  }
}

void EngineWorld::pass(Duration time) {
  now += time;
  wall += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  run();
}

void EngineWorld::connect(const std::vector<wire::Line>& log, std::uint64_t own_lines) {
  open();
  const auto hello = take(wire::MessageType::kHello);
  ZEROK_ASSERT(hello.has_value());
  answer(hello->key.request, welcome_for(log, own_lines));
  serve(log);
}

void EngineWorld::serve(const std::vector<wire::Line>& log) {
  while (const auto state = take(wire::MessageType::kDeviceState)) {
    answer(state->key.request, wire::Done{});
  }
  while (const auto request = take(wire::MessageType::kPull)) {
    const auto pull = request->as<wire::Pull>();
    if (pull.after > log.size()) return;
    wire::PullResponse response;
    response.before = position_at(log, pull.after);
    response.highest = log.size();
    for (std::size_t n = pull.after; n < log.size() && n < pull.after + pull.lines_max; ++n) {
      response.lines.push_back(log[n]);
    }
    answer(request->key.request, response);
  }
}

std::optional<EngineWorld::Sent> EngineWorld::take(wire::MessageType type) {
  const auto at = std::ranges::find_if(
      sent, [&](const Sent& s) { return s.key.type == static_cast<std::uint8_t>(type); });
  if (at == sent.end()) return std::nullopt;
  Sent found = std::move(*at);
  sent.erase(at);
  return found;
}

std::uint64_t EngineWorld::push(std::string_view payload) {
  const auto prepared =
      engine_->prepare_push(as_bytes(payload), {}, core::Padding::kPadme, wall).value();
  ZEROK_ASSERT(store_->add_outbox(row_of(prepared.entry), prepared.sealed).has_value());
  ZEROK_ASSERT(store_->put_value(core::kRecordValue, prepared.record.encode()).has_value());
  ZEROK_ASSERT(store_->commit().has_value());
  engine_->pushed(prepared);
  run();
  return prepared.entry.number;
}

std::vector<std::string> EngineWorld::hand_over() {
  std::vector<std::string> out;
  std::uint64_t last = 0;
  const auto rows = store_->ready(0, 10000).value();
  for (const auto& row : rows) {
    const auto content = engine_->group()->keyring().open(
        row.epoch_group, row.blob, store_->inbox_sealed(row.arrival).value());
    ZEROK_ASSERT(content.has_value());
    const ByteView payload = content->payload();
    out.emplace_back(payload.begin(), payload.end());
    last = row.number;
  }
  if (last > 0) {
    ZEROK_ASSERT(store_->remove_ready(last).has_value());
    engine_->confirm(last);
    run();
  }
  return out;
}

std::size_t EngineWorld::count(core::NoticeKind kind) {
  const auto notices = store_->notices(0, 1000).value();
  return static_cast<std::size_t>(std::ranges::count_if(
      notices, [&](const auto& n) { return n.kind == static_cast<std::uint16_t>(kind); }));
}

void EngineWorld::confirm_notices() {
  const auto last = engine_->record().notice_number;
  ZEROK_ASSERT(store_->remove_notices(last).has_value());
  ZEROK_ASSERT(store_->commit().has_value());
  engine_->confirm_notices(last);
}

wire::Position EngineWorld::position_at(const std::vector<wire::Line>& log, std::uint64_t cursor) {
  wire::Position position;
  for (std::uint64_t n = 1; n <= cursor; ++n) {
    const wire::Line& line = log[n - 1];
    const auto ciphertext = line.kind == wire::LineKind::kBlob ? core::ciphertext_hash(line.sealed)
                                                               : line.ciphertext_hash;
    position = {n, core::extend_log_hash(position.log_hash, n, line.blob, ciphertext)};
  }
  return position;
}

}  // namespace zerok::client::testing
