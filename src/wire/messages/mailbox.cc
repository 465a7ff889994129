// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/messages/mailbox.h"

#include "wire/messages/fields.h"
#include "wire/messages/limits.h"

namespace zerok::wire {
namespace {

template <class Io>
void fields(Io& io, Of<Io, MailboxCreate>& m) {
  io.record(2);
  io.id(m.mailbox);
  io.number(m.lives_s, 1, kMailboxSecondsMax);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, MailboxJoin>& m) {
  io.record(3);
  io.number(m.minor, 0, std::numeric_limits<std::uint32_t>::max());
  io.number(m.features, 0, std::numeric_limits<std::uint64_t>::max());
  io.id(m.mailbox);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, MailboxReady>& m) {
  io.record(3);
  io.number(m.minor, 0, std::numeric_limits<std::uint32_t>::max());
  io.number(m.features, 0, std::numeric_limits<std::uint64_t>::max());
  io.number(m.expires_s, 1, kMailboxSecondsMax);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, MailboxPut>& m) {
  io.record(3);
  io.id(m.mailbox);
  io.number(m.number, 1, kMailboxMessagesMax);
  io.bytes(m.content, 1, kMailboxMessageBytesMax);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, MailboxTake>& m) {
  io.record(2);
  io.id(m.mailbox);
  io.number(m.number, 1, kMailboxMessagesMax);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, MailboxMessage>& m) {
  io.record(2);
  io.number(m.number, 1, kMailboxMessagesMax);
  io.bytes(m.content, 1, kMailboxMessageBytesMax);
  io.end();
}

template <class Io>
void fields(Io& io, Of<Io, MailboxClose>& m) {
  io.record(1);
  io.id(m.mailbox);
  io.end();
}

}  // namespace

Result<Bytes> MailboxCreate::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<MailboxCreate> MailboxCreate::decode(ByteView body) {
  return read_message<MailboxCreate>(body, [](Reader& io, MailboxCreate& m) { fields(io, m); });
}

Result<Bytes> MailboxJoin::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<MailboxJoin> MailboxJoin::decode(ByteView body) {
  return read_message<MailboxJoin>(body, [](Reader& io, MailboxJoin& m) { fields(io, m); });
}

Result<Bytes> MailboxReady::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<MailboxReady> MailboxReady::decode(ByteView body) {
  return read_message<MailboxReady>(body, [](Reader& io, MailboxReady& m) { fields(io, m); });
}

Result<Bytes> MailboxPut::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<MailboxPut> MailboxPut::decode(ByteView body) {
  return read_message<MailboxPut>(body, [](Reader& io, MailboxPut& m) { fields(io, m); });
}

Result<Bytes> MailboxTake::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<MailboxTake> MailboxTake::decode(ByteView body) {
  return read_message<MailboxTake>(body, [](Reader& io, MailboxTake& m) { fields(io, m); });
}

Result<Bytes> MailboxMessage::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<MailboxMessage> MailboxMessage::decode(ByteView body) {
  return read_message<MailboxMessage>(body, [](Reader& io, MailboxMessage& m) { fields(io, m); });
}

Result<Bytes> MailboxClose::encode() const {
  return write_message(kType, [this](Writer& io) { fields(io, *this); });
}
Result<MailboxClose> MailboxClose::decode(ByteView body) {
  return read_message<MailboxClose>(body, [](Reader& io, MailboxClose& m) { fields(io, m); });
}

}  // namespace zerok::wire
