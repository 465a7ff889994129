// SPDX-License-Identifier: MIT OR Apache-2.0
// Connecting to iroh and being dialled by it: who is let in, who is not, and how it ends.
#include "base/system_clock.h"
#include "tests/interop/iroh/interop_world.h"

namespace zerok::interop {
namespace {

std::string family_name(const testing::TestParamInfo<AddressFamily>& info) {
  return info.param == AddressFamily::kIpv4 ? "Ipv4" : "Ipv6";
}

class IrohConnectTest : public IrohInterop {
 protected:
  // Dials iroh and waits for the end of the attempt.
  std::optional<Event> dial_and_fail(OurSide& ours, const EndpointId& expected) {
    const auto dialled = ours.transport().dial(iroh_address(), expected, monotonic_now());
    EXPECT_TRUE(dialled);
    if (!dialled) return std::nullopt;
    run_until([&] { return ours.seen(Event::Kind::kClosed, *dialled).has_value(); }, 8s);
    EXPECT_FALSE(ours.seen(Event::Kind::kConnected, *dialled));
    return ours.seen(Event::Kind::kClosed, *dialled);
  }

  Json connect_request(const OurSide& ours, const std::string& peer, const std::string& alpn) {
    return {
        {"endpoint", 0}, {"peer", peer}, {"address", ours.address().to_string()}, {"alpn", alpn}};
  }
};

INSTANTIATE_TEST_SUITE_P(Loopback, IrohConnectTest,
                         testing::Values(AddressFamily::kIpv4, AddressFamily::kIpv6), family_name);

TEST_P(IrohConnectTest, BothProveTheirKeysAndAgreeOnTheProtocolWhenWeDial) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  EXPECT_TRUE(dial_iroh(*ours));
}

TEST_P(IrohConnectTest, BothProveTheirKeysAndAgreeOnTheProtocolWhenIrohDials) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  EXPECT_TRUE(iroh_dials(*ours));
}

TEST_P(IrohConnectTest, IrohReachesAWildcardAddressOfOurs) {
  // One IPv6 wildcard socket serves both families.
  OurSide* ours = add_ours_at(SocketAddress::ipv6({}, 0), {});
  ASSERT_TRUE(ours);
  const auto link = iroh_dials(*ours, loopback().with_port(ours->address().port()));
  ASSERT_TRUE(link);
  EXPECT_TRUE(iroh_sends(*link, 1, 100'000));
  EXPECT_EQ(ours->transport().stats(link->ours)->remote, iroh_address());
}

TEST_P(IrohConnectTest, OurDialEndsAsWrongPeerWhenIrohProvesAnotherKey) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const int accepted = iroh().start("next_connection", {{"endpoint", 0}});
  const auto closed = dial_and_fail(*ours, ours->transport().local_id());
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->error.code, ErrorCode::kWrongPeer) << closed->error.text.view();
  const Json theirs = answer(accepted);
  EXPECT_FALSE(theirs.value("ok", true)) << theirs.dump();
}

TEST_P(IrohConnectTest, IrohsDialFailsWhenWeProveAnotherKey) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  OurSide* other = add_ours({}, 2);
  ASSERT_TRUE(other);
  const Json theirs = ask("connect", connect_request(*ours, other->id_hex(), kAlpn));
  EXPECT_FALSE(theirs.value("ok", true)) << theirs.dump();
  run_for(200ms);
  EXPECT_FALSE(ours->seen(Event::Kind::kAccepted));
  EXPECT_FALSE(other->seen(Event::Kind::kAccepted));
}

TEST_P(IrohConnectTest, IrohRefusesAProtocolItDoesNotKnow) {
  QuicConfig config;
  config.alpn = "/another/1";
  OurSide* ours = add_ours(config);
  ASSERT_TRUE(ours);
  const int accepted = iroh().start("next_connection", {{"endpoint", 0}});
  const auto closed = dial_and_fail(*ours, iroh_id());
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->error.code, ErrorCode::kUnsupported) << closed->error.text.view();
  EXPECT_FALSE(answer(accepted).value("ok", true));
}

TEST_P(IrohConnectTest, WeRefuseAProtocolOfIrohsThatWeDoNotKnow) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const Json theirs = ask("connect", connect_request(*ours, ours->id_hex(), "/another/1"));
  EXPECT_FALSE(theirs.value("ok", true)) << theirs.dump();
  // TLS alert no_application_protocol (RFC 7301 section 3.2).
  EXPECT_NE(theirs.value("error", "").find("error 120"), std::string::npos) << theirs.dump();
  run_for(200ms);
  EXPECT_FALSE(ours->seen(Event::Kind::kAccepted));
}

TEST_P(IrohConnectTest, OurDialEndsWhenIrohRefusesConnections) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const int refused = iroh().start("refuse_next", {{"endpoint", 0}});
  const auto closed = dial_and_fail(*ours, iroh_id());
  ASSERT_TRUE(closed);
  EXPECT_NE(closed->error.code, ErrorCode::kTimedOut) << closed->error.text.view();
  EXPECT_TRUE(answer(refused).value("ok", false));
}

TEST_P(IrohConnectTest, IrohFollowsOurRetry) {
  QuicConfig config;
  config.retry = transport::RetryPolicy::kAlways;
  OurSide* ours = add_ours(config);
  ASSERT_TRUE(ours);
  UdpForwarder* forwarder = add_forwarder(ours->address());
  const auto link = iroh_dials(*ours, forwarder->address());
  ASSERT_TRUE(link);
  EXPECT_EQ(forwarder->retries_seen(), 1);
  EXPECT_TRUE(iroh_sends(*link, 1, 10'000));
}

TEST_P(IrohConnectTest, WeFollowIrohsRetry) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const int accepted =
      iroh().start("next_connection", {{"endpoint", 0}, {"retry", true}, {"echo", true}});
  const auto dialled = ours->transport().dial(iroh_address(), iroh_id(), monotonic_now());
  ASSERT_TRUE(dialled);
  EXPECT_TRUE(run_until([&] { return ours->seen(Event::Kind::kConnected).has_value(); }, 5s));
  const Json theirs = answer(accepted);
  EXPECT_TRUE(theirs.value("validated", false)) << theirs.dump();
  EXPECT_TRUE(we_send(*ours, {*dialled, 0}, StreamKind::kBidirectional, 1, 10'000));
}

TEST_P(IrohConnectTest, WeSeeTheCodeIrohClosesWith) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  for (const bool we_dial : {true, false}) {
    const auto link = we_dial ? dial_iroh(*ours) : iroh_dials(*ours);
    ASSERT_TRUE(link);
    ask("close", {{"conn", link->iroh}, {"code", 4711}, {"reason", "done"}});
    ASSERT_TRUE(
        run_until([&] { return ours->seen(Event::Kind::kClosed, link->ours).has_value(); }, 5s));
    const auto closed = ours->seen(Event::Kind::kClosed, link->ours);
    EXPECT_EQ(closed->error.code, ErrorCode::kClosed) << closed->error.text.view();
    EXPECT_EQ(closed->code, 4711U);
  }
}

TEST_P(IrohConnectTest, IrohSeesTheCodeWeCloseWith) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  for (const bool we_dial : {true, false}) {
    const auto link = we_dial ? dial_iroh(*ours) : iroh_dials(*ours);
    ASSERT_TRUE(link);
    const int watching = iroh().start("closed", {{"conn", link->iroh}});
    ours->transport().close(link->ours, 0x1234567);
    const std::string reason = answer(watching).value("reason", "");
    EXPECT_EQ(reason, "closed by peer: 19088743") << reason;
  }
}

TEST_P(IrohConnectTest, ClosingAnIrohEndpointEndsOurConnectionAtOnce) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours);
  ASSERT_TRUE(link);
  iroh().start("close_endpoint", {{"endpoint", 0}});
  ASSERT_TRUE(
      run_until([&] { return ours->seen(Event::Kind::kClosed, link->ours).has_value(); }, 5s));
  EXPECT_EQ(ours->seen(Event::Kind::kClosed)->error.code, ErrorCode::kClosed);
}

}  // namespace
}  // namespace zerok::interop
