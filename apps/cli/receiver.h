// SPDX-License-Identifier: MIT OR Apache-2.0
// Receiver: hands received things to a person or a program. A thing is confirmed only once it is
// written: a file on the disk, a text in standard output. So after any failure it comes again.
#pragma once

#include "cli/commands.h"
#include "cli/envelope.h"
#include "cli/output.h"
#include "cli/session.h"

namespace zerok::apps {

class Receiver {
 public:
  // All three outlive it.
  Receiver(Session& session, Output& output, const ReceiveOptions& options)
      : session_(&session), output_(&output), options_(&options) {}

  // Makes sure that files have somewhere to go.
  OrExit<void> begin();
  // Hands over what is there, up to options.count in all; complains itself.
  OrExit<void> hand_over();
  std::uint64_t count() const { return count_; }
  bool is_full() const { return options_->count != 0 && count_ >= options_->count; }

 private:
  Result<void> write_one(const client::Received& received);
  Result<void> write_file_of(const client::Received& received, const Item& item,
                             nlohmann::json& json);
  nlohmann::json describe(const client::Received& received, const std::string& from) const;

  Session* session_;
  Output* output_;
  const ReceiveOptions* options_;
  std::uint64_t count_ = 0;
};

// Says what the client has to tell, and confirms it once said.
OrExit<void> show_notices(Session& session, Output& output);

}  // namespace zerok::apps
