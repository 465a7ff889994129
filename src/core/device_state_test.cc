// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/device_state.h"

#include <gtest/gtest.h>

#include <set>

#include "core/testing/roster_sample.h"
#include "core/testing/state_sample.h"
#include "core/testing/vector_file.h"
#include "wire/messages/limits.h"

namespace zerok::core {
namespace {

using testing::sample_device;
using testing::sample_head;
using testing::sample_state;
using testing::sample_state_epoch;
using testing::seal_state_content;

const crypto::Ed25519KeyPair& signing() { return sample_device(1).keys.signing; }

Bytes sealed_state(std::size_t heads = 2) {
  DeterministicRng rng(1);
  return seal_device_state(sample_state(heads), sample_state_epoch(), signing(), rng).value();
}

ErrorCode refusal_of(ByteView sealed, const StateEpoch& epoch = sample_state_epoch(),
                     const DeviceId& device = sample_device(1).id()) {
  const auto state = open_device_state(epoch, device, sealed);
  EXPECT_FALSE(state.has_value());
  return state ? ErrorCode{} : state.error().code;
}

TEST(DeviceStateTest, OpensWhatWasSealed) {
  for (const unsigned heads : {0U, 1U, 2U, 9U, 100U, 160U}) {
    const Bytes sealed = sealed_state(heads);
    const auto opened = open_device_state(sample_state_epoch(), sample_device(1).id(), sealed);
    ASSERT_TRUE(opened) << heads;
    EXPECT_EQ(*opened, sample_state(heads));
    EXPECT_EQ(sealed_state_group(sealed).value(), sample_state_epoch().epoch_group);
  }
}

TEST(DeviceStateTest, HasOneOfFiveSizesTheLargestOfWhichFitsTheWire) {
  std::set<std::size_t> sizes;
  for (std::size_t heads = 0; heads <= DeviceState::kHeadsMax; ++heads) {
    sizes.insert(sealed_state(heads).size());
  }
  EXPECT_EQ(sizes, std::set<std::size_t>(kSealedStateSizes.begin(), kSealedStateSizes.end()));
  EXPECT_EQ(kSealedStateSizes.back(), wire::kDeviceStateBytesMax);
}

TEST(DeviceStateTest, TakesTheLargestNumbers) {
  DeviceState state = sample_state(DeviceState::kHeadsMax);
  state.counter = DeviceState::kCounterMax;
  state.roster_length = 4096;
  for (auto& head : state.heads) head.position.sequence = kSequenceMax;
  DeterministicRng rng(2);
  const auto sealed = seal_device_state(state, sample_state_epoch(), signing(), rng);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(open_device_state(sample_state_epoch(), sample_device(1).id(), *sealed), state);
}

TEST(DeviceStateTest, KeepsTheFirstHeadsWhenThereAreTooMany) {
  DeviceState state = sample_state(0);
  for (std::uint8_t n = 0; n < 200; ++n) {
    state.heads.push_back(sample_head(static_cast<std::uint8_t>(200 - n)));
  }
  DeterministicRng rng(3);
  const auto sealed = seal_device_state(state, sample_state_epoch(), signing(), rng);
  ASSERT_TRUE(sealed);
  const auto opened = open_device_state(sample_state_epoch(), sample_device(1).id(), *sealed);
  ASSERT_TRUE(opened);
  ASSERT_EQ(opened->heads.size(), 160u);
  EXPECT_EQ(opened->heads.front(), sample_head(41));
  EXPECT_EQ(opened->heads.back(), sample_head(200));
}

TEST(DeviceStateTest, WillNotSealWhatItWouldNotOpen) {
  DeterministicRng rng(4);
  const auto refused = [&](auto change) {
    DeviceState state = sample_state(3);
    change(state);
    const auto sealed = seal_device_state(state, sample_state_epoch(), signing(), rng);
    return !sealed && sealed.error().code == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](DeviceState& s) { s.counter = 0; }));
  EXPECT_TRUE(refused([](DeviceState& s) { s.counter = DeviceState::kCounterMax + 1; }));
  EXPECT_TRUE(refused([](DeviceState& s) { s.roster_length = 0; }));
  EXPECT_TRUE(refused([](DeviceState& s) { s.roster_length = 4097; }));
  EXPECT_TRUE(refused([](DeviceState& s) { s.heads[1].position.sequence = 0; }));
  EXPECT_TRUE(refused([](DeviceState& s) { s.heads[1].position.sequence = kSequenceMax + 1; }));
  EXPECT_TRUE(refused([](DeviceState& s) { s.heads[1] = s.heads[0]; }));
  EXPECT_FALSE(refused([](DeviceState& s) { std::swap(s.heads[1], s.heads[0]); }));
}

TEST(DeviceStateTest, SaysWhoseAndOfWhichEpochItIsWhateverTheCallerWrote) {
  DeviceState state = sample_state(1);
  state.device = sample_device(2).id();
  state.epoch = EpochId();
  DeterministicRng rng(1);
  EXPECT_EQ(seal_device_state(state, sample_state_epoch(), signing(), rng).value(),
            sealed_state(1));
}

TEST(DeviceStateTest, RefusesEveryTruncationAndAnyFlippedBit) {
  Bytes sealed = sealed_state();
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(refusal_of(ByteView(sealed).first(size)), ErrorCode::kCryptoFailed);
    EXPECT_FALSE(sealed_state_group(ByteView(sealed).first(size)));
  }
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_EQ(refusal_of(sealed), ErrorCode::kCryptoFailed) << bit;
    sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  sealed.resize(16385);
  EXPECT_FALSE(sealed_state_group(sealed));
}

TEST(DeviceStateTest, BelongsToOneGroupOneEpochAndOneDevice) {
  const Bytes sealed = sealed_state();
  StateEpoch other = sample_state_epoch();
  other.group.mutable_bytes()[0] ^= 1;
  EXPECT_EQ(refusal_of(sealed, other), ErrorCode::kCryptoFailed);
  other = sample_state_epoch();
  other.epoch_group.mutable_bytes()[0] ^= 1;
  EXPECT_EQ(refusal_of(sealed, other), ErrorCode::kCryptoFailed);
  // Under its new name in the clear, as a relay could write it.
  Bytes renamed = sealed;
  renamed[0] ^= 1;
  EXPECT_EQ(refusal_of(renamed, other), ErrorCode::kCryptoFailed);
  EXPECT_EQ(refusal_of(sealed, sample_state_epoch(0x60)), ErrorCode::kCryptoFailed);
  // In another device's slot.
  EXPECT_EQ(refusal_of(sealed, sample_state_epoch(), sample_device(2).id()),
            ErrorCode::kCryptoFailed);
}

// What only a member of the epoch can send.
Bytes sealed_content(ByteView content, std::size_t size = 1024) {
  return seal_state_content(sample_state_epoch(), sample_device(1).id(), content, size);
}

TEST(DeviceStateTest, RefusesWhatAMemberSealedInAnotherDevicesName) {
  DeterministicRng rng(5);
  const auto& liar = sample_device(2);
  const auto theirs =
      seal_device_state(sample_state(1), sample_state_epoch(), liar.keys.signing, rng).value();
  ASSERT_TRUE(open_device_state(sample_state_epoch(), liar.id(), theirs));
  // Their own state, moved to the other's slot; and with the other's id but their signature.
  Bytes content = testing::open_state_content(sample_state_epoch(), liar.id(), theirs);
  EXPECT_EQ(refusal_of(sealed_content(content)), ErrorCode::kPermissionDenied);
  std::ranges::copy(sample_device(1).id().bytes(), content.begin() + 4);
  EXPECT_EQ(refusal_of(sealed_content(content)), ErrorCode::kPermissionDenied);
}

TEST(DeviceStateTest, RefusesAStateInWhichADeviceSpeaksForAnother) {
  Bytes content =
      testing::open_state_content(sample_state_epoch(), sample_device(1).id(), sealed_state(1));
  std::ranges::copy(sample_device(2).id().bytes(), content.begin() + 4);
  const auto signed_part = ByteView(content).first(content.size() - 66);
  Bytes signed_bytes = begin_labelled("0k-sync/2 device state signature", 0);
  append(signed_bytes, sample_state_epoch().group.bytes());
  append(signed_bytes, signed_part);
  std::ranges::copy(signing().sign(signed_bytes).bytes(), content.end() - 64);
  EXPECT_EQ(refusal_of(sealed_content(content)), ErrorCode::kPermissionDenied);
}

TEST(DeviceStateTest, RefusesASignatureForAnotherGroup) {
  DeterministicRng rng(6);
  StateEpoch elsewhere = sample_state_epoch();
  elsewhere.group = sample_state_epoch(0x60).group;
  const auto there = seal_device_state(sample_state(1), elsewhere, signing(), rng).value();
  const Bytes content = testing::open_state_content(elsewhere, sample_device(1).id(), there);
  EXPECT_EQ(refusal_of(sealed_content(content)), ErrorCode::kPermissionDenied);
}

TEST(DeviceStateTest, RefusesAStateThatNamesAnotherEpochThanItsKeyIsOf) {
  DeterministicRng rng(7);
  StateEpoch wrong = sample_state_epoch();
  wrong.epoch.mutable_bytes()[0] ^= 1;
  const auto sealed = seal_device_state(sample_state(1), wrong, signing(), rng).value();
  EXPECT_EQ(refusal_of(sealed), ErrorCode::kMalformed);
}

TEST(DeviceStateTest, RefusesAnyChangedByteOfAContentAMemberSealedAgain) {
  const Bytes content =
      testing::open_state_content(sample_state_epoch(), sample_device(1).id(), sealed_state(1));
  ASSERT_TRUE(
      open_device_state(sample_state_epoch(), sample_device(1).id(), sealed_content(content)));
  for (std::size_t at = 0; at < content.size(); ++at) {
    for (const std::uint8_t mask : {std::uint8_t{0x01}, std::uint8_t{0x80}}) {
      Bytes changed = content;
      changed[at] ^= mask;
      refusal_of(sealed_content(changed));
    }
  }
  for (std::size_t size = 0; size < content.size(); ++size) {
    refusal_of(sealed_content(ByteView(content).first(size)));
  }
  Bytes longer = content;
  longer.push_back(0);
  EXPECT_EQ(refusal_of(sealed_content(longer)), ErrorCode::kMalformed);
}

TEST(DeviceStateTest, RefusesPaddingThatIsNotTheRules) {
  const Bytes content =
      testing::open_state_content(sample_state_epoch(), sample_device(1).id(), sealed_state(1));
  EXPECT_EQ(refusal_of(sealed_content(content, 2048)), ErrorCode::kMalformed);
  Bytes plaintext(1024 - 72);
  store_be32(plaintext, static_cast<std::uint32_t>(content.size()));
  std::ranges::copy(content, plaintext.begin() + 4);
  const auto seal = [&] {
    return testing::seal_state_plaintext(sample_state_epoch(), sample_device(1).id(), plaintext);
  };
  ASSERT_TRUE(open_device_state(sample_state_epoch(), sample_device(1).id(), seal()));
  plaintext.back() = 1;
  EXPECT_EQ(refusal_of(seal()), ErrorCode::kMalformed);
  for (const std::uint32_t size : {949U, 0x7fffffffU, 0xffffffffU}) {
    store_be32(plaintext, size);
    EXPECT_EQ(refusal_of(seal()), ErrorCode::kMalformed);
  }
}

TEST(DeviceStateTest, SaysThatANewerVersionIsNeededOnlyWhenAMemberSealedIt) {
  Bytes sealed = sealed_content(Bytes{0x92, 0x02, 0xc0}, 4096);
  EXPECT_EQ(refusal_of(sealed), ErrorCode::kUnsupported);
  sealed.back() ^= 1;
  EXPECT_EQ(refusal_of(sealed), ErrorCode::kCryptoFailed);
}

void add_vector(testing::VectorFile& file, std::string_view name, const DeviceState& state,
                const StateEpoch& epoch, std::uint8_t seed) {
  DeterministicRng rng(seed);
  const Bytes sealed = seal_device_state(state, epoch, signing(), rng).value();
  file.section(name);
  file.add("device_secret", Bytes(32, 1));
  file.add("group_id_0", epoch.group.bytes());
  file.add("epoch_group_id", epoch.epoch_group.bytes());
  file.add("epoch_id", epoch.epoch.bytes());
  file.add("state_key", epoch.key.bytes());
  file.add_number("counter", state.counter);
  file.add_number("roster_length", state.roster_length);
  file.add("roster_head", state.roster_head.bytes());
  std::string heads;
  for (const StoredHead& head : state.heads) {
    heads += (heads.empty() ? "" : " ") + to_hex(head.sender.bytes()) + ":" +
             to_hex(head.incarnation.bytes()) + ":" + std::to_string(head.position.sequence) + ":" +
             to_hex(head.position.hash.bytes());
  }
  file.add_word("heads", heads.empty() ? "none" : heads);
  file.add("content", testing::open_state_content(epoch, sample_device(1).id(), sealed));
  file.add("sealed", sealed);
  EXPECT_EQ(open_device_state(epoch, sample_device(1).id(), sealed), state);
}

TEST(DeviceStateVectorTest, AgreesWithThePublishedVectorFile) {
  testing::VectorFile file("Sealed states: docs/protocol/device-state.md. Bytes in hex.");
  add_vector(file, "nothing received", sample_state(0), sample_state_epoch(), 1);
  add_vector(file, "three senders", sample_state(3), sample_state_epoch(), 2);
  DeviceState later = sample_state(20);
  later.counter = 1000;
  later.roster_length = 300;
  later.epoch = sample_state_epoch(0x60).epoch;
  StateEpoch epoch = sample_state_epoch(0x60);
  epoch.group = sample_state_epoch().group;
  add_vector(file, "a later epoch", later, epoch, 3);
  EXPECT_EQ(file.published("device_state.txt"), file.text());
}

}  // namespace
}  // namespace zerok::core
