// SPDX-License-Identifier: MIT OR Apache-2.0
// Resolver: looks up host names on a thread of its own, as the system's look-up may take half a
// minute and nothing else may stand still for it. Destroying it abandons what is under way.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "client/client.h"

namespace zerok::apps {

class Resolver {
 public:
  struct Answer {
    client::RelayName name;
    std::vector<transport::SocketAddress> addresses;  // none: it failed
  };

  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Begins, unless this name is being looked up already.
  void begin(const client::RelayName& name);
  std::optional<Answer> poll();
  // Readable when poll() has something; -1 if the system gave none, then poll() from time to time.
  int fd() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::vector<client::RelayName> under_way_;
};

}  // namespace zerok::apps
