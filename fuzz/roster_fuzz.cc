// SPDX-License-Identifier: MIT OR Apache-2.0
// A roster against a plain model of its rules. The input is a list of steps of three bytes: who
// does what to whom, and whether the entry is damaged, replayed or chained to the wrong place on
// its way. Then the input's bytes as an entry, which nobody can have signed. A refused entry
// changes nothing, and what was accepted is accepted again by whoever reads the log from its start.
#include <set>

#include "core/testing/roster_sample.h"

namespace {

using namespace zerok;
using namespace zerok::core;
using namespace zerok::core::testing;

constexpr std::uint8_t kDevices = 6;
constexpr std::size_t kStepsMax = 24;

struct Model {
  std::set<std::uint8_t> active = {1};
  std::set<std::uint8_t> ever = {1};

  bool add(std::uint8_t actor, std::uint8_t added) {
    if (!active.contains(actor) || ever.contains(added)) return false;
    active.insert(added);
    ever.insert(added);
    return true;
  }
  bool leave(std::uint8_t actor) { return active.erase(actor) > 0; }
};

// Valid entries are expensive to make and few: the key is who, what, whom, after which head.
const Bytes& entry_for(bool add, std::uint8_t actor, std::uint8_t added, const RosterHead& head) {
  static std::map<std::tuple<bool, std::uint8_t, std::uint8_t, RosterHead>, Bytes> made;
  if (made.size() > 20000) made.clear();
  auto& entry = made[{add, actor, add ? added : std::uint8_t{0}, head}];
  if (entry.empty()) entry = add ? sample_add(actor, added, head) : sample_leave(actor, head);
  return entry;
}

void check_unchanged_by(Roster& roster, ByteView entry) {
  const RosterHead head = roster.head();
  const std::size_t size = roster.size();
  const std::size_t active = roster.active_count();
  const auto applied = roster.apply(entry);
  ZEROK_ASSERT(!applied);
  ZEROK_ASSERT(roster.head() == head && roster.size() == size && roster.active_count() == active);
}

void check_state(const Roster& roster, const Model& model) {
  ZEROK_ASSERT(roster.active_count() == model.active.size());
  ZEROK_ASSERT(roster.members().size() == model.ever.size());
  for (std::uint8_t n = 1; n <= kDevices; ++n) {
    ZEROK_ASSERT(roster.is_active(sample_device(n).id()) == model.active.contains(n));
    ZEROK_ASSERT((roster.find(sample_device(n).id()) != nullptr) == model.ever.contains(n));
  }
}

void run_steps(ByteView input) {
  static const Roster start = sample_roster();
  Roster roster = start;
  Model model;
  for (std::size_t at = 0; at + 3 <= input.size() && at < 3 * kStepsMax; at += 3) {
    const auto actor = static_cast<std::uint8_t>(1 + input[at] % kDevices);
    const auto added = static_cast<std::uint8_t>(1 + (input[at] >> 4) % kDevices);
    const bool add = input[at + 1] % 3 != 0;
    const Bytes& entry = entry_for(add, actor, added, roster.head());
    switch (input[at + 1] >> 4) {
      case 0: {  // damaged on its way
        Bytes damaged = entry;
        damaged[input[at + 2] * std::size_t{37} % damaged.size()] ^= 0x10;
        check_unchanged_by(roster, damaged);
        break;
      }
      case 1:  // cut
        check_unchanged_by(roster, ByteView(entry).first(input[at + 2] % entry.size()));
        break;
      case 2:  // replayed
        check_unchanged_by(roster, roster.entries()[input[at + 2] % roster.size()]);
        break;
      case 3: {  // chained to nothing
        RosterHead wrong = roster.head();
        wrong.mutable_bytes()[0] ^= 1;
        check_unchanged_by(roster, entry_for(add, actor, added, wrong));
        break;
      }
      default:
        if (add ? model.add(actor, added) : model.leave(actor)) {
          ZEROK_ASSERT(roster.apply(entry));
        } else {
          check_unchanged_by(roster, entry);
        }
    }
    check_state(roster, model);
  }
  Roster reread = start;
  const auto extension = reread.extend(std::span(roster.entries()).subspan(1));
  ZEROK_ASSERT(!extension.refused && reread.head() == roster.head());
  ZEROK_ASSERT(roster.relation(start.size(), start.head()) ==
               (roster.size() == 1 ? RosterRelation::kSame : RosterRelation::kOlder));
  check_state(reread, model);
}

void run_bytes(ByteView input) {
  static Roster roster = sample_roster(2);
  if (const auto entry = RosterEntry::decode(input)) {
    ZEROK_ASSERT(input.size() <= kRosterEntryBytesMax);
    ZEROK_ASSERT(entry->signed_part.size() + 66 == input.size());
  }
  check_unchanged_by(roster, input);
  if (const auto record = MemberRecord::decode(input)) {
    ZEROK_ASSERT(std::ranges::equal(record->encode(), input));
  }
  if (const auto body = AddBody::decode(input)) ZEROK_ASSERT(body->record.size() < input.size());
  if (const auto body = CreateBody::decode(input)) ZEROK_ASSERT(body->record.size() < input.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  run_bytes(input);
  run_steps(input);
  return 0;
}
