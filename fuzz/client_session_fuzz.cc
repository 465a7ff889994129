// SPDX-License-Identifier: MIT OR Apache-2.0
// A device's session against a relay drawn from bytes: each byte chooses what the relay, the other
// members, time or the application does next, well-formed or nearly so. Checked after each: nothing
// is handed over twice or out of its sender's order, nothing of ours is dropped that nobody signed
// for, the position follows lines only, requests are bounded, and the store can be opened again.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "core/testing/roster_sample.h"
#include "tests/client/engine_world.h"

namespace {

using namespace zerok;
using client::testing::EngineWorld;
using client::testing::FakeMember;

class Session {
 public:
  explicit Session(ByteView input) : input_(input) {
    world_.limits.inbox_blobs_max = 64;
    world_.limits.quarantine_blobs_max = 16;
    world_.limits.notices_max = 32;
    ZEROK_ASSERT(world_.restart().has_value());
  }

  void run() {
    // Enough to get anywhere; more only makes inputs long.
    for (int n = 0; n < 200 && !input_.empty(); ++n) {
      act();
      check();
    }
    // Whatever came before, an honest relay brings it all in order.
    heal();
  }

 private:
  std::uint8_t byte() {
    if (input_.empty()) return 0;
    const std::uint8_t value = input_.front();
    input_ = input_.subspan(1);
    return value;
  }

  void act() {
    switch (byte() % 20) {
      case 0:
        world_.open();
        break;
      case 1:
      case 2:
        answer_hello(byte());
        break;
      case 3:
        line(byte());
        break;
      case 4:
      case 5:
        answer_pull(byte());
        break;
      case 6:
        answer_push(byte());
        break;
      case 7:
        answer_rest(byte());
        break;
      case 8:
        notify(byte());
        break;
      case 9:
        world_.end();
        break;
      case 10:
        ++pushed_;
        world_.push("ours");
        break;
      case 11:
        world_.pass(std::chrono::milliseconds(1) * (1 << (byte() % 24)));
        break;
      case 12:
        world_.end();
        ZEROK_ASSERT(world_.restart().has_value());
        break;
      case 13:
        hand_over();
        break;
      case 14:
        state(byte());
        break;
      case 15:
        remove(byte());
        break;
      case 16:
        roster(byte());
        break;
      case 17:
        raw();
        break;
      case 18:
        // Another log, which begins like the old one.
        log_.resize(log_.empty() ? 0 : byte() % (log_.size() + 1));
        break;
      default:
        stub(byte());
    }
  }

  void line(std::uint8_t how) {
    FakeMember& member = how % 2 == 0 ? second_ : third_;
    std::optional<DeviceId> as;
    if (how % 16 == 14) as = third_.id();
    FakeMember& by = how % 16 == 15 ? stranger_ : member;
    made_.push_back(by.next(name_of(by), as));
    wire::Line line = made_.back().line;
    honest_.push_back(line);
    if (how % 16 == 13) line.blob.mutable_bytes()[0] ^= 1;
    if (how % 16 == 12 && !log_.empty()) line = log_[how % log_.size()];
    if (how % 16 == 11) return;  // withheld
    if (how % 32 == 10) member.forget_last();
    log_.push_back(line);
  }
  // Its place in the chain, so that the order can be checked.
  std::string name_of(FakeMember& member) {
    return std::string(1, &member == &second_ ? '2' : '3') +
           std::to_string(member.head().position.sequence + 1);
  }

  void stub(std::uint8_t which) {
    if (log_.empty()) return;
    wire::Line& line = log_[which % log_.size()];
    line = client::testing::stub_of(line, static_cast<wire::StubReason>(1 + which % 4));
  }

  void answer_hello(std::uint8_t how) {
    const auto hello = world_.take(wire::MessageType::kHello);
    if (!hello) return;
    if (how % 8 == 7) {
      const auto code = static_cast<wire::WireErrorCode>(1000 + how % 9);
      return world_.answer(hello->key.request, wire::ErrorMessage{{code, how}, true});
    }
    auto welcome = world_.welcome_for(log_, std::min<std::uint64_t>(how % 4, log_.size()));
    if (how % 8 == 6) welcome.highest = wire::kCountMax;
    if (how % 8 == 5 && !log_.empty()) {
      welcome.floor = EngineWorld::position_at(log_, how % log_.size());
    }
    if (how % 8 == 4) welcome.hash_at_position = LogHash{};
    if (how % 16 == 11) {
      welcome.roster.first = 1;
      welcome.roster.head = core::roster_head(world_.engine().group()->roster().entries()[0]);
    }
    if (wire::encode_message(welcome)) world_.answer(hello->key.request, welcome);
  }

  void answer_pull(std::uint8_t how) {
    const auto request = world_.take(wire::MessageType::kPull);
    if (!request) return;
    const auto pull = request->as<wire::Pull>();
    if (how % 8 == 7) {
      return world_.answer(request->key.request,
                           wire::ErrorMessage{{wire::WireErrorCode::kRateLimited, how}, false});
    }
    wire::PullResponse response;
    const std::uint64_t from = how % 8 == 6 ? how % (log_.size() + 1) : pull.after;
    if (from > log_.size()) return;
    response.before = EngineWorld::position_at(log_, from);
    const std::size_t lines = how % 8 == 5 ? 1 : pull.lines_max;
    for (std::size_t n = from; n < log_.size() && n < from + lines; ++n) {
      response.lines.push_back(log_[n]);
    }
    response.highest = how % 8 == 4 ? log_.size() + how : log_.size();
    served_ = std::max(served_, from + response.lines.size());
    if (wire::encode_message(response)) world_.answer(request->key.request, response);
  }

  void answer_push(std::uint8_t how) {
    const auto request = world_.take(wire::MessageType::kPush);
    if (!request) return;
    const auto push = request->as<wire::Push>();
    wire::PushAck ack;
    std::size_t taken = how % 4 == 0 ? how % (push.blobs.size() + 1) : push.blobs.size();
    if (how % 16 == 15) taken += 1;
    for (std::size_t n = 0; n < taken; ++n) {
      if (n < push.blobs.size() && how % 8 != 7) {
        log_.push_back(client::testing::own_line(push.blobs[n]));
      }
      ack.cursors.push_back(std::max<std::size_t>(1, log_.size()));
    }
    if (taken < push.blobs.size()) {
      static constexpr std::array kCodes = {1000, 1005, 2000, 2001, 2002, 3000, 4999};
      ack.stopped =
          wire::Refusal{static_cast<wire::WireErrorCode>(kCodes[how % kCodes.size()]), how};
    }
    if (wire::encode_message(ack)) world_.answer(request->key.request, ack);
  }

  void answer_rest(std::uint8_t how) {
    if (world_.sent.empty()) return;
    const auto sent = world_.sent[how % world_.sent.size()];
    if (sent.key.request == 0) return;
    world_.take(static_cast<wire::MessageType>(sent.key.type));
    switch (how % 3) {
      case 0:
        return world_.answer(sent.key.request, wire::Done{});
      case 1:
        return world_.answer(
            sent.key.request,
            wire::ErrorMessage{{static_cast<wire::WireErrorCode>(1000 + how * 10), how}, false});
      default: {
        wire::Roster roster;
        const auto& ours = world_.engine().group()->roster();
        roster.part = {static_cast<std::uint32_t>(ours.size()), {}, ours.head()};
        return world_.answer(sent.key.request, roster);
      }
    }
  }

  void notify(std::uint8_t how) {
    wire::Notify notice{.highest = log_.size(), .line = {}};
    if (how % 4 == 1) notice.highest = std::uint64_t{1} << (how % 63);
    if (how % 4 == 2 && !log_.empty()) {
      const std::size_t at = how % log_.size();
      if (log_[at].kind == wire::LineKind::kBlob) notice.line = wire::InlineLine{at + 1, log_[at]};
      served_ = std::max<std::uint64_t>(served_, at + 1);
    }
    if (wire::encode_message(notice)) world_.notice(notice);
  }

  void state(std::uint8_t how) {
    FakeMember& by = how % 2 == 0 ? second_ : third_;
    std::vector<core::StoredHead> heads;
    const auto& record = world_.engine().record();
    if (how % 8 == 2 && record.acknowledged.sequence > 0) {
      heads.push_back({record.device, record.incarnation, record.acknowledged});
      signed_ = true;
    }
    if (how % 8 == 5 && third_.head().position.sequence > 0) heads.push_back(third_.head());
    if (how % 16 == 15) {
      ChainHash hash{};
      heads.push_back({record.device, record.incarnation, {how, hash}});
    }
    const Bytes sealed = by.state(how % 4 == 3 ? 1 : ++counter_, heads);
    world_.notice(wire::DeviceState{how % 32 == 31 ? third_.id() : by.id(), sealed});
  }

  void remove(std::uint8_t which) {
    const auto& entries = world_.engine().outbox().entries();
    if (entries.empty()) return;
    auto at = entries.begin();
    std::advance(at, which % entries.size());
    (void)world_.engine().remove(at->second.blob);
    world_.run();
  }

  void roster(std::uint8_t how) {
    const auto& ours = world_.engine().group()->roster();
    const Bytes entry = core::testing::sample_add(2, static_cast<std::uint8_t>(4 + how % 3),
                                                  how % 2 == 0 ? ours.head() : RosterHead{});
    wire::Roster message;
    message.part.first = static_cast<std::uint32_t>(ours.size()) - (how % 8 == 7 ? 1 : 0);
    message.part.entries.emplace_back(entry);
    message.part.head = core::roster_head(entry);
    world_.notice(message);
  }

  void raw() {
    const std::uint8_t type = byte();
    const std::size_t size = std::min<std::size_t>(byte(), input_.size());
    const ByteView body = input_.first(size);
    input_ = input_.subspan(size);
    world_.raw({static_cast<std::uint32_t>(byte() % 8), type, byte() % 2 == 0}, body);
  }

  void hand_over() {
    for (const std::string& text : world_.hand_over()) {
      std::uint64_t& last = last_[text[0]];
      const std::uint64_t place = std::stoull(text.substr(1));
      ZEROK_ASSERT(place > last);
      last = place;
    }
  }

  void check() {
    const auto& engine = world_.engine();
    ZEROK_ASSERT(engine.position() <= std::max<std::uint64_t>(served_, floor_max()));
    ZEROK_ASSERT(engine.record().outbox_number == pushed_);
    // Nothing leaves without a signature of somebody who has it.
    if (!signed_) ZEROK_ASSERT(engine.outbox().entries().size() == pushed_);
    ZEROK_ASSERT(engine.inbox().quarantined() <= world_.limits.quarantine_blobs_max);
    ZEROK_ASSERT(static_cast<std::size_t>(std::ranges::count_if(
                     world_.sent, [](const auto& s) { return s.key.request > 0; })) <= 64);
  }
  // A floor that WELCOME names moves the position too.
  std::uint64_t floor_max() const { return 300; }

  void heal() {
    world_.end();
    hand_over();
    // An honest relay on a fresh disk, to which the members bring everything they made.
    log_.clear();
    for (const wire::Line& line : honest_) log_.push_back(line);
    for (int round = 0; round < 4; ++round) {
      world_.closed.reset();
      world_.connect(log_);
      hand_over();
      world_.serve(log_);
      while (const auto request = world_.take(wire::MessageType::kPush)) {
        const auto push = request->as<wire::Push>();
        wire::PushAck ack;
        for (const auto& blob : push.blobs) {
          log_.push_back(client::testing::own_line(blob));
          ack.cursors.push_back(log_.size());
        }
        world_.answer(request->key.request, ack);
      }
      if (!world_.closed) world_.end();
    }
    hand_over();
    const auto status = world_.engine().outbox_status();
    ZEROK_ASSERT(status.pending == 0);
  }

  ByteView input_;
  EngineWorld world_;
  FakeMember second_{2};
  FakeMember third_{3};
  FakeMember stranger_{9};
  std::vector<FakeMember::Made> made_;
  std::vector<wire::Line> log_;
  std::vector<wire::Line> honest_;
  std::map<char, std::uint64_t> last_;
  std::uint64_t served_ = 0;
  std::uint64_t pushed_ = 0;
  std::uint64_t counter_ = 10;
  bool signed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Session(ByteView(data, size)).run();
  return 0;
}
