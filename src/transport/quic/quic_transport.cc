// SPDX-License-Identifier: MIT OR Apache-2.0
#include "transport/quic/quic_transport.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "base/system_clock.h"

namespace zerok::transport {
namespace {

// One step takes at most this many receives, so that timers and other work get their turn.
constexpr int kReceivesPerStep = 8;

std::unexpected<Error> system_error(int code) {
  return fail(ErrorCode::kIo, "the system refused an event descriptor", code);
}

}  // namespace

Result<std::unique_ptr<QuicTransport>> QuicTransport::create(const QuicConfig& config,
                                                             const Secret<32>& identity_seed,
                                                             const Secret<32>& reset_secret,
                                                             const SocketAddress& bind, Rng& rng) {
  ZEROK_TRY_VOID(config.validate());
  ZEROK_TRY(auto identity, TlsIdentity::create(identity_seed));
  ZEROK_TRY(auto socket, UdpSocket::bind(bind, config));
  std::unique_ptr<QuicTransport> transport(
      new QuicTransport(config, std::move(identity), reset_secret, rng, std::move(socket)));
  ZEROK_TRY_VOID(transport->watch());
  return transport;
}

QuicTransport::QuicTransport(const QuicConfig& config, std::unique_ptr<TlsIdentity> identity,
                             const Secret<32>& reset_secret, Rng& rng, UdpSocket socket)
    : endpoint_(config, std::move(identity), reset_secret, rng), socket_(std::move(socket)) {}

QuicTransport::~QuicTransport() {
  if (!abandoned_) {
    bool more = true;
    while (more && blocked_ == nullptr) {
      more = endpoint_.close_some(0);
      flush(monotonic_now());
    }
  }
  if (wake_fd_ >= 0) ::close(wake_fd_);
  if (poll_fd_ >= 0) ::close(poll_fd_);
}

Result<void> QuicTransport::watch() {
  poll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (poll_fd_ < 0) return system_error(errno);
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd_ < 0) return system_error(errno);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_fd_;
  if (::epoll_ctl(poll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) != 0) return system_error(errno);
  event.data.fd = socket_.fd();
  if (::epoll_ctl(poll_fd_, EPOLL_CTL_ADD, socket_.fd(), &event) != 0) return system_error(errno);
  return {};
}

void QuicTransport::watch_socket(bool for_writing) {
  epoll_event event{};
  event.events = for_writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = socket_.fd();
  ::epoll_ctl(poll_fd_, EPOLL_CTL_MOD, socket_.fd(), &event);
}

Result<ConnectionId> QuicTransport::dial(const SocketAddress& address, const EndpointId& peer,
                                         Instant now) {
  return endpoint_.dial(address, peer, now);
}

Result<StreamId> QuicTransport::open_stream(ConnectionId connection, StreamKind kind) {
  return endpoint_.open_stream(connection, kind);
}

Result<std::size_t> QuicTransport::write(ConnectionId connection, StreamId stream, ByteView bytes,
                                         bool fin) {
  return endpoint_.write(connection, stream, bytes, fin);
}

Result<ReadResult> QuicTransport::read(ConnectionId connection, StreamId stream,
                                       MutableByteView out) {
  return endpoint_.read(connection, stream, out);
}

void QuicTransport::reset_stream(ConnectionId connection, StreamId stream, std::uint64_t code) {
  endpoint_.reset_stream(connection, stream, code);
}

void QuicTransport::stop_reading(ConnectionId connection, StreamId stream, std::uint64_t code) {
  endpoint_.stop_reading(connection, stream, code);
}

void QuicTransport::close(ConnectionId connection, std::uint64_t code) {
  endpoint_.close(connection, code);
}

std::optional<ConnectionStats> QuicTransport::stats(ConnectionId connection) const {
  return endpoint_.stats(connection);
}

void QuicTransport::step(Instant now) {
  std::uint64_t wakes;
  while (::read(wake_fd_, &wakes, sizeof(wakes)) < 0 && errno == EINTR) {
  }
  for (int i = 0; i < kReceivesPerStep; ++i) {
    const auto received = socket_.receive();
    if (received.empty()) break;
    for (const UdpSocket::Received& message : received) {
      for (ByteView rest = message.bytes; !rest.empty();) {
        const std::size_t size = std::min(rest.size(), message.segment_size);
        endpoint_.receive(message.path, message.ecn, rest.first(size), now);
        rest = rest.subspan(size);
      }
    }
  }
  endpoint_.handle_timeouts(now);
  flush(now);
}

void QuicTransport::flush(Instant now) {
  const bool was_blocked = blocked_ != nullptr;
  while (blocked_ != nullptr || (blocked_ = endpoint_.poll_transmit(now)) != nullptr) {
    const UdpSocket::SendStatus status = socket_.send(*blocked_);
    if (status == UdpSocket::SendStatus::kBlocked) {
      if (!was_blocked) watch_socket(true);
      return;
    }
    if (status == UdpSocket::SendStatus::kUnreachable) {
      endpoint_.unreachable(blocked_->path.remote, socket_.last_error());
    }
    blocked_ = nullptr;
  }
  if (was_blocked) watch_socket(false);
}

Instant QuicTransport::next_timeout() const {
  // While the socket is full there is no use in hurrying; fd() says when it is not.
  return blocked_ == nullptr ? endpoint_.next_timeout() : endpoint_.next_deadline();
}

std::optional<Event> QuicTransport::poll_event() { return endpoint_.poll_event(); }

void QuicTransport::wait(Instant until) {
  until = std::min(until, next_timeout());
  const Instant now = monotonic_now();
  timespec timeout{};
  if (until > now) {
    const Duration left = std::min<Duration>(until - now, std::chrono::hours(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    timeout.tv_sec = seconds.count();
    timeout.tv_nsec = (left - seconds).count();
  }
  pollfd waited{poll_fd_, POLLIN, 0};
  ::ppoll(&waited, 1, &timeout, nullptr);
}

void QuicTransport::wake() {
  const std::uint64_t one = 1;
  // A full counter is still a wake.
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof(one));
}

Result<void> QuicTransport::rebind() {
  ZEROK_TRY(auto fresh, UdpSocket::bind(socket_.local().with_port(0), endpoint_.config()));
  ::epoll_ctl(poll_fd_, EPOLL_CTL_DEL, socket_.fd(), nullptr);
  socket_ = std::move(fresh);
  epoll_event event{};
  event.events = blocked_ == nullptr ? EPOLLIN : EPOLLIN | EPOLLOUT;
  event.data.fd = socket_.fd();
  if (::epoll_ctl(poll_fd_, EPOLL_CTL_ADD, socket_.fd(), &event) != 0) return system_error(errno);
  return {};
}

Result<void> QuicTransport::update_keys(ConnectionId connection, Instant now) {
  return endpoint_.update_keys(connection, now);
}

}  // namespace zerok::transport
