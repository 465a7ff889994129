// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/stream_buffers.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/rng.h"

namespace zerok::transport {
namespace {

TEST(StreamBuffersTest, AReceiveQueueGivesBackWhatWasPutInByAnyPieces) {
  DeterministicRng rng(1);
  ReceiveQueue queue;
  Bytes in;
  Bytes out;
  for (int i = 0; i < 2'000; ++i) {
    Bytes piece(rng.below(3'000));
    rng.fill(piece);
    queue.push(piece);
    in.insert(in.end(), piece.begin(), piece.end());
    Bytes buffer(rng.below(4'000));
    const std::size_t n = queue.read(buffer);
    EXPECT_TRUE(n == buffer.size() || queue.size() == 0);
    out.insert(out.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_EQ(queue.size(), in.size() - out.size());
  }
  Bytes rest(queue.size());
  EXPECT_EQ(queue.read(rest), rest.size());
  out.insert(out.end(), rest.begin(), rest.end());
  EXPECT_TRUE(in == out);
}

TEST(StreamBuffersTest, ASendBufferKeepsSentBytesInPlaceUntilTheyAreAcknowledged) {
  DeterministicRng rng(2);
  SendBuffer buffer;
  Bytes written;
  std::size_t sent = 0;
  std::size_t acknowledged = 0;
  struct Packet {
    const std::uint8_t* at;
    std::size_t offset;
    std::size_t size;
  };
  std::deque<Packet> in_flight;
  for (int i = 0; i < 20'000; ++i) {
    switch (rng.below(3)) {
      case 0: {
        Bytes piece(rng.below(5'000));
        rng.fill(piece);
        buffer.push(piece);
        written.insert(written.end(), piece.begin(), piece.end());
        break;
      }
      case 1: {
        const SendBuffer::Pieces pieces = buffer.unsent(1 + rng.below(3'000));
        EXPECT_EQ(pieces.count == 0, sent == written.size());
        std::size_t n = 0;
        for (std::size_t p = 0; p < pieces.count; ++p) {
          in_flight.push_back({pieces.piece[p].data(), sent + n, pieces.piece[p].size()});
          n += pieces.piece[p].size();
        }
        buffer.mark_sent(n);
        sent += n;
        break;
      }
      default:
        // Everything in flight must still be where it was.
        for (const Packet& packet : in_flight) {
          ASSERT_TRUE(std::equal(packet.at, packet.at + packet.size,
                                 written.begin() + static_cast<std::ptrdiff_t>(packet.offset)));
        }
        if (in_flight.empty()) break;
        acknowledged = in_flight.front().offset + in_flight.front().size;
        in_flight.pop_front();
        buffer.acknowledge(acknowledged);
    }
    ASSERT_EQ(buffer.size(), written.size() - acknowledged);
    ASSERT_EQ(buffer.unsent_size(), written.size() - sent);
  }
  EXPECT_GT(acknowledged, 1'000'000U);
}

}  // namespace
}  // namespace zerok::transport
