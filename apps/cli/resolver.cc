// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

namespace zerok::apps {
namespace {

bool same(const client::RelayName& a, const client::RelayName& b) {
  return a.host == b.host && a.port == b.port;
}

std::vector<transport::SocketAddress> look_up(const client::RelayName& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (getaddrinfo(name.host.c_str(), std::to_string(name.port).c_str(), &hints, &found) != 0) {
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::vector<transport::SocketAddress> out;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      sockaddr_in in{};
      std::memcpy(&in, entry->ai_addr, sizeof(in));
      ByteArray<4> bytes;
      std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
      out.push_back(transport::SocketAddress::ipv4(bytes, name.port));
    } else if (entry->ai_family == AF_INET6) {
      sockaddr_in6 in6{};
      std::memcpy(&in6, entry->ai_addr, sizeof(in6));
      ByteArray<16> bytes;
      std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
      out.push_back(transport::SocketAddress::ipv6(bytes, name.port, in6.sin6_scope_id));
    }
  }
  return out;
}

}  // namespace

// Outlives the resolver while a look-up runs.
struct Resolver::Shared {
  Shared() : fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Shared() {
    if (fd >= 0) close(fd);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  void put(Answer answer) {
    const std::scoped_lock lock(mutex);
    answers.push_back(std::move(answer));
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(fd, &one, sizeof(one));
  }

  const int fd;
  std::mutex mutex;
  std::deque<Answer> answers;
};

Resolver::Resolver() : shared_(std::make_shared<Shared>()) {}
Resolver::~Resolver() = default;

int Resolver::fd() const { return shared_->fd; }

void Resolver::begin(const client::RelayName& name) {
  const auto is_it = [&](const client::RelayName& other) { return same(name, other); };
  if (std::ranges::any_of(under_way_, is_it)) return;
  under_way_.push_back(name);
  // Signals are for the main thread, whose sleep they end.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([shared = shared_, name] { shared->put({name, look_up(name)}); }).detach();
  } catch (const std::system_error&) {  // no thread to be had
    shared_->put({name, {}});
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::optional<Resolver::Answer> Resolver::poll() {
  const std::scoped_lock lock(shared_->mutex);
  if (shared_->answers.empty()) {
    std::uint64_t count;
    [[maybe_unused]] const auto size = read(shared_->fd, &count, sizeof(count));
    return std::nullopt;
  }
  Answer answer = std::move(shared_->answers.front());
  shared_->answers.pop_front();
  std::erase_if(under_way_,
                [&](const client::RelayName& other) { return same(answer.name, other); });
  return answer;
}

}  // namespace zerok::apps
