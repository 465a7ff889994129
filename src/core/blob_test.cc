// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/blob.h"

#include <gtest/gtest.h>

#include <set>

#include "core/testing/blob_sample.h"
#include "core/testing/vector_file.h"
#include "crypto/aead.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

using crypto::testing::counting_bytes;
using crypto::testing::key_of;
using testing::draw_content;
using testing::sample_content;
using testing::sample_epoch;
using testing::sample_header;

const BlobId kId = key_of<BlobId>(ByteView(counting_bytes(16, 0xb0)));

// Seals any plaintext as seal_blob would: what a member with a broken program can send.
Bytes seal_plaintext(const BlobEpoch& epoch, const BlobId& id, ByteView plaintext) {
  Bytes ad;
  ad.push_back(14);
  for (const ByteView part : {as_bytes("0k-sync/2 blob"), ByteView(epoch.group.bytes()),
                              ByteView(epoch.epoch.bytes()), ByteView(id.bytes())}) {
    ad.insert(ad.end(), part.begin(), part.end());
  }
  Bytes sealed(24 + plaintext.size() + 16);
  crypto::xchacha_poly_seal(epoch.key, MutableByteView(sealed).first<24>(), ad, plaintext,
                            MutableByteView(sealed).subspan(24));
  return sealed;
}

Bytes plaintext_of(ByteView content, std::size_t zeros) {
  Bytes out(4);
  store_be32(out, static_cast<std::uint32_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
  out.resize(out.size() + zeros);
  return out;
}

BlobRefusal refusal_of(const BlobEpoch& epoch, const BlobId& id, ByteView sealed) {
  const auto content = open_blob(epoch, id, sealed);
  EXPECT_FALSE(content.has_value());
  return content ? BlobRefusal{} : content.error();
}

TEST(BlobTest, OpensWhatWasSealedWithAndWithoutPadding) {
  const BlobEpoch epoch = sample_epoch();
  DeterministicRng rng(2);
  for (int i = 0; i < 200; ++i) {
    const BlobContent content = draw_content(rng, 20000);
    const Padding padding = i % 2 == 0 ? Padding::kPadme : Padding::kNone;
    const BlobId id = draw_blob_id(rng);
    const Bytes sealed = seal_blob(epoch, id, content, padding, rng);
    const std::size_t used = 4 + content.bytes().size();
    EXPECT_EQ(sealed.size(), 40 + (padding == Padding::kPadme ? padded_size(used) : used));
    const auto opened = open_blob(epoch, id, sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, content);
  }
}

TEST(BlobTest, TakesTheLongestPayloadIntoTheDerivedSize) {
  const BlobEpoch epoch = sample_epoch();
  DeterministicRng rng(3);
  BlobHeader header = sample_header();
  header.tag = Bytes(kTagBytesMax, 1);
  header.lamport = kLamportMax;
  header.sequence = kSequenceMax;
  const BlobContent content = BlobContent::make(header, Bytes(kPayloadBytesMax, 9)).value();
  const Bytes sealed = seal_blob(epoch, kId, content, Padding::kPadme, rng);
  EXPECT_EQ(sealed.size(), kSealedBytesMax);
  EXPECT_EQ(kSealedBytesMax, 1081384u);
  EXPECT_TRUE(open_blob(epoch, kId, sealed));
  EXPECT_EQ(refusal_of(epoch, kId, Bytes(kSealedBytesMax + 1)), BlobRefusal::kNotAuthentic);
}

TEST(BlobTest, PadsBySmallStepsThatGrowWithTheSize) {
  EXPECT_EQ(padded_size(0), 256u);
  EXPECT_EQ(padded_size(256), 256u);
  EXPECT_EQ(padded_size(257), 272u);
  EXPECT_EQ(padded_size(1000), 1024u);
  EXPECT_EQ(padded_size(65537), 67584u);
  std::set<std::size_t> sizes;
  for (std::size_t size = 1; size <= 4 + BlobContent::kBytesMax; ++size) {
    const std::size_t padded = padded_size(size);
    ASSERT_GE(padded, size);
    ASSERT_EQ(padded_size(padded), padded);
    if (size > 256) {
      ASSERT_LE((padded - size) * 100, size * 12) << size;
    }
    sizes.insert(padded);
  }
  EXPECT_EQ(sizes.size(), 258u);
}

TEST(BlobTest, HidesWhichOfTwoShortPayloadsItHolds) {
  const BlobEpoch epoch = sample_epoch();
  DeterministicRng rng(4);
  EXPECT_EQ(seal_blob(epoch, kId, sample_content("yes"), Padding::kPadme, rng).size(),
            seal_blob(epoch, kId, sample_content("certainly not"), Padding::kPadme, rng).size());
}

TEST(BlobTest, DrawsANewNonceEachTime) {
  const BlobEpoch epoch = sample_epoch();
  SystemRng rng;
  std::set<Bytes> nonces;
  for (int i = 0; i < 100; ++i) {
    Bytes sealed = seal_blob(epoch, kId, sample_content(), Padding::kPadme, rng);
    sealed.resize(24);
    nonces.insert(sealed);
  }
  EXPECT_EQ(nonces.size(), 100u);
}

TEST(BlobTest, RefusesABlobWithAnyBitFlippedAndEveryTruncation) {
  const BlobEpoch epoch = sample_epoch();
  DeterministicRng rng(5);
  Bytes sealed = seal_blob(epoch, kId, sample_content(), Padding::kNone, rng);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_EQ(refusal_of(epoch, kId, sealed), BlobRefusal::kNotAuthentic);
    sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(refusal_of(epoch, kId, ByteView(sealed).first(size)), BlobRefusal::kNotAuthentic);
  }
  EXPECT_TRUE(open_blob(epoch, kId, sealed));
}

TEST(BlobTest, BelongsToOneGroupOneEpochAndOneId) {
  const BlobEpoch epoch = sample_epoch();
  DeterministicRng rng(6);
  const Bytes sealed = seal_blob(epoch, kId, sample_content(), Padding::kPadme, rng);
  BlobEpoch other = sample_epoch();
  other.group.mutable_bytes()[0] ^= 1;
  EXPECT_EQ(refusal_of(other, kId, sealed), BlobRefusal::kNotAuthentic);
  other = sample_epoch();
  other.epoch.mutable_bytes()[31] ^= 1;
  EXPECT_EQ(refusal_of(other, kId, sealed), BlobRefusal::kNotAuthentic);
  EXPECT_EQ(refusal_of(epoch, draw_blob_id(rng), sealed), BlobRefusal::kNotAuthentic);
  other = sample_epoch();
  other.key = crypto::BlobKey(sample_epoch(0x41).key.bytes());
  EXPECT_EQ(refusal_of(other, kId, sealed), BlobRefusal::kNotAuthentic);
}

TEST(BlobTest, RefusesAMembersBlobThatBreaksTheRules) {
  const BlobEpoch epoch = sample_epoch();
  const BlobContent content = sample_content();
  const std::size_t used = 4 + content.bytes().size();
  const std::size_t zeros = 256 - used;
  const auto refusal = [&](const Bytes& plaintext) {
    return refusal_of(epoch, kId, seal_plaintext(epoch, kId, plaintext));
  };
  Bytes plaintext = plaintext_of(content.bytes(), zeros);
  ASSERT_TRUE(open_blob(epoch, kId, seal_plaintext(epoch, kId, plaintext)));
  // Padding that is not zero, at each place.
  for (std::size_t at = used; at < plaintext.size(); ++at) {
    plaintext[at] = 1;
    EXPECT_EQ(refusal(plaintext), BlobRefusal::kMalformed);
    plaintext[at] = 0;
  }
  // Of another length than the rule gives.
  for (const std::size_t other : {std::size_t{1}, zeros - 1, zeros + 1, zeros + 16}) {
    EXPECT_EQ(refusal(plaintext_of(content.bytes(), other)), BlobRefusal::kMalformed);
  }
  // A length field that is wrong, or none.
  for (const std::uint32_t size : {0U, 1U, 253U, 0x7fffffffU, 0xffffffffU}) {
    store_be32(plaintext, size);
    EXPECT_EQ(refusal(plaintext), BlobRefusal::kMalformed);
  }
  EXPECT_EQ(refusal({}), BlobRefusal::kMalformed);
  EXPECT_EQ(refusal(Bytes(3)), BlobRefusal::kMalformed);
}

TEST(BlobTest, SaysThatANewerVersionIsNeededOnlyWhenAMemberSealedIt) {
  const BlobEpoch epoch = sample_epoch();
  wire::Encoder encoder(64);
  encoder.add_array(2).add_unsigned(2).add_nil();
  const Bytes later = encoder.take().value();
  // Whatever its padding is: a newer version has its own rules.
  Bytes sealed = seal_plaintext(epoch, kId, plaintext_of(later, 77));
  EXPECT_EQ(refusal_of(epoch, kId, sealed), BlobRefusal::kNewerVersion);
  sealed.back() ^= 1;
  EXPECT_EQ(refusal_of(epoch, kId, sealed), BlobRefusal::kNotAuthentic);
}

TEST(BlobTest, SealedAgainUnderANewEpochIsTheSameLinkOfItsChain) {
  const BlobEpoch old_epoch = sample_epoch();
  const BlobEpoch new_epoch = sample_epoch(0x60);
  DeterministicRng rng(7);
  const BlobContent content = sample_content();
  const Bytes first = seal_blob(old_epoch, kId, content, Padding::kPadme, rng);
  const auto opened = open_blob(old_epoch, kId, first);
  ASSERT_TRUE(opened);
  const BlobId new_id = draw_blob_id(rng);
  const Bytes second = seal_blob(new_epoch, new_id, *opened, Padding::kPadme, rng);
  const auto again = open_blob(new_epoch, new_id, second);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->header(), content.header());
  EXPECT_EQ(again->chain_hash(), content.chain_hash());
  EXPECT_EQ(refusal_of(old_epoch, new_id, second), BlobRefusal::kNotAuthentic);
}

TEST(BlobKeyringTest, TellsAKeyThatIsNotHereYetFromABlobThatNeverOpens) {
  BlobEpoch epoch = sample_epoch();
  const GroupId name = epoch.group;
  DeterministicRng rng(8);
  const Bytes sealed = seal_blob(epoch, kId, sample_content(), Padding::kPadme, rng);
  BlobKeyring keyring(epoch.group);
  const auto missing = keyring.open(name, kId, sealed);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), BlobRefusal::kKeyMissing);
  EXPECT_TRUE(may_open_later(missing.error()));

  ASSERT_TRUE(keyring.add(name, epoch.epoch, crypto::BlobKey(epoch.key.bytes())));
  EXPECT_EQ(keyring.add(name, epoch.epoch, crypto::BlobKey()).error().code,
            ErrorCode::kInvalidState);
  EXPECT_TRUE(keyring.open(name, kId, sealed));
  const auto wrong = keyring.open(name, draw_blob_id(rng), sealed);
  ASSERT_FALSE(wrong);
  EXPECT_FALSE(may_open_later(wrong.error()));
  keyring.remove(name);
  EXPECT_EQ(keyring.find(name), nullptr);
}

TEST(BlobKeyringTest, HoldsABoundedNumberOfEpochs) {
  BlobKeyring keyring({});
  for (std::size_t i = 0; i < BlobKeyring::kEpochsMax; ++i) {
    GroupId name;
    store_be32(name.mutable_bytes(), static_cast<std::uint32_t>(i));
    ASSERT_TRUE(keyring.add(name, {}, crypto::BlobKey()));
  }
  GroupId name;
  name.mutable_bytes()[31] = 1;
  EXPECT_EQ(keyring.add(name, {}, crypto::BlobKey()).error().code, ErrorCode::kOverloaded);
}

void add_vector(testing::VectorFile& file, std::string_view name, const BlobContent& content,
                Padding padding, std::uint8_t id_first) {
  const BlobEpoch epoch = sample_epoch();
  const BlobId id = key_of<BlobId>(ByteView(counting_bytes(16, id_first)));
  DeterministicRng rng(id_first);
  const BlobHeader& header = content.header();
  file.section(name);
  file.add("group_id_0", epoch.group.bytes());
  file.add("epoch_id", epoch.epoch.bytes());
  file.add("blob_key", epoch.key.bytes());
  file.add("blob_id", id.bytes());
  file.add("device_id", header.device.bytes());
  file.add("incarnation", header.incarnation.bytes());
  file.add_number("sequence", header.sequence);
  file.add("previous", header.previous.bytes());
  file.add_number("lamport", header.lamport);
  if (header.tag) file.add("tag", *header.tag);
  file.add("payload", content.payload());
  file.add("content", content.bytes());
  file.add("chain_hash", content.chain_hash().bytes());
  file.add("sealed", seal_blob(epoch, id, content, padding, rng));
}

TEST(BlobVectorTest, AgreesWithThePublishedVectorFile) {
  testing::VectorFile file(
      "Sealed blobs: docs/protocol/blob.md. Bytes in hex, numbers in decimal. The nonce is the "
      "first "
      "24 bytes of sealed.");
  const BlobContent first = sample_content();
  add_vector(file, "blob 1, padded", first, Padding::kPadme, 0xb0);
  BlobHeader header = sample_header();
  header.sequence = 2;
  header.previous = first.chain_hash();
  header.lamport = 300;
  header.tag = Bytes{0x74, 0x61, 0x67};
  const Bytes payload = counting_bytes(100, 0);
  const BlobContent second = BlobContent::make(header, payload).value();
  add_vector(file, "blob 2, with a tag, not padded", second, Padding::kNone, 0xb1);
  header.sequence = 3;
  header.previous = second.chain_hash();
  header.lamport = 70000;
  header.tag.reset();
  add_vector(file, "blob 3, no payload", BlobContent::make(header, {}).value(), Padding::kPadme,
             0xb2);
  EXPECT_EQ(file.published("blob.txt"), file.text());
}

}  // namespace
}  // namespace zerok::core
