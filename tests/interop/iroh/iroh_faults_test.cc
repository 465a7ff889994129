// SPDX-License-Identifier: MIT OR Apache-2.0
// What happens to a connection with iroh when an address changes or one end is started anew.
#include "base/system_clock.h"
#include "tests/interop/iroh/interop_world.h"

namespace zerok::interop {
namespace {

constexpr const char* kIrohKey = "1111111111111111111111111111111111111111111111111111111111111111";

std::string family_name(const testing::TestParamInfo<AddressFamily>& info) {
  return info.param == AddressFamily::kIpv4 ? "Ipv4" : "Ipv6";
}

class IrohFaultsTest : public IrohInterop {};

INSTANTIATE_TEST_SUITE_P(Loopback, IrohFaultsTest,
                         testing::Values(AddressFamily::kIpv4, AddressFamily::kIpv6), family_name);

TEST_P(IrohFaultsTest, AConnectionSurvivesANewSourcePortOfOurs) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours);
  ASSERT_TRUE(link);
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, 1, 100'000));
  const SocketAddress before = ours->address();
  ASSERT_TRUE(ours->transport().rebind());
  EXPECT_NE(ours->address(), before);
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, 1, 1'000'000));
  EXPECT_TRUE(iroh_sends(*link, 1, 1'000'000));
}

TEST_P(IrohFaultsTest, AConnectionSurvivesANewSourcePortOfIrohs) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  UdpForwarder* forwarder = add_forwarder(ours->address());
  const auto link = iroh_dials(*ours, forwarder->address());
  ASSERT_TRUE(link);
  EXPECT_TRUE(iroh_sends(*link, 1, 100'000));
  forwarder->replace_upstream();
  EXPECT_TRUE(iroh_sends(*link, 1, 1'000'000));
  ASSERT_TRUE(run_until([&] { return ours->seen(Event::Kind::kPeerMoved).has_value(); }, 5s));
  EXPECT_EQ(ours->transport().stats(link->ours)->remote, forwarder->client_as_seen());
}

TEST_P(IrohFaultsTest, StreamsArriveWholeOverAPathThatLosesPackets) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  UdpForwarder* forwarder = add_forwarder(ours->address());
  const auto link = iroh_dials(*ours, forwarder->address());
  ASSERT_TRUE(link);
  ask("serve", {{"conn", link->iroh}});
  forwarder->lose_every(20);
  EXPECT_TRUE(iroh_sends(*link, 1, 1'000'000));
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, 20, 50'000));
  EXPECT_GT(forwarder->lost(), 50);
}

TEST_P(IrohFaultsTest, IrohNoticesOurRestartWithinSecondsByStatelessReset) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const SocketAddress address = ours->address();
  const auto link = iroh_dials(*ours);
  ASSERT_TRUE(link);
  EXPECT_TRUE(iroh_sends(*link, 1, 10'000));
  const int watching = iroh().start("closed", {{"conn", link->iroh}});

  // The new process has the same key, port and reset secret, and no memory of the connection.
  kill_ours(ours);
  run_for(100ms);
  ours = add_ours_at(address, {});
  ASSERT_TRUE(ours);
  const Instant restarted = monotonic_now();
  const std::string reason = answer(watching, 12s).value("reason", "");
  EXPECT_EQ(reason, "reset by peer");
  // iroh speaks up every 5 s even when idle; its idle timeout would be 30 s.
  EXPECT_LT(monotonic_now() - restarted, 8s);

  EXPECT_TRUE(iroh_dials(*ours)) << "and the new process takes new connections";
}

// iroh draws a new reset secret whenever an endpoint is bound, so its resets after a restart carry
// tokens nobody knows: they must be ignored, and our idle timeout must find the dead peer.
TEST_P(IrohFaultsTest, WeNoticeIrohsRestartByTheIdleTimeoutAndDialAgain) {
  ASSERT_TRUE(start_iroh(kIrohKey));
  QuicConfig config;
  config.idle_timeout = 3s;
  config.keep_alive = 1s;
  OurSide* ours = add_ours(config);
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours);
  ASSERT_TRUE(link);
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, 1, 10'000));

  ASSERT_TRUE(start_iroh(kIrohKey, iroh_address().port()));
  ASSERT_TRUE(
      run_until([&] { return ours->seen(Event::Kind::kClosed, link->ours).has_value(); }, 6s));
  EXPECT_EQ(ours->seen(Event::Kind::kClosed, link->ours)->error.code, ErrorCode::kTimedOut);

  const auto again = dial_iroh(*ours);
  ASSERT_TRUE(again);
  EXPECT_TRUE(we_send(*ours, *again, StreamKind::kBidirectional, 1, 10'000));
}

}  // namespace
}  // namespace zerok::interop
