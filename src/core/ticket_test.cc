// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/ticket.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/rng.h"

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
