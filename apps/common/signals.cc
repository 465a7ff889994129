// SPDX-License-Identifier: MIT OR Apache-2.0
#include "common/signals.h"

#include <signal.h>

#include <atomic>
#include <cerrno>

namespace zerok::apps {
namespace {

// Lock-free, as a signal handler may use nothing else.
std::atomic<bool> stop{false};
std::atomic<transport::QuicTransport*> woken{nullptr};
static_assert(std::atomic<bool>::is_always_lock_free);
static_assert(std::atomic<transport::QuicTransport*>::is_always_lock_free);

void handle(int) {
  const int error = errno;
  stop.store(true);
  // One write to an eventfd, which a signal handler may do.
  if (auto* transport = woken.load()) transport->wake();
  errno = error;
}

}  // namespace

void stop_on_signals() {
  struct sigaction action{};
  action.sa_handler = handle;
  // Without SA_RESTART, so that a read from a terminal ends too.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return stop.load(); }

void wake_when_stopped(transport::QuicTransport* transport) { woken.store(transport); }

}  // namespace zerok::apps
