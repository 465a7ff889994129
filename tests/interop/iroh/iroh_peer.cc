// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tests/interop/iroh/iroh_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <vector>

namespace zerok::interop {
namespace {

constexpr std::size_t kLineBytesMax = 64 * 1024;

// The caller's environment without the two variables that put a stack trace into every iroh error.
std::vector<std::string> peer_environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    if (variable.starts_with("RUST_BACKTRACE=") || variable.starts_with("RUST_LIB_BACKTRACE=")) {
      continue;
    }
    variables.push_back(variable);
  }
  variables.emplace_back("RUST_BACKTRACE=0");
  return variables;
}

void close_fd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

std::string iroh_missing_reason() {
  std::ifstream status(ZEROK_IROH_PEER_DIR "/status");
  std::string line;
  if (!std::getline(status, line)) return "the iroh peer was not built";
  return line == "ready" ? "" : line;
}

IrohPeer::IrohPeer() {
  std::array<int, 2> down{-1, -1};
  std::array<int, 2> up{-1, -1};
  if (pipe2(down.data(), O_CLOEXEC) != 0 || pipe2(up.data(), O_CLOEXEC) != 0) return;

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, down[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, up[1], STDOUT_FILENO);

  std::string node = ZEROK_NODE;
  std::string script = ZEROK_IROH_PEER_DIR "/peer.mjs";
  std::array<char*, 3> arguments{node.data(), script.data(), nullptr};
  std::vector<std::string> variables = peer_environment();
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);

  if (posix_spawn(&pid_, node.c_str(), &actions, nullptr, arguments.data(), environment.data()) !=
      0) {
    pid_ = -1;
  }
  posix_spawn_file_actions_destroy(&actions);
  close_fd(down[0]);
  close_fd(up[1]);
  to_peer_ = down[1];
  from_peer_ = up[0];
  fcntl(from_peer_, F_SETFL, O_NONBLOCK);
  // A dead peer must be an error of write(), not a signal that ends the test.
  signal(SIGPIPE, SIG_IGN);
}

IrohPeer::~IrohPeer() { kill_now(); }

void IrohPeer::kill_now() {
  close_fd(to_peer_);
  close_fd(from_peer_);
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

int IrohPeer::start(const std::string& command, Json arguments) {
  const int request = ++last_request_;
  arguments["id"] = request;
  arguments["do"] = command;
  const std::string line = arguments.dump() + "\n";
  // Requests are far smaller than a pipe's buffer, so this does not block.
  if (to_peer_ < 0 || write(to_peer_, line.data(), line.size()) != ssize_t(line.size())) {
    replies_[request] = {{"ok", false}, {"error", "the iroh process has ended"}};
  }
  return request;
}

void IrohPeer::poll() {
  std::array<char, 16384> buffer;
  while (from_peer_ >= 0) {
    const ssize_t size = read(from_peer_, buffer.data(), buffer.size());
    if (size > 0) {
      partial_.append(buffer.data(), std::size_t(size));
      take_lines();
      if (partial_.size() > kLineBytesMax) close_fd(from_peer_);
    } else if (size == 0) {
      close_fd(from_peer_);
    } else if (errno != EINTR) {
      return;
    }
  }
}

void IrohPeer::take_lines() {
  for (std::size_t end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
    Json reply = Json::parse(partial_.substr(0, end), nullptr, false);
    partial_.erase(0, end + 1);
    if (!reply.is_object()) continue;
    const int request = reply.value("id", 0);
    replies_[request] = std::move(reply);
  }
}

std::optional<Json> IrohPeer::take_reply(int request) {
  const auto found = replies_.find(request);
  if (found == replies_.end()) return std::nullopt;
  Json reply = std::move(found->second);
  replies_.erase(found);
  return reply;
}

}  // namespace zerok::interop
