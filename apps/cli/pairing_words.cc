// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/pairing_words.h"

#include <fmt/format.h>

#include "common/complain.h"

namespace zerok::apps {
namespace {

namespace pairing = core::pairing;

std::string_view failure_name(pairing::Failure failure) {
  switch (failure) {
    case pairing::Failure::kTimedOut:
      return "timed_out";
    case pairing::Failure::kCancelled:
      return "cancelled";
    case pairing::Failure::kWrongCode:
      return "wrong_code";
    case pairing::Failure::kWrongDevice:
      return "wrong_device";
    case pairing::Failure::kRefused:
      return "refused";
    case pairing::Failure::kEnded:
      return "ended";
    case pairing::Failure::kBadMessage:
      return "bad_message";
    case pairing::Failure::kNewerVersion:
      return "newer_version";
    case pairing::Failure::kGroupFull:
      return "group_full";
    case pairing::Failure::kDeviceGone:
      return "device_gone";
    case pairing::Failure::kRelayRefused:
      return "relay_refused";
  }
  return "";
}

}  // namespace

std::string_view failure_words(pairing::Failure failure, PairingSide side) {
  switch (failure) {
    case pairing::Failure::kTimedOut:
      return "nobody came within ten minutes; make a new code with `0k invite`";
    case pairing::Failure::kCancelled:
      return side == PairingSide::kJoins ? "cancelled"
                                         : "cancelled: the codes are worth nothing any more";
    case pairing::Failure::kWrongCode:
      return "somebody tried a wrong code, which ends the invite; make a new one with `0k invite`";
    case pairing::Failure::kWrongDevice:
      return "it was not the device of this code that answered";
    case pairing::Failure::kRefused:
      return side == PairingSide::kJoins ? "the other device's user said no" : "declined";
    case pairing::Failure::kEnded:
      return side == PairingSide::kJoins
                 ? "the code is wrong, used or expired; ask for a new one (`0k invite`)"
                 : "the other device, or the relay, ended it; make a new code with `0k invite`";
    case pairing::Failure::kBadMessage:
      return "the other side sent what no 0k-Sync sends";
    case pairing::Failure::kNewerVersion:
      return "the other device runs a newer version";
    case pairing::Failure::kGroupFull:
      return "the group has as many devices as it can have";
    case pairing::Failure::kDeviceGone:
      return "this device was in the group and has left: it needs a new folder, made by `0k init`";
    case pairing::Failure::kRelayRefused:
      return "the relay refuses it";
  }
  return "";
}

ExitCode not_paired(Output& output, pairing::Failure failure, PairingSide side) {
  if (output.json()) {
    const auto said = output.say({{"event", "not_paired"}, {"reason", failure_name(failure)}}, "");
    if (!said) return kExitFailed;
  }
  complain(fmt::format("not paired: {}", failure_words(failure, side)));
  return kExitNotPaired;
}

}  // namespace zerok::apps
