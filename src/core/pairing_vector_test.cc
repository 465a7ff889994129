// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes docs/protocol/vectors/pairing.txt anew and compares. To change the file on purpose:
//   ZEROK_WRITE_VECTORS=1 core_test --gtest_filter='PairingVectorTest.*'
// tools/check_pairing_vectors.py computes the same file's values from the document's rules alone.
#include <gtest/gtest.h>

#include "core/testing/pairing_world.h"
#include "core/testing/vector_file.h"

namespace zerok::core {
namespace {

using testing::PairingWorld;
using testing::sample_device;
using testing::sample_ticket;

// Passes draws on and remembers them.
class RecordingRng final : public Rng {
 public:
  explicit RecordingRng(std::uint64_t seed) : rng_(seed) {}
  void fill(MutableByteView out) override {
    rng_.fill(out);
    draws_.emplace_back(out.begin(), out.end());
  }
  const Bytes& draw(std::size_t n) const { return draws_.at(n); }

 private:
  DeterministicRng rng_;
  std::vector<Bytes> draws_;
};

struct Exchange {
  Exchange(const PairingOffer& offer_in, CreatorExchange& creator, RecordingRng& creator_rng)
      : offer(offer_in),
        joiner(JoinerExchange::start(sample_device(9).keys, offer, joiner_rng).value()),
        open(joiner.open_message()),
        answer(creator
                   .answer({offer.mailbox, pairing_relay_hash(offer.relay)}, offer.password, open,
                           creator_rng)
                   .value()),
        at_joiner(std::move(joiner).finish(answer, "New Phone", joiner_rng).value()),
        at_creator(creator.finish(at_joiner.proof).value()) {}

  RecordingRng joiner_rng{22};
  const PairingOffer& offer;
  JoinerExchange joiner;
  Bytes open;
  Bytes answer;
  JoinerExchange::Finished at_joiner;
  CreatorExchange::Finished at_creator;
};

void add_exchange(testing::VectorFile& file, const Exchange& exchange, const RecordingRng& creator,
                  std::size_t creator_scalar_draw) {
  file.add("creator_device_secret", Bytes(32, 1));
  file.add("joiner_device_secret", Bytes(32, 9));
  file.add("relay_endpoint", exchange.offer.relay.endpoint.bytes());
  file.add("relay_noise_identity", exchange.offer.relay.noise_identity.bytes());
  file.add("mailbox", exchange.offer.mailbox.bytes());
  file.add("password", exchange.offer.password.bytes());
  file.add("creator_ephemeral_seed", creator.draw(0));
  file.add("creator_nonce", creator.draw(1));
  file.add("creator_scalar", creator.draw(creator_scalar_draw));
  file.add("creator_m", creator.draw(creator_scalar_draw + 1));
  file.add("joiner_ephemeral_seed", exchange.joiner_rng.draw(0));
  file.add("joiner_scalar", exchange.joiner_rng.draw(1));
  file.add("joiner_m", exchange.joiner_rng.draw(2));
  file.add_word("name", exchange.at_creator.name);
  file.add("open", exchange.open);
  file.add("answer", exchange.answer);
  file.add("proof", exchange.at_joiner.proof);
  ByteArray<32> nonce;
  std::ranges::copy(creator.draw(1), nonce.begin());
  file.add_number("words", exchange.at_joiner.channel.words(nonce));
  EXPECT_EQ(exchange.at_creator.channel.words(nonce), exchange.at_joiner.channel.words(nonce));
  // Shows the key to the creator.
  file.add("reveal", exchange.at_creator.channel.seal(2, encode_pairing_reveal(nonce)));
}

void add_rest(testing::VectorFile& file, const Exchange& exchange) {
  const auto group = testing::sample_group();
  Roster roster = testing::sample_roster();
  DeterministicRng rng(23);
  const auto name = seal_name(group.roster, group.group_id(), sample_device(9).id(),
                              exchange.at_creator.name, rng);
  const Bytes record = exchange.at_creator.joiner.record(name.value()).encode();
  const auto& signing = sample_device(9).keys.signing;
  const PairingSignature signatures{sign_member_record(signing, group.group_id(), record),
                                    exchange.at_joiner.channel.sign_device(signing)};
  ASSERT_TRUE(roster.apply(
      make_add_entry(sample_device(1).keys.signing, roster.head(), record, signatures.member)));
  PairingGrant grant;
  grant.epochs.push_back(testing::sample_grant());
  grant.admission_token = Bytes{1, 2, 3};
  grant.roster_length = 2;
  grant.roster_head = roster.head();
  const PairingEntries entries{{roster.entries().begin(), roster.entries().end()}};
  const auto& creator = exchange.at_creator.channel;
  const auto& joiner = exchange.at_joiner.channel;
  file.add("group_secret", grant.epochs[0].secret.bytes());
  file.add("group_id_0", group.group_id().bytes());
  file.add("admission_token", *grant.admission_token);
  file.add("create_entry", roster.entries()[0]);
  file.add("member_record", record);
  file.add("record", creator.seal(3, PairingRecord{group.group_id(), record}.encode()));
  file.add("signature", joiner.seal(3, signatures.encode()));
  file.add("add_entry", roster.entries()[1]);
  file.add("grant", creator.seal(4, grant.encode()));
  file.add("entries", creator.seal(5, entries.encode()));
  file.add("accepted", joiner.seal(4, encode_pairing_accepted()));
  file.add("end_instead_of_record",
           creator.seal(3, encode_pairing_end(PairingEndReason::kRefused)));
}

TEST(PairingVectorTest, AgreesWithThePublishedVectorFile) {
  testing::VectorFile file("Pairing: docs/protocol/pairing.md. Bytes in hex.");
  const auto& keys = sample_device(1).keys;
  {
    RecordingRng rng(21);
    CreatorExchange creator(keys, rng);
    LongCode code;
    code.relay = sample_ticket();
    code.relay.admission_token.reset();
    rng.fill(code.mailbox.mutable_bytes());
    rng.fill(code.password.mutable_bytes());
    code.creator = creator.party_hash();
    code.expires_unix_s = PairingWorld::kUnixNow + kPairingLifeSeconds;
    const PairingOffer offer = code.offer();
    const Exchange exchange(offer, creator, rng);
    file.section("long code");
    file.add_word("uri", code.to_uri().value());
    file.add("ticket", code.relay.encode().value());
    file.add_number("expires", code.expires_unix_s);
    add_exchange(file, exchange, rng, 4);
    add_rest(file, exchange);
  }
  {
    RecordingRng rng(31);
    CreatorExchange creator(keys, rng);
    const ShortCode code = ShortCode::draw(rng);
    const PairingOffer offer = code.offer(sample_ticket());
    const Exchange exchange(offer, creator, rng);
    file.section("short code");
    file.add_word("code", code.to_text());
    add_exchange(file, exchange, rng, 3);
  }
  EXPECT_EQ(file.published("pairing.txt"), file.text());
}

}  // namespace
}  // namespace zerok::core
