// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/pairing_code.h"

#include <gtest/gtest.h>

#include <set>

#include "core/label.h"
#include "core/testing/pairing_world.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

using testing::sample_ticket;

LongCode sample_code() {
  DeterministicRng rng(4);
  LongCode code;
  code.relay = sample_ticket();
  rng.fill(code.mailbox.mutable_bytes());
  rng.fill(code.password.mutable_bytes());
  rng.fill(code.creator.mutable_bytes());
  code.expires_unix_s = 1'800'000'600;
  return code;
}

TEST(LongCodeTest, RoundTripsWithoutTheAdmissionToken) {
  const LongCode code = sample_code();
  for (const std::string scheme : {"0k", "notes-app", "a+b.c"}) {
    const auto uri = code.to_uri(scheme);
    ASSERT_TRUE(uri);
    EXPECT_TRUE(uri->starts_with(scheme + "://sync?invite="));
    const auto back = LongCode::parse(*uri, scheme);
    ASSERT_TRUE(back) << back.error().text.view();
    EXPECT_EQ(back->relay.endpoint, code.relay.endpoint);
    EXPECT_EQ(back->relay.noise_identity, code.relay.noise_identity);
    EXPECT_EQ(back->relay.addresses, code.relay.addresses);
    EXPECT_FALSE(back->relay.admission_token);
    EXPECT_EQ(back->mailbox, code.mailbox);
    EXPECT_TRUE(back->password == code.password);
    EXPECT_EQ(back->creator, code.creator);
    EXPECT_EQ(back->expires_unix_s, code.expires_unix_s);
    EXPECT_EQ(back->to_uri(scheme).value(), *uri);
  }
}

TEST(LongCodeTest, ForgivesCaseAndLineBreaks) {
  std::string uri = *sample_code().to_uri();
  for (char& c : uri) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  uri.insert(40, "\r\n  ");
  EXPECT_TRUE(LongCode::parse(" " + uri + "\n"));
}

TEST(LongCodeTest, RefusesEveryTruncationAndEveryChangedCharacter) {
  const std::string uri = *sample_code().to_uri();
  for (std::size_t n = 0; n < uri.size(); ++n) {
    EXPECT_FALSE(LongCode::parse(uri.substr(0, n))) << n;
    std::string changed = uri;
    changed[n] = changed[n] == 'b' ? 'c' : 'b';
    EXPECT_FALSE(LongCode::parse(changed)) << n;
  }
  EXPECT_FALSE(LongCode::parse(uri + "a"));
  EXPECT_FALSE(LongCode::parse(uri, "other"));
  EXPECT_EQ(LongCode::parse(std::string(9000, 'a')).error().code, ErrorCode::kTooLarge);
}

// A code with a checksum that is right and a body that is the caller's.
std::string uri_of(ByteView body) {
  Bytes bytes(body.begin(), body.end());
  const auto sum = labelled_hash("0k-sync/2 pairing code checksum", body);
  bytes.insert(bytes.end(), sum.begin(), sum.begin() + 4);
  return "0k://sync?invite=" + to_base32(bytes);
}

TEST(LongCodeTest, WithAnyByteOfTheBodyChangedRefusesOrWritesExactlyThatText) {
  const Bytes bytes = *from_base32(std::string_view(*sample_code().to_uri()).substr(17));
  const Bytes body(bytes.begin(), bytes.end() - 4);
  std::size_t read = 0;
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (const int flip : {1, 2, 0x10, 0x80, 0xff}) {
      Bytes changed = body;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
      const auto code = LongCode::parse(uri_of(changed));
      if (!code) continue;
      ++read;
      EXPECT_EQ(code->to_uri().value(), uri_of(changed)) << at;
    }
  }
  EXPECT_GT(read, 300u);
}

TEST(LongCodeTest, SaysThatAnUpdateIsNeededAndRefusesAToken) {
  wire::Encoder later(100);
  later.add_array(2).add_unsigned(2).add_nil();
  EXPECT_EQ(LongCode::parse(uri_of(*later.take())).error().code, ErrorCode::kUnsupported);
  wire::Encoder encoder(1000);
  encoder.add_array(6).add_unsigned(1).add_bin(*sample_ticket().encode());
  encoder.add_bin(Bytes(16)).add_bin(Bytes(32)).add_bin(Bytes(32)).add_unsigned(1);
  EXPECT_EQ(LongCode::parse(uri_of(*encoder.take())).error().code, ErrorCode::kMalformed);
}

TEST(LongCodeTest, WillNotMakeACodeItWouldNotRead) {
  for (const std::string& scheme :
       {std::string(), std::string("A"), std::string("a b"), std::string(33, 'a')}) {
    EXPECT_EQ(sample_code().to_uri(scheme).error().code, ErrorCode::kInvalidArgument);
  }
  LongCode code = sample_code();
  code.relay.addresses.clear();
  EXPECT_EQ(code.to_uri().error().code, ErrorCode::kInvalidArgument);
}

TEST(LongCodeTest, ExpiresWithRoomForAWrongClock) {
  const LongCode code = sample_code();
  EXPECT_FALSE(code.has_expired(0));
  EXPECT_FALSE(code.has_expired(code.expires_unix_s + 600));
  EXPECT_TRUE(code.has_expired(code.expires_unix_s + 601));
}

TEST(ShortCodeTest, RoundTripsInGroupsOfFour) {
  DeterministicRng rng(5);
  for (int i = 0; i < 200; ++i) {
    const ShortCode code = ShortCode::draw(rng);
    const std::string text = code.to_text();
    ASSERT_EQ(text.size(), 19u);
    EXPECT_EQ(text[4], '-');
    EXPECT_EQ(text[14], '-');
    const auto back = ShortCode::parse(text);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(back->to_text(), text);
    EXPECT_EQ(back->mailbox(), code.mailbox());
    EXPECT_TRUE(back->password() == code.password());
  }
}

TEST(ShortCodeTest, ForgivesHowPeopleType) {
  DeterministicRng rng(0);
  std::string text;
  // One that has both digits which letters are taken for.
  do {
    text = ShortCode::draw(rng).to_text();
  } while (text.find('0') == std::string::npos || text.find('1') == std::string::npos);
  const auto code = ShortCode::parse(text);
  ASSERT_TRUE(code);
  std::string typed;
  for (const char c : text) {
    if (c == '-') continue;
    typed += c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
    typed += ' ';
  }
  ASSERT_TRUE(ShortCode::parse(typed)) << typed;
  EXPECT_EQ(ShortCode::parse(typed)->to_text(), text);
  std::string dashes = text;
  dashes.replace(4, 1, " \u2013 ");
  EXPECT_TRUE(ShortCode::parse("\t" + dashes + "\n"));
}

TEST(ShortCodeTest, RefusesEveryWrongSymbolAndEveryTwoThatChangedPlaces) {
  DeterministicRng rng(6);
  constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const std::string text = ShortCode::draw(rng).to_text();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '-') continue;
    for (const char c : kSymbols) {
      std::string changed = text;
      changed[at] = c;
      EXPECT_EQ(ShortCode::parse(changed).has_value(), changed == text) << changed;
    }
    for (std::size_t other = 0; other < at; ++other) {
      std::string changed = text;
      std::swap(changed[at], changed[other]);
      if (changed[other] == '-' || changed[at] == '-') continue;
      EXPECT_EQ(ShortCode::parse(changed).has_value(), changed == text) << changed;
    }
  }
}

TEST(ShortCodeTest, RefusesOtherLengthsAndCharacters) {
  DeterministicRng rng(7);
  const std::string text = ShortCode::draw(rng).to_text();
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(ShortCode::parse(text.substr(0, n)));
  EXPECT_FALSE(ShortCode::parse(text + "0"));
  for (const char* bad : {"U", "!", "\u00e9", "."}) {
    std::string changed = text;
    changed.replace(0, 1, bad);
    EXPECT_FALSE(ShortCode::parse(changed)) << bad;
  }
  EXPECT_EQ(ShortCode::parse(std::string(200, ' ')).error().code, ErrorCode::kTooLarge);
}

TEST(ShortCodeTest, TakesMailboxAndPasswordFromDifferentHalves) {
  // ABCDEFGH-JKMNPQR and their checksums, found by trying all.
  const auto complete = [](const std::string& said) {
    for (const char c : std::string_view("0123456789ABCDEFGHJKMNPQRSTVWXYZ")) {
      if (auto code = ShortCode::parse(said + c)) return *std::move(code);
    }
    std::abort();
  };
  const auto code = complete("ABCDEFGHJKMNPQR");
  const auto other_password = complete("ABCDEFGHJKMNPQS");
  const auto other_mailbox = complete("ABCDEFGJJKMNPQR");
  EXPECT_EQ(code.mailbox(), other_password.mailbox());
  EXPECT_FALSE(code.password() == other_password.password());
  EXPECT_NE(code.mailbox(), other_mailbox.mailbox());
  EXPECT_TRUE(code.password() == other_mailbox.password());
}

TEST(PairingCodeTest, KnowsTheTwoKindsApart) {
  DeterministicRng rng(8);
  const auto uri = parse_pairing_code(*sample_code().to_uri());
  ASSERT_TRUE(uri);
  EXPECT_TRUE(std::holds_alternative<LongCode>(*uri));
  const auto typed = parse_pairing_code(ShortCode::draw(rng).to_text());
  ASSERT_TRUE(typed);
  EXPECT_TRUE(std::holds_alternative<ShortCode>(*typed));
  EXPECT_FALSE(parse_pairing_code("other://sync?invite=aaaa"));
  EXPECT_FALSE(parse_pairing_code(""));
}

TEST(PairingCodeTest, BindsToTheRelaysKeysAndNotToItsPlace) {
  RelayTicket ticket = sample_ticket();
  const auto hash = pairing_relay_hash(ticket);
  ticket.addresses = {"elsewhere:1"};
  ticket.admission_token.reset();
  EXPECT_EQ(pairing_relay_hash(ticket), hash);
  ticket.noise_identity.mutable_bytes()[0] ^= 1;
  EXPECT_NE(pairing_relay_hash(ticket), hash);
  EXPECT_NE(pairing_relay_hash(sample_ticket(0x11)), hash);
}

}  // namespace
}  // namespace zerok::core
