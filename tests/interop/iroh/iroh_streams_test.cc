// SPDX-License-Identifier: MIT OR Apache-2.0
// Streams to and from iroh: large ones, many at once, both kinds, and ones that are abandoned.
#include <gmock/gmock.h>

#include "base/system_clock.h"
#include "tests/interop/iroh/interop_world.h"

namespace zerok::interop {
namespace {

constexpr std::size_t kLarge = 4 * 1024 * 1024;
// More than either side lets the other have open at once, so both must wait for more credit.
constexpr std::uint64_t kMany = 300;

std::string family_name(const testing::TestParamInfo<AddressFamily>& info) {
  return info.param == AddressFamily::kIpv4 ? "Ipv4" : "Ipv6";
}

class IrohStreamsTest : public IrohInterop {};

INSTANTIATE_TEST_SUITE_P(Loopback, IrohStreamsTest,
                         testing::Values(AddressFamily::kIpv4, AddressFamily::kIpv6), family_name);

TEST_P(IrohStreamsTest, StreamsEchoInBothDirectionsWhenWeDialled) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours);
  ASSERT_TRUE(link);
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, 1, kLarge));
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, kMany, 5'000));
  EXPECT_TRUE(iroh_sends(*link, 1, kLarge));
  EXPECT_TRUE(iroh_sends(*link, kMany, 5'000));
}

TEST_P(IrohStreamsTest, StreamsEchoInBothDirectionsWhenIrohDialled) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = iroh_dials(*ours);
  ASSERT_TRUE(link);
  ask("serve", {{"conn", link->iroh}});
  EXPECT_TRUE(iroh_sends(*link, 1, kLarge));
  EXPECT_TRUE(iroh_sends(*link, kMany, 5'000));
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, 1, kLarge));
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, kMany, 5'000));
}

TEST_P(IrohStreamsTest, UnidirectionalStreamsArriveWhole) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours);
  ASSERT_TRUE(link);
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kUnidirectional, 1, 1'000'000));

  OurSide* other = add_ours({}, 2);
  ASSERT_TRUE(other);
  const auto back = iroh_dials(*other);
  ASSERT_TRUE(back);
  const Json sent = ask("echo_uni", {{"conn", back->iroh}, {"size", 1'000'000}});
  EXPECT_EQ(sent.value("bytes", 0), 1'000'000) << sent.dump();
}

TEST_P(IrohStreamsTest, StreamsGoOnAfterOurKeyUpdates) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  for (const bool we_dial : {true, false}) {
    const auto link = we_dial ? dial_iroh(*ours) : iroh_dials(*ours);
    ASSERT_TRUE(link);
    // A key has to serve for a while, and with traffic, before the next one may follow (RFC 9001
    // section 6.1).
    int updates = 0;
    for (int tries = 0; updates < 3 && tries < 100; ++tries) {
      if (ours->transport().update_keys(link->ours, monotonic_now())) ++updates;
      ASSERT_TRUE(iroh_sends(*link, 1, 20'000));
      run_for(20ms);
    }
    EXPECT_EQ(updates, 3);
  }
}

TEST_P(IrohStreamsTest, AnEmptyStreamIsEchoedAsAnEmptyStream) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours);
  ASSERT_TRUE(link);
  EXPECT_TRUE(we_send(*ours, *link, StreamKind::kBidirectional, 1, 0));
  EXPECT_TRUE(iroh_sends(*link, 1, 0));
}

TEST_P(IrohStreamsTest, WeSeeTheCodeOfAStreamThatIrohAbandons) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours);
  ASSERT_TRUE(link);
  ask("reset_stream", {{"conn", link->iroh}, {"code", 91}});
  ASSERT_TRUE(run_until([&] { return ours->seen(Event::Kind::kStreamReset).has_value(); }, 5s));
  EXPECT_EQ(ours->seen(Event::Kind::kStreamReset)->code, 91U);
  EXPECT_TRUE(iroh_sends(*link, 1, 1'000)) << "other streams go on";
}

TEST_P(IrohStreamsTest, WeSeeAtTheNextWriteThatIrohStoppedReading) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours, false);
  ASSERT_TRUE(link);
  const int stopping = iroh().start("stop_next_stream", {{"conn", link->iroh}, {"code", 92}});
  const auto stream = ours->transport().open_stream(link->ours, StreamKind::kBidirectional);
  ASSERT_TRUE(stream);
  ASSERT_TRUE(ours->transport().write(link->ours, *stream, as_bytes("hello"), false));
  EXPECT_TRUE(answer(stopping).value("ok", false));
  run_for(100ms);
  ours->transport().write(link->ours, *stream, as_bytes("more"), false).value_or(0);
  ASSERT_TRUE(run_until([&] { return ours->seen(Event::Kind::kStreamStopped).has_value(); }, 5s));
  // ngtcp2 1.11 does not hand the code on.
  EXPECT_THAT(ours->seen(Event::Kind::kStreamStopped)->code, testing::AnyOf(0U, 92U));
}

TEST_P(IrohStreamsTest, IrohSeesTheCodesWithWhichWeAbandonAStream) {
  OurSide* ours = add_ours();
  ASSERT_TRUE(ours);
  const auto link = dial_iroh(*ours, false);
  ASSERT_TRUE(link);
  const int watching = iroh().start("watch_next_stream", {{"conn", link->iroh}});
  const auto stream = ours->transport().open_stream(link->ours, StreamKind::kBidirectional);
  ASSERT_TRUE(stream);
  ASSERT_TRUE(ours->transport().write(link->ours, *stream, as_bytes("hello"), false));
  run_for(100ms);
  ours->transport().reset_stream(link->ours, *stream, 93);
  ours->transport().stop_reading(link->ours, *stream, 94);
  const Json seen = answer(watching);
  EXPECT_EQ(seen.value("reset", -1), 93) << seen.dump();
  EXPECT_EQ(seen.value("stopped", -1), 94) << seen.dump();
}

}  // namespace
}  // namespace zerok::interop
