// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/roster.h"

#include <gtest/gtest.h>

#include "core/label.h"
#include "core/testing/roster_sample.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

using testing::sample_add;
using testing::sample_create;
using testing::sample_device;
using testing::sample_group;
using testing::sample_leave;
using testing::sample_roster;

// A refused entry leaves everything as it was.
void expect_refused(Roster& roster, ByteView entry, ErrorCode code) {
  const RosterHead head = roster.head();
  const std::size_t size = roster.size();
  const std::size_t active = roster.active_count();
  const auto applied = roster.apply(entry);
  ASSERT_FALSE(applied);
  EXPECT_EQ(error_code_name(applied.error().code), error_code_name(code));
  EXPECT_EQ(roster.head(), head);
  EXPECT_EQ(roster.size(), size);
  EXPECT_EQ(roster.active_count(), active);
}

// An entry of any kind and body, properly signed by device n.
Bytes signed_entry(std::uint64_t kind, std::uint8_t n, const RosterHead& previous, ByteView body) {
  const auto& signing = sample_device(n).keys.signing;
  wire::Encoder encoder(2 * kRosterEntryBytesMax);
  encoder.add_array(6).add_unsigned(1).add_unsigned(kind).add_bin(previous.bytes());
  encoder.add_bin(signing.public_key().bytes()).add_bin(body).add_bin(Bytes(64));
  Bytes entry = encoder.take().value();
  Bytes message = begin_labelled("0k-sync/2 roster signature", entry.size());
  append(message, ByteView(entry).first(entry.size() - 66));
  const auto signature = signing.sign(message);
  std::ranges::copy(signature.bytes(), entry.end() - 64);
  return entry;
}

TEST(RosterTest, StartsWithItsCreator) {
  const Roster roster = sample_roster();
  EXPECT_EQ(roster.size(), 1u);
  EXPECT_EQ(roster.group(), sample_group().group_id());
  EXPECT_EQ(roster.membership(), sample_group().membership.public_key());
  EXPECT_TRUE(roster.is_active(sample_device(1).id()));
  EXPECT_EQ(roster.head(), roster_head(sample_create()));
  EXPECT_FALSE(roster.is_active(sample_device(2).id()));
}

TEST(RosterTest, EnrolsADeviceAndKeepsWhatPeersNeedOfIt) {
  const Roster roster = sample_roster(3);
  ASSERT_EQ(roster.members().size(), 3u);
  const Member* member = roster.find(sample_device(3).id());
  ASSERT_NE(member, nullptr);
  EXPECT_EQ(member->added_by, sample_device(1).id());
  const MemberRecord record = roster.record(*member);
  EXPECT_EQ(record.encode(), sample_device(3).record);
  EXPECT_EQ(record.noise_identity, member->noise_identity);
  const auto group = sample_group();
  EXPECT_EQ(open_name(group.roster, group.group_id(), record.device, record.name).value(),
            "device 3");
  EXPECT_EQ(roster.record(roster.members()[0]).encode(), sample_device(1).record);
}

TEST(RosterTest, RefusesTheRosterOfAnotherGroup) {
  const auto& device = sample_device(1);
  const Bytes other =
      make_create_entry(device.keys.signing, sample_group(0x41).membership, device.record);
  EXPECT_EQ(Roster::create(other, sample_group().group_id()).error().code, ErrorCode::kWrongPeer);
}

TEST(RosterTest, RefusesACreateThatNoHolderOfTheGroupSecretSigned) {
  // As above, but it names our group's membership key, which every relay knows.
  const auto& device = sample_device(1);
  const Bytes other =
      make_create_entry(device.keys.signing, sample_group(0x41).membership, device.record);
  const auto body = CreateBody::decode(RosterEntry::decode(other)->body).value();
  wire::Encoder forged(4096);
  forged.add_array(3).add_bin(body.record);
  forged.add_bin(sample_group().membership.public_key().bytes()).add_bin(body.signature.bytes());
  const Bytes entry = signed_entry(1, 1, {}, forged.take().value());
  EXPECT_EQ(Roster::create(entry, sample_group().group_id()).error().code,
            ErrorCode::kCryptoFailed);
  // And one that enrols another device than its signer.
  const auto own = sample_create();
  const Bytes stolen = signed_entry(1, 2, {}, RosterEntry::decode(own)->body);
  EXPECT_EQ(Roster::create(stolen, sample_group().group_id()).error().code, ErrorCode::kMalformed);
}

TEST(RosterTest, StartsOnlyWithCreateAndOnlyOnce) {
  EXPECT_EQ(Roster::create(sample_add(1, 2, {}), sample_group().group_id()).error().code,
            ErrorCode::kInvalidState);
  Roster roster = sample_roster();
  expect_refused(roster, sample_create(), ErrorCode::kInvalidState);
  const auto create = sample_create();
  expect_refused(roster, signed_entry(1, 1, roster.head(), RosterEntry::decode(create)->body),
                 ErrorCode::kInvalidState);
}

TEST(RosterTest, RefusesReplayedReorderedAndForkedEntries) {
  Roster roster = sample_roster();
  const Bytes second = sample_add(1, 2, roster.head());
  const Bytes third = sample_add(1, 3, roster_head(second));
  const Bytes fork = sample_add(1, 4, roster.head());
  expect_refused(roster, third, ErrorCode::kInvalidState);
  ASSERT_TRUE(roster.apply(second));
  expect_refused(roster, second, ErrorCode::kInvalidState);
  expect_refused(roster, fork, ErrorCode::kInvalidState);
  ASSERT_TRUE(roster.apply(third));
  expect_refused(roster, second, ErrorCode::kInvalidState);
}

TEST(RosterTest, RefusesEntriesByWhoIsNoDeviceOfTheGroup) {
  Roster roster = sample_roster();
  expect_refused(roster, sample_add(2, 3, roster.head()), ErrorCode::kPermissionDenied);
  expect_refused(roster, sample_add(2, 2, roster.head()), ErrorCode::kPermissionDenied);
  expect_refused(roster, sample_leave(2, roster.head()), ErrorCode::kPermissionDenied);
}

TEST(RosterTest, ADeviceThatLeftActsNoMoreAndNeverReturns) {
  Roster roster = sample_roster(3);
  ASSERT_TRUE(roster.apply(sample_leave(2, roster.head())));
  EXPECT_EQ(roster.active_count(), 2u);
  EXPECT_FALSE(roster.is_active(sample_device(2).id()));
  ASSERT_NE(roster.find(sample_device(2).id()), nullptr);
  expect_refused(roster, sample_add(2, 4, roster.head()), ErrorCode::kPermissionDenied);
  expect_refused(roster, sample_leave(2, roster.head()), ErrorCode::kPermissionDenied);
  expect_refused(roster, sample_add(1, 2, roster.head()), ErrorCode::kInvalidArgument);
  expect_refused(roster, sample_add(1, 3, roster.head()), ErrorCode::kInvalidArgument);
}

TEST(RosterTest, RefusesADeviceThatClaimsAnothersNoiseKeys) {
  Roster roster = sample_roster();
  MemberRecord record = MemberRecord::decode(sample_device(2).record).value();
  record.noise_identity = roster.members()[0].noise_identity;
  const Bytes bytes = record.encode();
  const auto& signing = sample_device(2).keys.signing;
  const auto self = sign_member_record(signing, roster.group(), bytes);
  expect_refused(roster, make_add_entry(sample_device(1).keys.signing, roster.head(), bytes, self),
                 ErrorCode::kInvalidArgument);
}

TEST(RosterTest, EndsWhenTheLastDeviceLeaves) {
  Roster roster = sample_roster();
  ASSERT_TRUE(roster.apply(sample_leave(1, roster.head())));
  EXPECT_EQ(roster.active_count(), 0u);
  expect_refused(roster, sample_add(1, 2, roster.head()), ErrorCode::kPermissionDenied);
}

TEST(RosterTest, RefusesADeviceThatDidNotAskForThisGroup) {
  Roster roster = sample_roster();
  const auto& adder = sample_device(1).keys.signing;
  const auto& added = sample_device(2);
  const auto for_other =
      sign_member_record(added.keys.signing, sample_group(0x41).group_id(), added.record);
  expect_refused(roster, make_add_entry(adder, roster.head(), added.record, for_other),
                 ErrorCode::kCryptoFailed);
  // Signed by the adder in the new device's place.
  const auto by_adder = sign_member_record(adder, roster.group(), added.record);
  expect_refused(roster, make_add_entry(adder, roster.head(), added.record, by_adder),
                 ErrorCode::kCryptoFailed);
  // The signature of another entry has another label.
  const Bytes create = sample_create();
  const auto entry_signature = RosterEntry::decode(create)->signature;
  expect_refused(roster, make_add_entry(adder, roster.head(), added.record, entry_signature),
                 ErrorCode::kCryptoFailed);
}

TEST(RosterTest, RefusesAnEntryWithAnyBitFlipped) {
  Roster roster = sample_roster(2);
  Bytes entry = sample_leave(2, roster.head());
  for (std::size_t bit = 0; bit < entry.size() * 8; ++bit) {
    entry[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    ASSERT_FALSE(roster.apply(entry)) << bit;
    entry[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  ASSERT_TRUE(roster.apply(entry));
}

TEST(RosterTest, HasThirtyTwoActiveDevicesAtMost) {
  Roster roster = sample_roster(32);
  EXPECT_EQ(roster.active_count(), 32u);
  expect_refused(roster, sample_add(1, 33, roster.head()), ErrorCode::kOutOfRange);
  ASSERT_TRUE(roster.apply(sample_leave(7, roster.head())));
  EXPECT_TRUE(roster.apply(sample_add(32, 33, roster.head())));
}

TEST(RosterTest, AsksForANewerVersionForKindsItDoesNotKnowOnceADeviceSignedThem) {
  Roster roster = sample_roster();
  for (const std::uint64_t kind : {3ULL, 5ULL, 6ULL, 1000000ULL}) {
    Bytes entry = signed_entry(kind, 1, roster.head(), as_bytes("of a later version"));
    expect_refused(roster, entry, ErrorCode::kUnsupported);
    entry.back() ^= 1;
    expect_refused(roster, entry, ErrorCode::kCryptoFailed);
    expect_refused(roster, signed_entry(kind, 2, roster.head(), {}), ErrorCode::kPermissionDenied);
  }
  expect_refused(roster, signed_entry(0, 1, roster.head(), {}), ErrorCode::kMalformed);
}

TEST(RosterTest, KnowsHowAnotherRosterRelatesToIt) {
  const Roster roster = sample_roster(3);
  EXPECT_EQ(roster.relation(3, roster.head()), RosterRelation::kSame);
  EXPECT_EQ(roster.relation(1, roster_head(roster.entries()[0])), RosterRelation::kOlder);
  EXPECT_EQ(roster.relation(0, {}), RosterRelation::kOlder);
  EXPECT_EQ(roster.relation(4, roster.head()), RosterRelation::kNewer);
  EXPECT_EQ(roster.relation(3, roster_head(roster.entries()[0])), RosterRelation::kForked);
  EXPECT_EQ(roster.relation(2, roster.head()), RosterRelation::kForked);
}

TEST(RosterTest, ExtendsByEntriesUpToTheFirstThatIsRefused) {
  const Roster whole = sample_roster(4);
  Roster roster = sample_roster();
  std::vector<Bytes> entries(whole.entries().begin() + 1, whole.entries().end());
  entries[2].back() ^= 1;
  const auto cut = roster.extend(entries);
  EXPECT_EQ(cut.applied, 2u);
  ASSERT_TRUE(cut.refused);
  EXPECT_EQ(cut.refused->code, ErrorCode::kCryptoFailed);
  const auto rest = roster.extend(std::span(whole.entries()).subspan(roster.size()));
  EXPECT_EQ(rest.applied, 1u);
  EXPECT_FALSE(rest.refused);
  EXPECT_EQ(roster.head(), whole.head());
}

// Devices come and go until nothing more is enrolled; leaving still works.
TEST(RosterTest, StopsEnrollingBeforeItIsFull) {
  Roster roster = sample_roster();
  const auto group = sample_group();
  const MemberRecord pattern = MemberRecord::decode(sample_device(1).record).value();
  DeterministicRng rng(1);
  std::size_t added = 0;
  for (;; ++added) {
    const auto pair = crypto::Ed25519KeyPair::generate(rng);
    MemberRecord record = pattern;
    record.device = DeviceId(pair.public_key().bytes());
    rng.fill(record.noise_identity.mutable_bytes());
    const Bytes bytes = record.encode();
    const Bytes entry = make_add_entry(sample_device(1).keys.signing, roster.head(), bytes,
                                       sign_member_record(pair, group.group_id(), bytes));
    const auto applied = roster.apply(entry);
    if (!applied) {
      EXPECT_EQ(applied.error().code, ErrorCode::kOutOfRange);
      break;
    }
    ASSERT_TRUE(roster.apply(make_leave_entry(pair, roster.head())));
  }
  EXPECT_GT(added, 200u);
  EXPECT_TRUE(roster.apply(sample_leave(1, roster.head())));
}

}  // namespace
}  // namespace zerok::core
