// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tests/interop/clatter/peer_process.h"

#include <csignal>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace zerok::interop {
namespace {

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

PeerProcess::PeerProcess(const std::string& program, const std::vector<std::string>& arguments,
                         std::chrono::seconds time_limit)
    : deadline_(Clock::now() + time_limit) {
  // A child that has exited must show as a failed write, not end this program.
  std::signal(SIGPIPE, SIG_IGN);
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0) return;
  if (::pipe2(out, O_CLOEXEC) != 0) {
    close_fd(in[0]);
    close_fd(in[1]);
    return;
  }
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  if (::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ) != 0) {
    pid_ = -1;
  }
  ::posix_spawn_file_actions_destroy(&actions);
  close_fd(in[0]);
  close_fd(out[1]);
  to_child_ = in[1];
  from_child_ = out[0];
  ::fcntl(to_child_, F_SETFL, O_NONBLOCK);
}

PeerProcess::~PeerProcess() {
  close_fd(to_child_);
  close_fd(from_child_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

bool PeerProcess::wait_for(int fd, short events) const {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
  if (fd < 0 || left <= 0) return false;
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, static_cast<int>(left)) == 1;
}

bool PeerProcess::write_raw(ByteView bytes) {
  while (!bytes.empty()) {
    if (!wait_for(to_child_, POLLOUT)) return false;
    const auto written = ::write(to_child_, bytes.data(), bytes.size());
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

bool PeerProcess::write_frame(ByteView frame) {
  ByteArray<2> length;
  store_be16(length, static_cast<std::uint16_t>(frame.size()));
  return write_raw(length) && write_raw(frame);
}

bool PeerProcess::read_exactly(MutableByteView out) {
  while (!out.empty()) {
    if (!wait_for(from_child_, POLLIN)) return false;
    const auto got = ::read(from_child_, out.data(), out.size());
    if (got <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

std::optional<Bytes> PeerProcess::read_frame() {
  ByteArray<2> length;
  if (!read_exactly(length)) return std::nullopt;
  Bytes frame(load_be16(length));
  if (!read_exactly(frame)) return std::nullopt;
  return frame;
}

void PeerProcess::close_input() { close_fd(to_child_); }

std::optional<int> PeerProcess::wait() {
  while (pid_ > 0 && Clock::now() < deadline_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      if (!WIFEXITED(status)) return std::nullopt;
      return WEXITSTATUS(status);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return std::nullopt;
}

}  // namespace zerok::interop
