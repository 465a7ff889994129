// SPDX-License-Identifier: MIT OR Apache-2.0
// IrohPeer: an iroh endpoint in its own node process (peer.mjs), driven by JSON lines over two
// pipes. Nothing here blocks: start() sends a request, poll() takes in what has been answered. The
// process is killed by its pid and reaped in the destructor; it also ends by itself when its stdin
// does, so a test that dies leaves nothing behind.
#pragma once

#include <sys/types.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace zerok::interop {

using Json = nlohmann::json;

// Why iroh can't run here (no node, no npm, the package could not be had); empty when it can.
std::string iroh_missing_reason();

class IrohPeer {
 public:
  IrohPeer();
  IrohPeer(const IrohPeer&) = delete;
  IrohPeer& operator=(const IrohPeer&) = delete;
  ~IrohPeer();

  bool running() const { return pid_ > 0; }
  // SIGKILL: no QUIC packet says goodbye.
  void kill_now();
  // Readable when an answer waits; -1 after the process ended.
  int fd() const { return from_peer_; }

  // Sends {"do": command, ...arguments} and returns the number its answer will carry.
  int start(const std::string& command, Json arguments = Json::object());
  void poll();
  // The answer to a request, once.
  std::optional<Json> take_reply(int request);

 private:
  void take_lines();

  pid_t pid_ = -1;
  int to_peer_ = -1;
  int from_peer_ = -1;
  int last_request_ = 0;
  std::string partial_;
  std::map<int, Json> replies_;
};

}  // namespace zerok::interop
