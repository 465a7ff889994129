// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/pairing_message.h"

#include <gtest/gtest.h>

#include "core/roster.h"
#include "core/testing/pairing_world.h"

namespace zerok::core {
namespace {

using crypto::testing::counting_bytes;
using testing::sample_device;
using testing::sample_grant;

const PairingParty& sample_party() {
  static const PairingParty party = [] {
    DeterministicRng rng(3);
    return PairingParty::of(sample_device(1).keys, crypto::MlKemKeyPair::generate(rng).public_key);
  }();
  return party;
}

// Refuses every truncation and anything after the end; with a byte changed it refuses, or gives
// what encodes to exactly those bytes. `again` decodes and encodes.
void expect_exact(const Bytes& bytes, std::optional<Bytes> (*again)(ByteView)) {
  ASSERT_EQ(again(bytes), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(again(ByteView(bytes).first(size))) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0xc0);
  EXPECT_FALSE(again(longer));
  const std::size_t step = 1 + bytes.size() / 700;
  for (std::size_t at = 0; at < bytes.size(); at += at < 64 ? 1 : step) {
    for (const int flip : {0x01, 0x02, 0x10, 0x80}) {
      Bytes changed = bytes;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
      const auto encoded = again(changed);
      if (encoded) {
        EXPECT_EQ(*encoded, changed) << at;
      }
    }
  }
}

template <class T>
std::optional<Bytes> again(ByteView bytes) {
  const auto value = T::decode(bytes);
  return value ? std::optional(value->encode()) : std::nullopt;
}

TEST(PairingMessageTest, ReadsExactlyWhatItWrites) {
  const Bytes party = sample_party().encode();
  PairingOpen open;
  open.share.fill(7);
  open.party = party;
  PairingAnswer answer;
  answer.party = party;
  answer.commitment.fill(9);
  const Bytes sealed = counting_bytes(146);
  const PairingProof proof{{}, sealed};
  const PairingRecord record{testing::sample_group().group_id(), sample_device(9).record};
  PairingGrant grant;
  grant.epochs.push_back(sample_grant());
  grant.epochs.push_back(sample_grant(0x60));
  grant.roster_length = 2;
  PairingGrant with_token;
  with_token.epochs.push_back(sample_grant());
  with_token.admission_token = Bytes{1};
  with_token.roster_length = 4096;
  const Bytes entry = counting_bytes(300);
  const PairingEntries entries{{entry, sealed}};
  expect_exact(party, again<PairingParty>);
  expect_exact(open.encode(), again<PairingOpen>);
  expect_exact(answer.encode(), again<PairingAnswer>);
  expect_exact(proof.encode(), again<PairingProof>);
  expect_exact(record.encode(), again<PairingRecord>);
  expect_exact(PairingSignature{}.encode(), again<PairingSignature>);
  expect_exact(grant.encode(), again<PairingGrant>);
  expect_exact(with_token.encode(), again<PairingGrant>);
  expect_exact(entries.encode(), again<PairingEntries>);
  expect_exact(encode_pairing_name("Zo\u00eb").value(), [](ByteView bytes) {
    const auto name = decode_pairing_name(bytes);
    return name ? std::optional(encode_pairing_name(*name).value()) : std::nullopt;
  });
  expect_exact(encode_pairing_reveal({4}), [](ByteView bytes) {
    const auto nonce = decode_pairing_reveal(bytes);
    return nonce ? std::optional(encode_pairing_reveal(*nonce)) : std::nullopt;
  });
  expect_exact(encode_pairing_accepted(), [](ByteView bytes) {
    return decode_pairing_accepted(bytes) ? std::optional(encode_pairing_accepted()) : std::nullopt;
  });
}

TEST(PairingMessageTest, SaysThatANewerVersionIsNeededForClearMessagesAlone) {
  const Bytes later{0x92, 0x02, 0xc0};
  EXPECT_EQ(PairingOpen::decode(later).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(PairingAnswer::decode(later).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(PairingProof::decode(later).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(PairingOpen::decode(Bytes{0x91, 0x00}).error().code, ErrorCode::kMalformed);
}

TEST(PairingMessageTest, KnowsAnEndFromOtherMessages) {
  EXPECT_EQ(decode_pairing_end(encode_pairing_end(PairingEndReason::kGroupFull)).value(),
            PairingEndReason::kGroupFull);
  EXPECT_EQ(decode_pairing_end(Bytes{0x92, 0x08, 0xcc, 0xff}).value(), PairingEndReason::kFailed);
  EXPECT_EQ(decode_pairing_end(encode_pairing_accepted()).value(), std::nullopt);
  EXPECT_FALSE(decode_pairing_end(Bytes{0x91, 0x08}));
  EXPECT_FALSE(decode_pairing_end(Bytes{0x93, 0x08, 0x01, 0x01}));
  EXPECT_FALSE(decode_pairing_end(Bytes()));
}

TEST(PairingMessageTest, KeepsToTheBoundsOfAGrant) {
  PairingGrant grant;
  EXPECT_FALSE(PairingGrant::decode(grant.encode())) << "no epoch, no roster";
  grant.epochs.push_back(sample_grant());
  EXPECT_FALSE(PairingGrant::decode(grant.encode())) << "no roster";
  grant.roster_length = 4097;
  EXPECT_FALSE(PairingGrant::decode(grant.encode()));
  grant.roster_length = 1;
  EXPECT_TRUE(PairingGrant::decode(grant.encode()));
  while (grant.epochs.size() < 32) {
    grant.epochs.push_back(sample_grant(static_cast<std::uint8_t>(grant.epochs.size())));
  }
  grant.admission_token = Bytes(64);
  const auto full = PairingGrant::decode(grant.encode());
  ASSERT_TRUE(full);
  for (std::size_t n = 0; n < 32; ++n) {
    EXPECT_TRUE(full->epochs[n].secret == grant.epochs[n].secret);
  }
  grant.admission_token = Bytes(65);
  EXPECT_FALSE(PairingGrant::decode(grant.encode()));
  grant.admission_token = Bytes();
  EXPECT_FALSE(PairingGrant::decode(grant.encode()));
  grant.admission_token.reset();
  grant.epochs.push_back(sample_grant());
  EXPECT_FALSE(PairingGrant::decode(grant.encode()));
}

TEST(PairingMessageTest, FillsMessagesWithEntriesToTheLastByteButNotPastIt) {
  for (std::size_t size : {1U, 100U, 255U, 256U, 1900U, 8192U}) {
    const std::vector<Bytes> entries(60000 / size + 2, Bytes(size, 1));
    const std::size_t count = count_pairing_entries_that_fit(entries);
    ASSERT_GE(count, 1u);
    ASSERT_LT(count, entries.size());
    const PairingEntries part{{entries.begin(), entries.begin() + static_cast<int>(count)}};
    if (count > Roster::kEntriesMax) continue;  // no roster has as many of that size
    const std::size_t encoded = part.encode().size();
    EXPECT_LE(encoded, kPairingPlaintextBytesMax);
    EXPECT_GT(encoded + size + 3 + count, kPairingPlaintextBytesMax);
    EXPECT_TRUE(PairingEntries::decode(part.encode()));
  }
}

TEST(PairingMessageTest, NamesAreOfOneSizeAndRefusedPastTheirBound) {
  EXPECT_EQ(encode_pairing_name("")->size(), encode_pairing_name(std::string(127, 'a'))->size());
  EXPECT_FALSE(encode_pairing_name(std::string(128, 'a')));
  EXPECT_FALSE(encode_pairing_name("\xff"));
}

}  // namespace
}  // namespace zerok::core
