// SPDX-License-Identifier: MIT OR Apache-2.0
// LogReader: reads a group's log at one relay in order, with several PULLs open at once, and checks
// that it is the log it has read so far. It says which lines to take and moves the position over
// them; what becomes of a line's content is not its affair. Only lines that were read move the
// position: the relay's other claims merely say that there is something to ask for.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "core/client/limits.h"
#include "core/log_hash.h"
#include "wire/messages/notify.h"

namespace zerok::core {

class LogReader {
 public:
  struct Ask {
    std::uint64_t after = 0;
    std::uint32_t lines_max = 0;
    std::uint32_t bytes_max = 0;
  };
  enum class Turn : std::uint8_t {
    kTake,   // take_next() has lines
    kWait,   // nothing can be taken now
    kReset,  // not the log we read: wiped or restored
    kLost,   // its beginning is gone, and our position with it
  };
  // A line whose turn it is. Views into what the reader keeps, good until the next call of it.
  struct Next {
    std::uint64_t cursor = 0;
    wire::Line line;
    CiphertextHash ciphertext;
  };

  // A new session: nothing is open.
  void begin(const wire::Position& position, std::uint64_t highest, std::uint32_t relay_lines_max,
             std::uint32_t relay_bytes_max);
  void end();

  const wire::Position& position() const { return position_; }
  std::uint64_t highest() const { return std::max(highest_, notified_); }
  bool caught_up() const { return position_.cursor >= highest() && asked_.empty(); }

  // What to ask for next, if anything; then asked() with the request's number.
  std::optional<Ask> next_ask(const ClientLimits& limits, std::uint32_t bytes_max) const;
  void asked(std::uint32_t request, const Ask& ask);
  // False for an answer that nobody can have meant. Answers to what was given up are fine.
  bool answered(std::uint32_t request, ByteView body);
  // The relay would not answer it now.
  void refused();
  // take_inline: a line in the notice may be taken at once if it is the next.
  void notified(const wire::Notify& notify, bool take_inline);

  // Call until kWait, each time taking all lines.
  Turn next_turn();
  // The next line, moving the position over it; nothing when none is ready.
  std::optional<Next> take_next();

 private:
  struct Kept {
    Ask ask;
    Bytes body;
    wire::PullResponse response;  // views into body
    std::size_t taken = 0;
  };
  void forget_asked();

  wire::Position position_;
  std::uint64_t highest_ = 0;
  // The highest that a notice named since the last PULL was sent.
  std::uint64_t notified_ = 0;
  std::uint32_t relay_lines_max_ = 1;
  std::uint32_t relay_bytes_max_ = 1;
  // Average bytes of a line so far, for guessing how many fit one answer.
  std::uint64_t line_bytes_ = 512;
  std::map<std::uint32_t, Ask> asked_;  // by request
  std::uint64_t asked_through_ = 0;     // where the next PULL would begin
  std::map<std::uint64_t, Kept> kept_;  // by `after`
  std::optional<Kept> taking_;
};

}  // namespace zerok::core
