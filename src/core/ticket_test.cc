// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/ticket.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/rng.h"
#include "crypto/hash.h"
#include "wire/encoder.h"

namespace zerok::core {
namespace {

RelayTicket sample() {
  DeterministicRng rng(5);
  RelayTicket ticket;
  rng.fill(ticket.endpoint.mutable_bytes());
  rng.fill(ticket.noise_identity.mutable_bytes());
  ticket.addresses = {"relay.example:4433", "192.0.2.1:4433", "[2001:db8::1]:4433"};
  ticket.admission_token = Bytes{1, 2, 3};
  return ticket;
}

TEST(RelayTicketTest, RoundTripsWithAndWithoutAToken) {
  for (bool with_token : {true, false}) {
    RelayTicket ticket = sample();
    if (!with_token) ticket.admission_token.reset();
    const auto text = ticket.to_text();
    ASSERT_TRUE(text);
    const auto back = RelayTicket::parse("  " + *text + "\n");
    ASSERT_TRUE(back) << back.error().text.view();
    EXPECT_EQ(back->endpoint, ticket.endpoint);
    EXPECT_EQ(back->noise_identity, ticket.noise_identity);
    EXPECT_EQ(back->addresses, ticket.addresses);
    EXPECT_EQ(back->admission_token, ticket.admission_token);
  }
}

TEST(RelayTicketTest, RefusesEveryTruncationAndEveryChangedCharacter) {
  const std::string text = *sample().to_text();
  for (std::size_t n = 0; n < text.size(); ++n) {
    EXPECT_FALSE(RelayTicket::parse(text.substr(0, n))) << n;
    std::string changed = text;
    changed[n] = changed[n] == 'b' ? 'c' : 'b';
    EXPECT_FALSE(RelayTicket::parse(changed)) << n;
  }
  EXPECT_FALSE(RelayTicket::parse(text + "a"));
}

// A ticket with a checksum that is right and a body that is the caller's.
std::string sealed(const Bytes& body) {
  Bytes bytes = body;
  const auto sum =
      crypto::Sha256().update(as_bytes("0k-sync v1 ticket checksum")).update(body).finish();
  bytes.insert(bytes.end(), sum.begin(), sum.begin() + 4);
  return "0krelay" + to_base32(bytes);
}

TEST(RelayTicketTest, TheLargestTicketItAllowsRoundTrips) {
  RelayTicket ticket = sample();
  ticket.addresses.assign(RelayTicket::kAddressesMax, std::string(254, 'a') + ":65535");
  ticket.admission_token = Bytes(RelayTicket::kTokenBytesMax, 0xff);
  const auto text = ticket.to_text();
  ASSERT_TRUE(text) << text.error().text.view();
  const auto back = RelayTicket::parse(*text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->addresses, ticket.addresses);
  ticket.addresses[0].insert(0, "a");
  EXPECT_FALSE(ticket.to_text());
}

TEST(RelayTicketTest, ReadsOnlyWhatTheSpecificationAllowsUnderARightChecksum) {
  const auto body = [](std::uint64_t version, const std::vector<std::string>& addresses,
                       const std::optional<Bytes>& token) {
    wire::Encoder encoder(RelayTicket::kTextBytesMax);
    encoder.add_array(5).add_unsigned(version).add_bin(Bytes(32, 1)).add_bin(Bytes(32, 2));
    encoder.add_array(static_cast<std::uint32_t>(addresses.size()));
    for (const auto& address : addresses) encoder.add_str(address);
    token ? encoder.add_bin(*token) : encoder.add_nil();
    return *encoder.take();
  };
  EXPECT_TRUE(RelayTicket::parse(sealed(body(1, {"a:1"}, Bytes{1}))));
  EXPECT_EQ(RelayTicket::parse(sealed(body(2, {"a:1"}, {}))).error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(RelayTicket::parse(sealed(body(1, {}, {}))));
  EXPECT_FALSE(RelayTicket::parse(sealed(body(1, std::vector<std::string>(9, "a:1"), {}))));
  EXPECT_FALSE(RelayTicket::parse(sealed(body(1, {"a:0"}, {}))));
  EXPECT_FALSE(RelayTicket::parse(sealed(body(1, {std::string(256, 'a') + ":4433"}, {}))));
  EXPECT_FALSE(RelayTicket::parse(sealed(body(1, {"a:1"}, Bytes{}))));
  EXPECT_FALSE(RelayTicket::parse(sealed(body(1, {"a:1"}, Bytes(65)))));
}

TEST(RelayTicketTest, WithAnyByteOfTheBodyChangedRefusesOrWritesExactlyThatText) {
  const std::string text = *sample().to_text();
  const Bytes bytes = *from_base32(std::string_view(text).substr(7));
  const Bytes body(bytes.begin(), bytes.end() - 4);
  std::size_t read = 0;
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes changed = body;
      changed[at] = static_cast<std::uint8_t>(value);
      const auto ticket = RelayTicket::parse(sealed(changed));
      if (!ticket) continue;
      ++read;
      EXPECT_EQ(ticket->to_text().value(), sealed(changed)) << at;
    }
    EXPECT_FALSE(RelayTicket::parse(
        sealed(Bytes(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(at)))));
  }
  EXPECT_GT(read, 64u * 255u) << "both keys may be anything";
}

TEST(RelayTicketTest, ReadsUpperCaseBecausePeopleAndQrCodesUseIt) {
  std::string text = *sample().to_text();
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_TRUE(RelayTicket::parse(text));
}

TEST(RelayTicketTest, SaysWhatKindOfMistakeItIs) {
  EXPECT_EQ(RelayTicket::parse("hello").error().text.view(),
            "not a relay ticket: one begins with 0krelay");
  EXPECT_EQ(RelayTicket::parse(std::string(5000, 'a')).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(RelayTicket::parse("0krelayaaaa").error().text.view(),
            "the relay ticket is cut short or mistyped");
}

TEST(RelayTicketTest, WillNotMakeATicketThatItWouldNotRead) {
  RelayTicket ticket = sample();
  ticket.addresses.clear();
  EXPECT_FALSE(ticket.to_text());
  ticket.addresses.assign(9, "a:1");
  EXPECT_FALSE(ticket.to_text());
  ticket.addresses = {"no port"};
  EXPECT_FALSE(ticket.to_text());
  ticket = sample();
  ticket.admission_token = Bytes(65);
  EXPECT_FALSE(ticket.to_text());
}

TEST(RelayTicketTest, TheExampleInTheSpecificationIsWhatWeWrite) {
  RelayTicket ticket;
  for (auto& b : ticket.endpoint.mutable_bytes()) b = 0x11;
  for (auto& b : ticket.noise_identity.mutable_bytes()) b = 0x22;
  ticket.addresses = {"relay.example:4433", "[2001:db8::1]:4433"};
  ticket.admission_token = Bytes{1, 2, 3};
  std::ifstream file(ZEROK_SOURCE_DIR "/docs/protocol/ticket.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  const std::string text = *ticket.to_text();
  EXPECT_NE(page.find("\n" + text + "\n"), std::string::npos) << text;
}

TEST(HostPortTest, SplitsNamesAndAddresses) {
  EXPECT_EQ(parse_host_port("relay.example:1")->host, "relay.example");
  EXPECT_EQ(parse_host_port("[::1]:65535")->host, "::1");
  EXPECT_EQ(parse_host_port("[::1]:65535")->port, 65535);
  for (const char* bad : {"", ":1", "a", "a:", "a:0", "a:65536", "a:1x", "::1:5", "a b:1", "[]:1",
                          "[g::]:1", "a/b:1", "a:+1", "a\n:1"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
}

}  // namespace
}  // namespace zerok::core
