// SPDX-License-Identifier: MIT OR Apache-2.0
#include "noise/session.h"

#include <utility>

#include "base/check.h"

namespace zerok::noise {
namespace {

std::unexpected<Error> ended() { return fail(ErrorCode::kClosed, "the session has ended"); }

}  // namespace

Session::Session(crypto::ChaChaPolyKey send, crypto::ChaChaPolyKey receive,
                 const crypto::Hash256& handshake_hash, const IdentityHash& peer,
                 bool peer_is_confirmed)
    : handshake_hash_(handshake_hash), peer_(peer), peer_is_confirmed_(peer_is_confirmed) {
  send_.initialize_key(std::move(send));
  receive_.initialize_key(std::move(receive));
}

void Session::end() {
  send_.wipe();
  receive_.wipe();
  ended_ = true;
}

Result<void> Session::seal(ByteView plaintext, MutableByteView out) {
  if (ended_) return ended();
  if (plaintext.size() > kTransportPlaintextSizeMax) {
    return fail(ErrorCode::kTooLarge, "a transport message holds at most 65,519 bytes");
  }
  return send_.encrypt_with_ad({}, plaintext, out);
}

Result<void> Session::open(ByteView message, MutableByteView out) {
  if (ended_) return ended();
  if (message.size() > kTransportMessageSizeMax) {
    end();
    return fail(ErrorCode::kTooLarge, "a transport message has at most 65,535 bytes");
  }
  ZEROK_ASSERT(message.size() < crypto::kAeadTagSize ||
               out.size() == message.size() - crypto::kAeadTagSize);
  if (auto opened = receive_.decrypt_with_ad({}, message, out); !opened) {
    end();
    return opened;
  }
  peer_is_confirmed_ = true;
  return {};
}

std::optional<IdentityHash> Session::confirmed_peer() const {
  if (!peer_is_confirmed_) return std::nullopt;
  return peer_;
}

}  // namespace zerok::noise
