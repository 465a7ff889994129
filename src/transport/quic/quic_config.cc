// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/quic_config.h"

namespace zerok::transport {
namespace {

template <typename T>
bool within(T value, T low, T high) {
  return value >= low && value <= high;
}

}  // namespace

Result<void> QuicConfig::validate() const {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  using std::chrono::seconds;
  if (!within<std::size_t>(alpn.size(), 1, 255)) {
    return fail(ErrorCode::kInvalidArgument, "the ALPN is not 1 to 255 bytes");
  }
  if (!within<Duration>(idle_timeout, seconds(1), hours(1)) ||
      !within<Duration>(handshake_timeout, milliseconds(100), minutes(10)) ||
      !within<Duration>(keep_alive, Duration::zero(), hours(1))) {
    return fail(ErrorCode::kInvalidArgument, "a QUIC timeout is out of its range");
  }
  constexpr std::uint64_t kWindowMax = 1ULL << 30;
  if (!within<std::uint64_t>(stream_receive_window, 1'024, kWindowMax) ||
      !within<std::uint64_t>(connection_receive_window, 1'024, kWindowMax) ||
      !within<std::uint64_t>(stream_send_buffer, 1'024, kWindowMax) ||
      !within<std::uint64_t>(connection_send_buffer, 1'024, kWindowMax)) {
    return fail(ErrorCode::kInvalidArgument, "a QUIC window or buffer is out of its range");
  }
  if (streams_bidi_max > 65'536 || streams_uni_max > 65'536) {
    return fail(ErrorCode::kInvalidArgument, "more than 65,536 streams per kind");
  }
  if (!within<std::size_t>(udp_payload_max, 1'200, 65'000)) {
    return fail(ErrorCode::kInvalidArgument, "the UDP payload is not 1,200 to 65,000 bytes");
  }
  return {};
}

}  // namespace zerok::transport
