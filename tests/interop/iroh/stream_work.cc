// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tests/interop/iroh/stream_work.h"

#include <algorithm>

namespace zerok::interop {
namespace {

using transport::ConnectionId;
using transport::StreamId;
using transport::StreamKind;

constexpr std::size_t kChunk = 16 * 1024;

// RFC 9000 section 2.1.
bool is_unidirectional(StreamId stream) { return (static_cast<std::uint64_t>(stream) & 2) != 0; }

}  // namespace

std::uint8_t pattern_byte(std::uint64_t stream_number, std::uint64_t position) {
  return static_cast<std::uint8_t>(position * 131 + (position >> 8) * 17 + stream_number * 29 + 7);
}

void StreamWork::send_patterns(ConnectionId connection, StreamKind kind, std::uint64_t streams,
                               std::size_t size) {
  for (std::uint64_t number = 0; number < streams; ++number) {
    works_.push_back({.connection = connection,
                      .kind = kind,
                      .echo = false,
                      .number = number,
                      .size = size,
                      .in = {},
                      .out = {},
                      .held = {}});
    ++patterns_open_;
  }
}

void StreamWork::forget(ConnectionId connection) {
  works_.remove_if([&](const Work& work) { return work.connection == connection; });
}

void StreamWork::on_stream_opened(ConnectionId connection, StreamId stream) {
  const auto kind =
      is_unidirectional(stream) ? StreamKind::kUnidirectional : StreamKind::kBidirectional;
  if (kind == StreamKind::kUnidirectional) {
    const auto waiting = std::find_if(works_.begin(), works_.end(), [&](const Work& work) {
      return !work.echo && work.kind == kind && work.connection == connection && !work.in;
    });
    if (waiting != works_.end()) {
      waiting->in = stream;
      return;
    }
  }
  Work work{
      .connection = connection, .kind = kind, .echo = true, .in = stream, .out = {}, .held = {}};
  if (kind == StreamKind::kBidirectional) work.out = stream;
  works_.push_back(std::move(work));
}

void StreamWork::step() {
  works_.remove_if([&](Work& work) { return !step_one(work); });
}

bool StreamWork::step_one(Work& work) {
  const Result<void> done = [&]() -> Result<void> {
    if (!work.out) {
      ZEROK_TRY_VOID(open(work));
    }
    if (work.echo) return echo(work);
    ZEROK_TRY_VOID(send_pattern(work));
    return check_pattern(work);
  }();
  if (!done && done.error().code == ErrorCode::kWouldBlock) return true;
  const bool over = work.in_ended && work.out_ended;
  if (work.echo) return done.has_value() && !over;
  if (!done) failed_ = true;
  if (!done || over) --patterns_open_;
  return done.has_value() && !over;
}

Result<void> StreamWork::open(Work& work) {
  ZEROK_TRY(const StreamId stream, transport_.open_stream(work.connection, work.kind));
  work.out = stream;
  if (work.kind == StreamKind::kBidirectional) work.in = stream;
  return {};
}

Result<void> StreamWork::send_pattern(Work& work) {
  while (!work.out_ended) {
    ByteArray<kChunk> chunk;
    const std::size_t size = std::min<std::size_t>(kChunk, work.size - work.sent);
    for (std::size_t i = 0; i < size; ++i) chunk[i] = pattern_byte(work.number, work.sent + i);
    const bool last = work.sent + size == work.size;
    ZEROK_TRY(const std::size_t taken,
              transport_.write(work.connection, *work.out, ByteView(chunk.data(), size), last));
    work.sent += taken;
    if (taken < size) return {};
    work.out_ended = last;
  }
  return {};
}

Result<void> StreamWork::check_pattern(Work& work) {
  while (work.in && !work.in_ended) {
    ByteArray<kChunk> chunk;
    ZEROK_TRY(const auto got, transport_.read(work.connection, *work.in, chunk));
    for (std::size_t i = 0; i < got.size; ++i) {
      if (chunk[i] != pattern_byte(work.number, work.received + i)) {
        return fail(ErrorCode::kMalformed, "the peer echoed another byte");
      }
    }
    work.received += got.size;
    pattern_bytes_back_ += got.size;
    work.in_ended = got.fin;
    if (got.fin && work.received != work.size) {
      return fail(ErrorCode::kTruncated, "the peer echoed fewer or more bytes");
    }
    if (got.size == 0) break;
  }
  return {};
}

Result<void> StreamWork::echo(Work& work) {
  for (;;) {
    if (work.held.empty() && !work.in_ended) {
      work.held.resize(kChunk);
      const auto got = transport_.read(work.connection, *work.in, work.held);
      work.held.resize(got ? got->size : 0);
      if (!got) return std::unexpected(got.error());
      work.in_ended = got->fin;
    }
    if (work.held.empty() && !work.in_ended) return {};
    ZEROK_TRY(const std::size_t taken,
              transport_.write(work.connection, *work.out, work.held, work.in_ended));
    const bool all = taken == work.held.size();
    work.held.erase(work.held.begin(), work.held.begin() + static_cast<std::ptrdiff_t>(taken));
    if (!all) return {};
    if (work.in_ended) {
      work.out_ended = true;
      return {};
    }
  }
}

}  // namespace zerok::interop
