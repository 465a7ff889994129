// SPDX-License-Identifier: MIT OR Apache-2.0
// A minute in which nobody sends anything: longer than both ends' idle timeout of 30 s. One test
// holds a connection of every direction and address family, so that the minute is spent once.
#include "base/system_clock.h"
#include "tests/interop/iroh/interop_world.h"

namespace zerok::interop {
namespace {

class IrohIdleTest : public IrohInterop {};

INSTANTIATE_TEST_SUITE_P(Loopback, IrohIdleTest, testing::Values(AddressFamily::kIpv6),
                         [](const auto&) { return "BothFamilies"; });

TEST_P(IrohIdleTest, ConnectionsOfBothDirectionsLiveThroughAMinuteOfSilence) {
  QuicConfig with_keep_alive;
  with_keep_alive.keep_alive = 10s;
  OurSide* dialler = add_ours(with_keep_alive, 1);
  OurSide* listener_v6 = add_ours({}, 2);
  OurSide* listener_v4 = add_ours_at(SocketAddress::ipv4({127, 0, 0, 1}, 0), {}, 3);
  ASSERT_TRUE(dialler && listener_v6 && listener_v4);
  const auto dialled = dial_iroh(*dialler);
  const auto accepted_v6 = iroh_dials(*listener_v6);
  const auto accepted_v4 = iroh_dials(*listener_v4);
  ASSERT_TRUE(dialled && accepted_v6 && accepted_v4);

  run_for(60s);

  for (OurSide* ours : {dialler, listener_v6, listener_v4}) {
    const auto closed = ours->seen(Event::Kind::kClosed);
    EXPECT_FALSE(closed) << closed->error.text.view();
  }
  EXPECT_TRUE(we_send(*dialler, *dialled, StreamKind::kBidirectional, 1, 10'000));
  EXPECT_TRUE(iroh_sends(*accepted_v6, 1, 10'000));
  EXPECT_TRUE(iroh_sends(*accepted_v4, 1, 10'000));
}

}  // namespace
}  // namespace zerok::interop
