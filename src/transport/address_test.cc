// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/address.h"

#include <gtest/gtest.h>

namespace zerok::transport {
namespace {

TEST(SocketAddressTest, RoundTripsBothFamilies) {
  for (const char* text : {"127.0.0.1:443", "0.0.0.0:0", "[::1]:65535", "[2001:db8::1]:1",
                           "[fe80::1%3]:4433", "[::ffff:192.0.2.1]:9"}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
}

TEST(SocketAddressTest, RefusesWhatIsNotANumericAddressWithAPort) {
  for (const char* text : {"",
                           ":",
                           "1:",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:080",
                           "127.0.0.1: 80",
                           "localhost:80",
                           "::1:80",
                           "[::1]",
                           "[::1]:x",
                           "[]:80",
                           "[::1%]:80",
                           "[::1%eth0]:80",
                           "[127.0.0.1]:80",
                           "1.2.3:80",
                           "1.2.3.4.5:80",
                           "127.0.0.1%3:80"}) {
    EXPECT_FALSE(SocketAddress::parse(text)) << text;
  }
  EXPECT_FALSE(SocketAddress::parse("[" + std::string(5000, 'a') + "]:80"));
}

TEST(SocketAddressTest, KnowsWildcardsAndSizes) {
  EXPECT_TRUE(SocketAddress::parse("0.0.0.0:5")->is_wildcard());
  EXPECT_TRUE(SocketAddress::parse("[::]:5")->is_wildcard());
  EXPECT_FALSE(SocketAddress::parse("127.0.0.1:5")->is_wildcard());
  EXPECT_EQ(SocketAddress::parse("[::]:5")->address().size(), 16u);
  EXPECT_EQ(SocketAddress::parse("127.0.0.1:5")->address().size(), 4u);
  EXPECT_EQ(SocketAddress::parse("127.0.0.1:5")->with_port(6).port(), 6);
}

}  // namespace
}  // namespace zerok::transport
