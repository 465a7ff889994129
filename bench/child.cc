// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench/child.h"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

extern char** environ;

namespace zerok::bench {
namespace {

std::unexpected<Error> broken() {
  return fail(ErrorCode::kInternal, "the other process does not answer");
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(std::vector<std::string> arguments) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return broken();
  std::unique_ptr<Child> child(new Child(ends[0]));
  std::error_code error;
  std::string program = std::filesystem::read_symlink("/proc/self/exe", error);
  std::vector<char*> argv{program.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // Standard input is the child's end of the pair; what comes from adddup2 survives exec.
  posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
  const int rv =
      ::posix_spawn(&child->pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (rv != 0) return broken();
  return child;
}

Child::~Child() {
  ::close(socket_);
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

Result<void> Child::read_bytes(void* out, std::size_t size) {
  if (::recv(socket_, out, size, MSG_WAITALL) != static_cast<ssize_t>(size)) return broken();
  return {};
}

Result<void> Child::send_question() {
  if (::send(socket_, "?", 1, MSG_NOSIGNAL) != 1) return broken();
  return {};
}

bool send_to_parent(int socket, const void* bytes, std::size_t size) {
  return ::send(socket, bytes, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

Asked asked_by_parent(int socket) {
  char question = 0;
  const auto asked = ::recv(socket, &question, 1, MSG_DONTWAIT);
  if (asked == 0) return Asked::kEnd;
  return asked < 0 ? Asked::kNothing : Asked::kQuestion;
}

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace zerok::bench
