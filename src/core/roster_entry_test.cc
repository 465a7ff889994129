// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/roster_entry.h"

#include <gtest/gtest.h>

#include "core/testing/roster_sample.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

using testing::sample_add;
using testing::sample_create;
using testing::sample_device;
using testing::sample_group;
using testing::sample_leave;

std::vector<Bytes> samples() {
  const RosterHead head = roster_head(sample_create());
  return {sample_create(), sample_add(1, 2, head), sample_leave(1, head)};
}

TEST(RosterEntryTest, HoldsWhatItWasMadeOf) {
  const auto& device = sample_device(2);
  const RosterHead head = roster_head(sample_create());
  const Bytes bytes = sample_add(1, 2, head);
  const auto entry = RosterEntry::decode(bytes);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->kind, 2u);
  EXPECT_EQ(entry->previous, head);
  EXPECT_EQ(entry->actor, sample_device(1).id());
  EXPECT_TRUE(entry->verify());
  const auto body = AddBody::decode(entry->body);
  ASSERT_TRUE(body);
  EXPECT_TRUE(body->verify(sample_group().group_id(), device.id()));
  EXPECT_FALSE(body->verify(sample_group(0x41).group_id(), device.id()));
  const auto record = MemberRecord::decode(body->record);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->device, device.id());
  EXPECT_EQ(record->encode(), device.record);
}

TEST(RosterEntryTest, RefusesEveryTruncationAndEveryAddition) {
  for (const Bytes& bytes : samples()) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(RosterEntry::decode(ByteView(bytes).first(size))) << size;
    }
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(RosterEntry::decode(longer));
    longer = bytes;
    longer[0] = 0x97;
    longer.push_back(0xc0);
    EXPECT_FALSE(RosterEntry::decode(longer));
  }
  EXPECT_EQ(RosterEntry::decode(Bytes(kRosterEntryBytesMax + 1)).error().code,
            ErrorCode::kTooLarge);
}

TEST(RosterEntryTest, NoLongerVerifiesWithAnyBitFlipped) {
  for (Bytes bytes : samples()) {
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += bytes.size() > 500 ? 13 : 1) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      const auto entry = RosterEntry::decode(bytes);
      EXPECT_FALSE(entry && entry->verify()) << bit;
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    }
    ASSERT_TRUE(RosterEntry::decode(bytes)->verify());
  }
}

TEST(RosterEntryTest, TellsALaterVersionFromNonsense) {
  const auto error_of = [](std::uint64_t version) {
    wire::Encoder encoder(64);
    encoder.add_array(2).add_unsigned(version).add_str("of another shape");
    return RosterEntry::decode(encoder.take().value()).error().code;
  };
  EXPECT_EQ(error_of(2), ErrorCode::kUnsupported);
  EXPECT_EQ(error_of(0), ErrorCode::kMalformed);
}

TEST(MemberRecordTest, WithAnyByteChangedRefusesOrReadsAnotherRecordOfExactlyThoseBytes) {
  const Bytes bytes = sample_device(3).record;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned mask : {0x01U, 0x80U, 0xffU}) {
      Bytes changed = bytes;
      changed[at] ^= static_cast<std::uint8_t>(mask);
      const auto record = MemberRecord::decode(changed);
      if (record) {
        EXPECT_EQ(record->encode(), changed) << at;
      }
    }
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(MemberRecord::decode(ByteView(bytes).first(size)));
  }
}

TEST(MemberRecordTest, RefusesSealingKeysThatNothingCanBeSealedTo) {
  MemberRecord record = MemberRecord::decode(sample_device(3).record).value();
  record.sealing_dh = {};
  EXPECT_EQ(MemberRecord::decode(record.encode()).error().code, ErrorCode::kCryptoFailed);
  record = MemberRecord::decode(sample_device(3).record).value();
  record.sealing_kem.mutable_bytes()[0] = 0xff;
  record.sealing_kem.mutable_bytes()[1] = 0xff;
  EXPECT_EQ(MemberRecord::decode(record.encode()).error().code, ErrorCode::kCryptoFailed);
}

TEST(MemberRecordTest, AsksForANewerVersionWhenItHasFlags) {
  Bytes bytes = sample_device(3).record;
  ASSERT_EQ(bytes.back(), 0);
  bytes.back() = 1;
  EXPECT_EQ(MemberRecord::decode(bytes).error().code, ErrorCode::kUnsupported);
}

TEST(MemberNameTest, OpensUnderItsKeyGroupAndDeviceOnly) {
  const auto group = sample_group();
  const auto other = sample_group(0x41);
  DeterministicRng rng(1);
  const DeviceId device = sample_device(1).id();
  for (const std::string& name :
       {std::string(), std::string("J\xc3\xb6rg's phone"), std::string(kNameBytesMax, 'x')}) {
    const auto sealed = seal_name(group.roster, group.group_id(), device, name, rng);
    ASSERT_TRUE(sealed);
    const auto opened = open_name(group.roster, group.group_id(), device, *sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, name);
    EXPECT_FALSE(open_name(other.roster, group.group_id(), device, *sealed));
    EXPECT_FALSE(open_name(group.roster, other.group_id(), device, *sealed));
    EXPECT_FALSE(open_name(group.roster, group.group_id(), sample_device(2).id(), *sealed));
    SealedName changed = *sealed;
    for (auto& byte : changed) {
      byte ^= 1;
      EXPECT_FALSE(open_name(group.roster, group.group_id(), device, changed));
      byte ^= 1;
    }
  }
}

TEST(MemberNameTest, IsUtf8OfABoundedLength) {
  const auto group = sample_group();
  DeterministicRng rng(1);
  for (const std::string& name : {std::string(kNameBytesMax + 1, 'x'), std::string("\xff")}) {
    EXPECT_EQ(seal_name(group.roster, group.group_id(), {}, name, rng).error().code,
              ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace zerok::core
