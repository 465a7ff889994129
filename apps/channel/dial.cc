// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k-channel dial: opens a channel to a ticket's owner, says what was verified, and echoes a file
// through it.
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/system_clock.h"
#include "commands.h"
#include "common/complain.h"
#include "common/key_file.h"
#include "common/signals.h"
#include "common/ticket_text.h"
#include "core/ticket.h"
#include "crypto/hash.h"
#include "driver.h"

namespace zerok::apps {
namespace {

using link::LinkEvent;
using link::LinkId;

// What is in flight is bounded by what both queues take, far below the listener's.
constexpr std::size_t kInFlightBytesMax = std::size_t{1} << 20;

Result<transport::SocketAddress> resolve(const std::string& address) {
  ZEROK_TRY(const auto host_port, core::parse_host_port(address));
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(host_port.host.c_str(), std::to_string(host_port.port).c_str(), &hints, &found);
  if (error != 0) return fail(ErrorCode::kUnreachable, "can't resolve the host name", error);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  if (found->ai_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, found->ai_addr, sizeof(in));
    ByteArray<4> bytes;
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return transport::SocketAddress::ipv4(bytes, host_port.port);
  }
  sockaddr_in6 in6{};
  std::memcpy(&in6, found->ai_addr, sizeof(in6));
  ByteArray<16> bytes;
  std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
  return transport::SocketAddress::ipv6(bytes, host_port.port, in6.sin6_scope_id);
}

int exit_code_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::kWrongPeer:
      return kExitWrongPeer;
    case ErrorCode::kTimedOut:
    case ErrorCode::kUnreachable:
      return kExitUnreachable;
    default:
      return kExitFailed;
  }
}

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// Sends a file as echo messages and checks that the same bytes come back. Answers may overtake each
// other, as large messages share the channel, so what is in flight is kept by its request number.
class Echo {
 public:
  Echo(const DialOptions& options, Driver& driver, LinkId link)
      : options_(&options), driver_(&driver), link_(link) {}

  int run() {
    in_.open(options_->file, std::ios::binary);
    if (!in_) return complain(options_->file, {ErrorCode::kIo, "can't read the file"}), kExitFailed;
    if (!options_->out.empty()) {
      out_.open(options_->out, std::ios::binary | std::ios::trunc);
      if (!out_) return complain(options_->out, {ErrorCode::kIo, "can't write"}), kExitFailed;
    }
    const Instant started = monotonic_now();
    while (!sent_all_ || received_ < sent_) {
      if (!send_some()) return kExitFailed;
      if (sent_all_ && received_ == sent_) break;
      const auto event =
          driver_->next_event(monotonic_now() + std::chrono::seconds(options_->timeout_s));
      if (stop_requested()) return kExitFailed;
      if (!event) return complain("echo", {ErrorCode::kTimedOut, "no progress"}), kExitUnreachable;
      if (event->kind == LinkEvent::Kind::kClosed) {
        return complain("echo", event->error), exit_code_for(event->error);
      }
      if (event->kind == LinkEvent::Kind::kMessage && !receive(*event->message))
        return kExitMismatch;
    }
    took_ = monotonic_now() - started;
    hash_ = sha_.finish();
    if (out_.is_open() && !out_.flush()) {
      return complain(options_->out, {ErrorCode::kIo, "can't write"}), kExitFailed;
    }
    return kExitOk;
  }

  std::uint64_t bytes() const { return sent_; }
  Duration took() const { return took_; }
  const crypto::Hash256& hash() const { return hash_; }

 private:
  bool send_some() {
    while (!sent_all_ && sent_ - received_ < kInFlightBytesMax) {
      Bytes chunk(kEchoBytesMax);
      in_.read(reinterpret_cast<char*>(chunk.data()), static_cast<std::streamsize>(chunk.size()));
      if (in_.bad()) return complain(options_->file, {ErrorCode::kIo, "can't read"}), false;
      chunk.resize(static_cast<std::size_t>(in_.gcount()));
      sent_all_ = in_.eof();
      if (chunk.empty()) break;
      sha_.update(chunk);
      const auto sent = driver_->endpoint().send(
          link_, wire::Priority::kBulk,
          {.request = next_request_, .type = kEchoMessage, .response = false}, chunk);
      if (!sent) return complain("send", sent.error()), false;
      const std::uint64_t offset = sent_;
      sent_ += chunk.size();
      in_flight_.emplace(next_request_++, InFlight{offset, std::move(chunk)});
    }
    return true;
  }

  bool receive(const wire::Message& message) {
    const auto sent = in_flight_.find(message.key().request);
    if (message.key().type != kEchoMessage || !message.key().response || sent == in_flight_.end() ||
        !std::ranges::equal(message.body(), sent->second.bytes)) {
      complain("echo", {ErrorCode::kMalformed, "the echo differs from what was sent"});
      return false;
    }
    if (out_.is_open()) {
      out_.seekp(static_cast<std::streamoff>(sent->second.offset));
      out_.write(reinterpret_cast<const char*>(message.body().data()),
                 static_cast<std::streamsize>(message.body().size()));
    }
    received_ += message.body().size();
    in_flight_.erase(sent);
    return true;
  }

  struct InFlight {
    std::uint64_t offset;
    Bytes bytes;
  };

  const DialOptions* options_;
  Driver* driver_;
  LinkId link_;
  std::ifstream in_;
  std::ofstream out_;
  bool sent_all_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint32_t next_request_ = 1;
  std::map<std::uint32_t, InFlight> in_flight_;
  crypto::Sha256 sha_;
  crypto::Hash256 hash_{};
  Duration took_{};
};

// Tries the ticket's addresses in order; on success the link is open.
Result<LinkId> connect(const core::RelayTicket& ticket, Driver& driver, std::uint64_t timeout_s) {
  Error last{ErrorCode::kUnreachable, "no address of the ticket answered"};
  for (const auto& text : ticket.addresses) {
    const auto address = resolve(text);
    if (!address) {
      last = address.error();
      continue;
    }
    const auto dialled =
        driver.endpoint().dial(*address, ticket.endpoint, ticket.noise_identity, monotonic_now());
    if (!dialled) {
      last = dialled.error();
      continue;
    }
    const LinkId id = *dialled;
    const Instant until = monotonic_now() + std::chrono::seconds(timeout_s);
    while (!stop_requested()) {
      const auto event = driver.next_event(until);
      if (!event && monotonic_now() < until) continue;
      if (!event) {
        driver.endpoint().close(id, link::CloseCode::kTimedOut);
        last = {ErrorCode::kTimedOut, "nobody answered at the ticket's address"};
        break;
      }
      if (event->kind == LinkEvent::Kind::kOpened) return id;
      if (event->kind == LinkEvent::Kind::kClosed) {
        // Another identity is not a matter of another address.
        if (event->error.code == ErrorCode::kWrongPeer) return std::unexpected(event->error);
        last = event->error;
        break;
      }
    }
  }
  return std::unexpected(last);
}

}  // namespace

int dial(const DialOptions& options) {
  const auto text = ticket_text(options.ticket);
  if (!text) return complain(options.ticket, text.error()), kExitUsage;
  const auto ticket = core::RelayTicket::parse(*text);
  if (!ticket) return complain("ticket", ticket.error()), kExitUsage;
  const auto secret = read_key_file(options.key_file);
  if (!secret) return no_key(options.key_file, secret.error());

  const auto keys = crypto::DeviceKeys::derive(crypto::DeviceSecret(secret->bytes()));
  // A dialler answers no strangers, so a fresh reset secret serves.
  Secret<32> reset_secret;
  SystemRng().fill(reset_secret.mutable_bytes());
  const auto driver_on = [&](const char* bind) {
    return Driver::create(*transport::SocketAddress::parse(bind), false, keys.signing, keys.noise,
                          reset_secret);
  };
  // One socket for both families, as the ticket may name addresses of both; or a machine without
  // IPv6.
  auto driver = driver_on("[::]:0");
  if (!driver) driver = driver_on("0.0.0.0:0");
  if (!driver) return complain("socket", driver.error()), kExitFailed;

  stop_on_signals();
  const Instant started = monotonic_now();
  const auto id = connect(*ticket, **driver, options.timeout_s);
  if (!id) {
    complain("dial", id.error());
    if (id.error().code == ErrorCode::kWrongPeer) {
      fmt::print(stderr,
                 "0k-channel: whoever answers there is not the relay of this ticket. If the relay "
                 "was set up anew, ask "
                 "its operator for a new ticket; if not, someone may be in between.\n");
    }
    return exit_code_for(id.error());
  }
  const Duration setup = monotonic_now() - started;
  const auto info = (*driver)->endpoint().info(*id);
  const double quic_ms = milliseconds(info->transport_time);
  const double noise_ms = milliseconds(setup) - quic_ms;
  const std::size_t noise_sent =
      2 + noise::kHandshakeMessageSizes[0] + 2 + noise::kHandshakeMessageSizes[2];
  const std::size_t noise_received =
      2 + noise::kHandshakeMessageSizes[1] + 2 + noise::kHandshakeMessageSizes[3];
  nlohmann::json report = {
      {"tls_key_verified", info->endpoint == ticket->endpoint},
      {"noise_identity_verified", info->noise_identity == ticket->noise_identity},
      {"setup_ms", milliseconds(setup)},
      {"quic_ms", quic_ms},
      {"noise_ms", noise_ms},
      {"noise_bytes_sent", noise_sent},
      {"noise_bytes_received", noise_received}};
  if (!options.json) {
    fmt::print("TLS key         verified: it is the Ed25519 key in the ticket\n");
    fmt::print(
        "Noise identity  verified: X25519 and ML-KEM-768 keys match the hash in the ticket\n");
    fmt::print("channel         Noise_hybridXX_25519+MLKEM768_ChaChaPoly_BLAKE2s over QUIC v1\n");
    fmt::print("handshake       {:.2f} ms: QUIC {:.2f} ms, Noise {:.2f} ms\n", milliseconds(setup),
               quic_ms, noise_ms);
    fmt::print("                Noise: {} bytes sent, {} received, in 4 messages\n", noise_sent,
               noise_received);
  }

  int code = kExitOk;
  if (!options.file.empty()) {
    Echo echo(options, **driver, *id);
    code = echo.run();
    if (code == kExitOk) {
      const double seconds = std::chrono::duration<double>(echo.took()).count();
      const double mib_per_s =
          static_cast<double>(echo.bytes()) / 1048576.0 / std::max(seconds, 1e-9);
      report["echo"] = {{"bytes", echo.bytes()},
                        {"sha256", to_hex(echo.hash())},
                        {"ms", seconds * 1e3},
                        {"mib_per_s", mib_per_s}};
      if (!options.json) {
        fmt::print(
            "echo            {} bytes there and back, equal, in {:.1f} ms ({:.0f} MiB/s each "
            "way)\n",
            echo.bytes(), seconds * 1e3, mib_per_s);
        fmt::print("                SHA-256 {}\n", to_hex(echo.hash()));
      }
    }
  }
  if (options.json && code == kExitOk) fmt::print("{}\n", report.dump());
  (*driver)->endpoint().close(*id, link::CloseCode::kNormal);
  (*driver)->endpoint().step(monotonic_now());
  return code;
}

}  // namespace zerok::apps
