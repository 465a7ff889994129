// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k invite: shows the codes, waits, asks. What the user has to do goes to standard error, as does
// the question; the answer comes from standard input.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/system_clock.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/pairing_words.h"
#include "cli/printable.h"
#include "cli/session.h"
#include "cli/words.h"
#include "client/pairing.h"
#include "common/complain.h"
#include "common/signals.h"

namespace zerok::apps {
namespace {

namespace pairing = core::pairing;

constexpr auto kFirstContact = std::chrono::seconds(10);

// One line of standard input, read as it comes: nothing is taken beyond it.
enum class Answer : std::uint8_t { kNone, kYes, kNo };
class Question {
 public:
  // The next bytes; kNo also at the end of the input.
  Answer read_some() {
    char c = 0;
    const ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) return Answer::kNone;
    if (n <= 0) return is_yes() ? Answer::kYes : Answer::kNo;
    if (c == '\n') return is_yes() ? Answer::kYes : Answer::kNo;
    if (line_.size() < 16) line_ += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return Answer::kNone;
  }

 private:
  bool is_yes() const { return line_ == "y" || line_ == "yes"; }
  std::string line_;
};

class InviteCommand {
 public:
  InviteCommand(const CommonOptions& common, const InviteOptions& options)
      : options_(&options), output_(common.json) {}
  int run(const CommonOptions& common);

 private:
  OrExit<void> show_codes();
  // The exit code once it is decided.
  std::optional<int> handle_events();
  void ask(const pairing::AskApproval& asked);
  void handle_answer(Answer answer);
  void show_time_left();

  const InviteOptions* options_;
  Output output_;
  ProgressLine progress_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<client::Inviting> inviting_;
  Instant deadline_{};
  bool shown_ = false;
  std::optional<Question> question_;
  std::string name_;
};

OrExit<void> InviteCommand::show_codes() {
  shown_ = true;
  const auto long_code = inviting_->long_code();
  if (!long_code) {
    complain("invite", long_code.error());
    return std::unexpected(kExitFailed);
  }
  const std::string short_code = inviting_->short_code();
  const auto said = output_.say({{"event", "invite"},
                                 {"long_code", *long_code},
                                 {"short_code", short_code},
                                 {"expires_s", core::kPairingLifeSeconds}},
                                fmt::format("{}\n\n{}\n", *long_code, short_code));
  if (!said) return std::unexpected(kExitFailed);
  if (!output_.json()) {
    complain(
        "on the other device: `0k join` with either code. Good for 10 minutes and one attempt; "
        "Ctrl-C cancels");
  }
  return {};
}

void InviteCommand::ask(const pairing::AskApproval& asked) {
  name_ = printable(asked.name, Lines::kOne);
  if (name_.empty()) name_ = short_id(asked.device);
  progress_.clear();
  if (output_.json()) {
    // If it can't be shown, nobody can have said yes to it.
    if (!output_.say({{"event", "asks"},
                      {"name", name_},
                      {"device", to_base64(asked.device.bytes())},
                      {"approved", options_->approve}},
                     "")) {
      return inviting_->refuse();
    }
  }
  if (options_->approve) return handle_answer(Answer::kYes);
  fmt::print(stderr,
             "A device that calls itself \"{}\" has the code. Let it into the group? [y/N] ",
             name_);
  std::fflush(stderr);
  question_.emplace();
}

void InviteCommand::handle_answer(Answer answer) {
  if (answer == Answer::kNone) return;
  question_.reset();
  if (answer == Answer::kNo) return inviting_->refuse();
  if (auto approved = inviting_->approve(monotonic_now()); !approved) {
    complain("group", approved.error());
    inviting_->refuse();
  }
}

void InviteCommand::show_time_left() {
  if (question_) return;
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(deadline_ - monotonic_now()).count();
  progress_.show(fmt::format("waiting for the other device, {}:{:02} left", left / 60, left % 60));
}

std::optional<int> InviteCommand::handle_events() {
  while (auto event = inviting_->poll_event()) {
    if (const auto* asked = std::get_if<pairing::AskApproval>(&*event)) {
      ask(*asked);
    } else if (const auto* paired = std::get_if<pairing::Paired>(&*event)) {
      progress_.clear();
      const auto said = output_.say(
          {{"event", "paired"}, {"device", to_base64(paired->peer.bytes())}, {"name", name_}},
          fmt::format("{} is now a device of the group", name_));
      return said ? kExitOk : kExitFailed;
    } else if (const auto* failed = std::get_if<pairing::Failed>(&*event)) {
      progress_.clear();
      if (failed->may_be_enrolled) {
        complain(
            "it may be in the list of devices already, without the secret of the group: invite it "
            "again");
      }
      if (failed->reason == pairing::Failure::kCancelled) {
        complain(failure_words(failed->reason, PairingSide::kInvites));
        return kExitInterrupted;
      }
      return not_paired(output_, failed->reason, PairingSide::kInvites);
    }
  }
  return std::nullopt;
}

int InviteCommand::run(const CommonOptions& common) {
  auto opened = Session::open(common);
  if (!opened) return opened.error();
  session_ = *std::move(opened);
  if (auto in_group = need_group(*session_); !in_group) return in_group.error();
  if (!session_->connect(monotonic_now() + kFirstContact, Session::Attempts::kOnce)) {
    if (stop_requested()) return kExitInterrupted;
    complain_about_connection(session_->client().status());
    complain("an invite needs the relay: both devices meet there");
    return session_->client().status().connection == client::Connection::kStopped ? kExitRefused
                                                                                  : kExitNotInTime;
  }
  auto inviting = client::Inviting::start(session_->client(), session_->keys(), session_->rng(),
                                          monotonic_now(), wall_now());
  if (!inviting) return local_failure("invite", inviting.error());
  inviting_ = *std::move(inviting);
  deadline_ = monotonic_now() + std::chrono::seconds(core::kPairingLifeSeconds);

  std::optional<int> result;
  Instant until = kNever;  // for the last words, once it is decided
  while (!inviting_->is_over() && monotonic_now() < until) {
    const Instant second = monotonic_now() + std::chrono::seconds(1);
    session_->next_event(std::min({second, until, inviting_->next_timeout()}),
                         question_ ? STDIN_FILENO : -1);
    if (question_ && session_->input_ready()) handle_answer(question_->read_some());
    if (stop_requested() && until == kNever) inviting_->cancel();
    inviting_->step(monotonic_now());
    if (!result) {
      result = handle_events();
      if (result) {
        inviting_->step(monotonic_now());
        until = monotonic_now() + kPairingLastWords;
        continue;
      }
      if (inviting_->is_offered() && !shown_) {
        if (auto shown = show_codes(); !shown) return shown.error();
      }
      if (shown_) show_time_left();
    }
  }
  progress_.clear();
  session_->close();
  return result.value_or(kExitFailed);
}

}  // namespace

int invite(const CommonOptions& common, const InviteOptions& options) {
  return InviteCommand(common, options).run(common);
}

}  // namespace zerok::apps
