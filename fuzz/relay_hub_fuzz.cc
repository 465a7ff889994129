// SPDX-License-Identifier: MIT OR Apache-2.0
// The relay's side of every session, over a store in memory: the input is a list of steps of four
// bytes, by devices of a group, strangers and guests, between which commits fail, the relay dies
// and time passes. Whatever happens: what was acknowledged is on the disk under that cursor; no
// cursor is ever shown with two contents; every request gets one answer; nothing is deleted as
// confirmed that a device still lacks; nothing grows past its bound.
#include <deque>
#include <map>
#include <set>

#include "core/log_hash.h"
#include "core/relay/hub.h"
#include "core/session_proof.h"
#include "core/testing/roster_sample.h"
#include "relay/store_effects.h"
#include "store/memory/memory_disk.h"
#include "wire/messages/any.h"

namespace {

using namespace zerok;
using namespace zerok::core;
using namespace zerok::core::testing;
using wire::AnyMessage;
using wire::MessageType;

constexpr std::size_t kStepsMax = 96;
constexpr std::uint8_t kDevices = 4;  // 1 creates, 2 and 3 may be added, 4 never is
constexpr std::size_t kSessionsMax = 12;

const RelayPolicy& policy() {
  static const RelayPolicy kPolicy = [] {
    RelayPolicy p;
    p.limits.group_bytes_max = 4000;
    p.limits.disk_bytes_max = 20'000;
    p.limits.blobs_per_minute = 30;
    p.limits.blobs_burst = 20;
    p.limits.requests_burst = 60;
    p.limits.sessions_max = 8;
    p.limits.guests_max = 2;
    p.limits.pull_lines_max = 5;
    p.limits.cleanup_lines_max = 3;
    p.limits.mailboxes_max = 4;
    p.limits.mailboxes_per_group_max = 2;
    return p;
  }();
  return kPolicy;
}

// Signing is slow, and these are few.
const wire::Hello& signed_hello(std::uint8_t device) {
  static std::map<std::uint8_t, wire::Hello> made;
  static const Bytes create = sample_create();
  auto [at, is_new] = made.try_emplace(device);
  if (is_new) {
    at->second.features = 3;
    at->second.create = create;
    sign_hello(at->second, sample_device(device).keys.signing, sample_group().membership, {});
  }
  return at->second;
}

const Bytes& roster_entry(std::uint8_t device, bool adds, const RosterHead& head) {
  static std::map<std::tuple<std::uint8_t, bool, RosterHead>, Bytes> made;
  auto& entry = made[{device, adds, head}];
  if (entry.empty()) entry = adds ? sample_add(1, device, head) : sample_leave(device, head);
  return entry;
}

BlobId blob_id(std::uint8_t n) { return *BlobId::from_bytes(Bytes(BlobId::kSize, n)); }

struct Peer {
  std::uint8_t device = 0;
  bool is_full = false;
  bool ended = false;
  std::uint32_t next_request = 1;
  std::set<std::uint32_t> open;   // requests without an answer
  std::set<std::uint32_t> takes;  // of these, those that may wait
};

class World {
 public:
  World() { start(); }

  void step(ByteView in) {
    const std::uint8_t what = in[0];
    const std::uint8_t a = in[2];
    const std::uint8_t b = in[3];
    switch (what % 20) {
      case 0:
      case 1:
        return open(static_cast<std::uint8_t>(1 + a % kDevices), b % 8 == 0);
      case 2:
      case 3:
        return say_hello(in[1], a, b);
      case 4:
        return close(in[1]);
      case 5:
        return finish(b % 8 == 0);
      case 6:
        return a % 4 == 0 ? crash() : finish(false);
      case 7:
        return pass(a, b);
      case 8:
        if (Peer* peer = find(in[1])) {
          acked_[peer->device] = std::max<std::uint64_t>(acked_[peer->device], b % 16U);
        }
        return request(in[1], wire::Pull{.after = a % 16U,
                                         .stored = b % 16U,
                                         .lines_max = 1U + a / 16,
                                         .bytes_max = 1U + b * 16U,
                                         .own_content = (b & 1) != 0});
      case 9:
        return acknowledge(in[1], a % 16);
      case 10:
        return request(in[1], wire::Delete{.blob = blob_id(a % 12)});
      case 11: {
        const Bytes state(1U + b, a);
        const auto device = static_cast<std::uint8_t>(1 + a % kDevices);
        return request(in[1],
                       wire::DeviceState{.device = sample_device(device).id(), .state = state});
      }
      case 12:
        return append(in[1], a, b);
      case 13:
        return mailbox(in[1], a, b);
      case 14:
        return raw(in[1], a, b);
      case 15:
        if (Peer* peer = find(in[1])) hub_->set_congested(id_of(*peer), (a & 1) != 0, now_);
        return carry_out();
      default:
        return push(in[1], a, b);
    }
  }
  void finish_all() {
    finish(false);
    check_bounds();
  }

 private:
  using Peers = std::map<SessionId, Peer>;

  void start() {
    store_ = disk_.open_relay_store().value();
    const auto saved = store_->value(relay::kClockValue).value();
    const auto clock = RetentionClock::start(saved, now_, wall_).value();
    hub_.emplace(policy(), EndpointId(), clock, relay::disk_use(*store_).value(), now_);
  }
  void crash() {
    peers_.clear();
    held_.clear();
    hub_.reset();
    store_.reset();
    start();
  }

  Peer* find(std::uint8_t n) {
    if (peers_.empty()) return nullptr;
    auto at = peers_.begin();
    std::advance(at, n % peers_.size());
    return &at->second;
  }
  SessionId id_of(const Peer& peer) const {
    for (const auto& [id, one] : peers_) {
      if (&one == &peer) return id;
    }
    return {};
  }

  void open(std::uint8_t device, bool foreign_noise) {
    if (peers_.size() >= kSessionsMax) return;
    const SessionId id{++last_session_};
    peers_[id].device = device;
    const auto& keys = sample_device(device).keys;
    static std::map<std::uint8_t, noise::IdentityHash> identities;
    auto [at, is_new] = identities.try_emplace(device);
    if (is_new) at->second = MemberRecord::decode(sample_device(device).record)->noise_identity;
    hub_->handle_opened(id,
                        {.endpoint = keys.endpoint_id(),
                         .noise_identity = foreign_noise ? noise::IdentityHash() : at->second,
                         .handshake_hash = {}},
                        now_);
    carry_out();
  }
  void say_hello(std::uint8_t n, std::uint8_t a, std::uint8_t b) {
    Peer* peer = find(n);
    if (peer == nullptr) return;
    wire::Hello hello = signed_hello(peer->device);
    if (a % 8 == 0) hello.create.reset();
    if (a % 8 == 1) hello.device_signature[0] ^= 1;
    hello.position.cursor = b % 8;
    if (hello.position.cursor > 0) hello.position.log_hash = log_hash(hello.position.cursor, b);
    hello.roster_length = a % 5;
    request(n, hello);
  }
  // The right one where it is known and the byte wants it.
  LogHash log_hash(std::uint64_t cursor, std::uint8_t b) const {
    const auto known = hashes_.find(cursor);
    if (b >= 16 && known != hashes_.end()) return known->second;
    LogHash wrong;
    wrong.mutable_bytes()[0] = 1;
    return wrong;
  }
  void close(std::uint8_t n) {
    Peer* peer = find(n);
    if (peer == nullptr) return;
    const SessionId id = id_of(*peer);
    peers_.erase(id);
    hub_->handle_closed(id, now_);
    carry_out();
  }
  void pass(std::uint8_t a, std::uint8_t b) {
    static constexpr Duration kUnits[] = {std::chrono::milliseconds(10), std::chrono::seconds(1),
                                          std::chrono::minutes(1), std::chrono::hours(24)};
    now_ += kUnits[a % 4] * (1 + b % 16);
    wall_ += (UnixMs{a} - 128) * 1'000'000'000;
    for (int i = 0; i < 32 && hub_->next_timeout() <= now_; ++i) {
      hub_->handle_timeout(now_, wall_);
      carry_out();
    }
    finish(false);
  }
  void acknowledge(std::uint8_t n, std::uint64_t stored) {
    Peer* peer = find(n);
    if (peer == nullptr) return;
    acked_[peer->device] = std::max(acked_[peer->device], stored);
    send(*peer, 0, wire::Ack{.stored = stored});
  }
  void push(std::uint8_t n, std::uint8_t a, std::uint8_t b) {
    wire::Push push{.group = sample_group().group_id()};
    if (b == 255) push.group = {};
    std::deque<Bytes> contents;
    for (std::uint8_t i = 0; i <= b % 4; ++i) {
      const auto blob = static_cast<std::uint8_t>((a + i) % 12);
      contents.push_back(Bytes(20U + blob * 16U, b > 240 ? 1 : blob));
      push.blobs.push_back({.id = blob_id(blob), .sealed = contents.back()});
    }
    Peer* peer = find(n);
    if (peer == nullptr) return;
    pushes_[{id_of(*peer), peer->next_request}] = push.blobs;
    for (std::size_t i = 0; i < push.blobs.size(); ++i) {
      hashes_of_pushes_[{id_of(*peer), peer->next_request}].push_back(ciphertext_hash(contents[i]));
    }
    request(n, push);
  }
  void append(std::uint8_t n, std::uint8_t a, std::uint8_t b) {
    const auto device = static_cast<std::uint8_t>(2 + a % 2);
    const Bytes& entry = roster_entry(device, b % 4 != 0, roster_.head());
    wire::RosterAppend message{.first = static_cast<std::uint32_t>(roster_.size())};
    if (b == 255) message.first += 1;
    message.entries = {entry};
    Bytes damaged = entry;
    damaged.back() ^= 1;
    if (b == 254) message.entries = {damaged};
    request(n, message);
  }
  void mailbox(std::uint8_t n, std::uint8_t a, std::uint8_t b) {
    const auto id = *MailboxId::from_bytes(Bytes(MailboxId::kSize, a % 3));
    const std::uint32_t number = 1U + b % 6;
    const Bytes content(1U + b, 7);
    switch (a / 16 % 5) {
      case 0:
        return request(n, wire::MailboxCreate{.mailbox = id, .lives_s = 1U + b});
      case 1:
        return request(n, wire::MailboxJoin{.mailbox = id});
      case 2:
        return request(n, wire::MailboxPut{.mailbox = id, .number = number, .content = content});
      case 3:
        if (Peer* peer = find(n)) peer->takes.insert(peer->next_request);
        return request(n, wire::MailboxTake{.mailbox = id, .number = number});
      default:
        return request(n, wire::MailboxClose{.mailbox = id});
    }
  }
  void raw(std::uint8_t n, std::uint8_t a, std::uint8_t b) {
    Peer* peer = find(n);
    if (peer == nullptr) return;
    const Bytes body = {0x92, a, b};
    const std::uint32_t number = b % 4 == 0 ? 0 : peer->next_request++;
    if (number > 0) peer->open.insert(number);
    hub_->handle_message(id_of(*peer), {.request = number, .type = a, .response = false}, body,
                         now_);
    carry_out();
  }
  void request(std::uint8_t n, const AnyMessage& message) {
    Peer* peer = find(n);
    if (peer == nullptr) return;
    const std::uint32_t number = peer->next_request++;
    peer->open.insert(number);
    send(*peer, number, message);
  }
  void send(const Peer& peer, std::uint32_t number, const AnyMessage& message) {
    const Bytes body = wire::encode_message(message).value();
    hub_->handle_message(id_of(peer),
                         {.request = number,
                          .type = static_cast<std::uint8_t>(wire::message_type(message)),
                          .response = false},
                         body, now_);
    carry_out();
  }

  void carry_out() {
    while (auto effect = hub_->poll_effect()) {
      if (auto* send = std::get_if<Send>(&*effect)) {
        held_.push_back(std::move(*send));
      } else if (const auto* closed = std::get_if<CloseSession>(&*effect)) {
        const SessionId id = closed->session;
        peers_.erase(id);
        hub_->handle_closed(id, now_);
      } else {
        auto answer = relay::apply_to_store(*store_, *effect);
        if (!answer) {
          fail();
        } else if (*answer) {
          hub_->handle_read(std::move(**answer), now_);
        }
      }
    }
  }
  void fail() {
    store_->rollback();
    std::erase_if(held_, [&](const Send& one) { return hub_->depends_on_commit(one.session); });
    hub_->handle_store_failed(now_);
  }
  // The end of a batch, as the driver does it.
  void finish(bool fails) {
    if (fails) disk_.fail_commits(1);
    if (!store_->commit()) fail();
    disk_.fail_commits(0);
    carry_out();
    hub_->handle_committed(relay::disk_use(*store_).value(), now_);
    carry_out();
    read_roster();
    while (!held_.empty()) {
      const Send send = std::move(held_.front());
      held_.pop_front();
      check(send);
    }
    for (const auto& [id, peer] : peers_) {
      for (const std::uint32_t number : peer.open) {
        ZEROK_ASSERT(peer.ended || peer.takes.contains(number));
      }
    }
    check_bounds();
  }

  void check_bounds() const {
    const RelayLimits& l = policy().limits;
    ZEROK_ASSERT(hub_->sessions() == peers_.size());
    ZEROK_ASSERT(hub_->groups() <= 1 && (hub_->groups() == 0 || !peers_.empty()));
    ZEROK_ASSERT(hub_->mailboxes() <= l.mailboxes_max);
    const auto totals = store_->totals().value();
    ZEROK_ASSERT(totals.payload_bytes <= l.group_bytes_max);
  }

  // What the peer gets to see.
  void check(const Send& send) {
    const auto at = peers_.find(send.session);
    if (at == peers_.end()) return;
    Peer& peer = at->second;
    const auto message = wire::decode_message(send.key.type, send.body);
    ZEROK_ASSERT(message.has_value());
    ZEROK_ASSERT(!peer.ended);  // after the last word comes none
    ZEROK_ASSERT(send.key.response == (send.key.request > 0));
    if (send.key.response) ZEROK_ASSERT(peer.open.erase(send.key.request) == 1);
    if (const auto* error = std::get_if<wire::ErrorMessage>(&*message)) {
      peer.ended = error->ends_session;
    } else if (const auto* welcome = std::get_if<wire::Welcome>(&*message)) {
      peer.is_full = welcome->hash_at_position.has_value() || welcome->highest > 0 || peer.is_full;
      learn(welcome->roster);
    } else if (const auto* part = std::get_if<wire::Roster>(&*message)) {
      learn(part->part);
    } else if (const auto* ack = std::get_if<wire::PushAck>(&*message)) {
      check_ack(send, peer, *ack);
    } else if (const auto* response = std::get_if<wire::PullResponse>(&*message)) {
      check_lines(peer, *response);
    } else if (const auto* notify = std::get_if<wire::Notify>(&*message); notify && notify->line) {
      ZEROK_ASSERT(notify->line->line.sender != sample_device(peer.device).id());
      show(notify->line->cursor, notify->line->line.blob,
           ciphertext_hash(notify->line->line.sealed));
    }
  }
  void learn(const wire::RosterPart& part) {
    const auto relation = roster_.relation(part.length(), part.head);
    ZEROK_ASSERT(relation == RosterRelation::kSame || relation == RosterRelation::kOlder);
    for (std::size_t i = 0; i < part.entries.size(); ++i) {
      ZEROK_ASSERT(std::ranges::equal(part.entries[i], roster_.entries()[part.first + i]));
    }
  }
  // What the disk has is a roster, and the longest yet.
  void read_roster() {
    const auto group = store_->load_group(sample_group().group_id()).value();
    if (!group) return;
    ZEROK_ASSERT(group->roster.size() >= roster_.size());
    const auto rest = std::span(group->roster).subspan(roster_.size());
    ZEROK_ASSERT(!roster_.extend(rest).refused);
  }
  void check_ack(const Send& send, const Peer& peer, const wire::PushAck& ack) {
    const auto& blobs = pushes_.at({send.session, send.key.request});
    const auto& hashes = hashes_of_pushes_.at({send.session, send.key.request});
    ZEROK_ASSERT(roster_.find(sample_device(peer.device).id()) != nullptr);
    ZEROK_ASSERT(ack.cursors.size() <= blobs.size());
    ZEROK_ASSERT(ack.stopped.has_value() == (ack.cursors.size() < blobs.size()));
    const auto group = store_->load_group(sample_group().group_id()).value();
    ZEROK_ASSERT(group && !store_->has_changes());
    for (std::size_t i = 0; i < ack.cursors.size(); ++i) {
      const auto line = store_->find_blob(group->key, blobs[i].id).value();
      if (!line && ack.cursors[i] <= group->floor.cursor) continue;  // its life ended meanwhile
      ZEROK_ASSERT(line && line->cursor == ack.cursors[i] && line->ciphertext_hash == hashes[i]);
      show(line->cursor, line->blob, line->ciphertext_hash);
      roster_then_.try_emplace(line->cursor, roster_.size());
    }
  }
  void check_lines(const Peer& peer, const wire::PullResponse& response) {
    ZEROK_ASSERT(response.lines.size() <= policy().limits.pull_lines_max);
    ZEROK_ASSERT(!response.lines.empty() || response.before.cursor == response.highest);
    LogHash hash = response.before.log_hash;
    for (std::size_t i = 0; i < response.lines.size(); ++i) {
      const wire::Line& line = response.lines[i];
      const std::uint64_t cursor = response.cursor_of(i);
      const CiphertextHash ciphertext =
          line.kind == wire::LineKind::kBlob ? ciphertext_hash(line.sealed) : line.ciphertext_hash;
      show(cursor, line.blob, ciphertext);
      hash = extend_log_hash(hash, cursor, line.blob, ciphertext);
      ZEROK_ASSERT(hashes_.try_emplace(cursor, hash).first->second == hash);
      if (line.kind == wire::LineKind::kStub && line.reason == wire::StubReason::kConfirmed) {
        check_confirmed(cursor, line.sender);
      }
    }
    ZEROK_ASSERT(roster_.find(sample_device(peer.device).id()) != nullptr);
  }
  // Everybody who was there when the line came, and is still, said that it has it.
  void check_confirmed(std::uint64_t cursor, const DeviceId& sender) {
    const auto then = roster_then_.find(cursor);
    if (then == roster_then_.end()) return;
    for (std::uint8_t n = 1; n <= kDevices; ++n) {
      const Member* member = roster_.find(sample_device(n).id());
      if (member == nullptr || !member->active || member->device == sender) continue;
      if (member->entry >= then->second) continue;
      ZEROK_ASSERT(acked_[n] >= cursor);
    }
  }
  void show(std::uint64_t cursor, const BlobId& blob, const CiphertextHash& hash) {
    const auto shown = shown_.try_emplace(cursor, blob, hash).first->second;
    ZEROK_ASSERT(shown == std::make_pair(blob, hash));
  }

  store::MemoryDisk disk_;
  std::unique_ptr<store::RelayStore> store_;
  std::optional<RelayHub> hub_;
  Instant now_{std::chrono::hours(1)};
  UnixMs wall_ = 1'700'000'000'000;
  std::uint64_t last_session_ = 0;
  Peers peers_;
  std::deque<Send> held_;

  // What was seen, over all lives of the relay.
  Roster roster_ = sample_roster();
  std::map<std::uint64_t, std::pair<BlobId, CiphertextHash>> shown_;
  std::map<std::uint64_t, LogHash> hashes_;
  std::map<std::uint64_t, std::size_t> roster_then_;
  std::map<std::uint8_t, std::uint64_t> acked_;
  std::map<std::pair<SessionId, std::uint32_t>, std::vector<wire::PushBlob>> pushes_;
  std::map<std::pair<SessionId, std::uint32_t>, std::vector<CiphertextHash>> hashes_of_pushes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  const ByteView input(data, std::min(size, 4 * kStepsMax));
  for (std::size_t at = 0; at + 4 <= input.size(); at += 4) world.step(input.subspan(at, 4));
  world.finish_all();
  return 0;
}
