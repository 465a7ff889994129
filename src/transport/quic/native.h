// SPDX-License-Identifier: MIT OR Apache-2.0
// Small conversions between our values and ngtcp2's. For this folder's .cc files only: it is the
// one header that shows ngtcp2's types.
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <sys/socket.h>

#include "base/time.h"
#include "transport/quic/cid.h"
#include "transport/quic/path.h"

namespace zerok::transport {

inline ngtcp2_cid to_native(const Cid& cid) {
  ngtcp2_cid out;
  ngtcp2_cid_init(&out, cid.bytes().data(), cid.size());
  return out;
}

inline Cid from_native(const ngtcp2_cid& cid) { return Cid(ByteView(cid.data, cid.datalen)); }

// A path with the storage behind it; ngtcp2 copies what it keeps.
class NativePath {
 public:
  explicit NativePath(const Path& path) {
    path_.local = {reinterpret_cast<sockaddr*>(&local_), to_native(path.local, local_)};
    path_.remote = {reinterpret_cast<sockaddr*>(&remote_), to_native(path.remote, remote_)};
    path_.user_data = nullptr;
  }
  NativePath(const NativePath&) = delete;
  NativePath& operator=(const NativePath&) = delete;
  const ngtcp2_path* get() const { return &path_; }

 private:
  sockaddr_storage local_;
  sockaddr_storage remote_;
  ngtcp2_path path_;
};

inline Path from_native(const ngtcp2_path& path) {
  return {from_native(path.local.addr), from_native(path.remote.addr)};
}

// ngtcp2 counts from zero and subtracts freely; ours may start at zero, so it is told a later time.
inline constexpr Duration kTimestampOffset = std::chrono::hours(1);

inline Instant from_timestamp(ngtcp2_tstamp at) {
  const auto offset = static_cast<ngtcp2_tstamp>(kTimestampOffset.count());
  if (at >= static_cast<ngtcp2_tstamp>(kNever.time_since_epoch().count())) return kNever;
  return Instant(Duration(static_cast<Duration::rep>(at < offset ? 0 : at - offset)));
}

}  // namespace zerok::transport
