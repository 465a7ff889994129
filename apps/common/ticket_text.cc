// SPDX-License-Identifier: MIT OR Apache-2.0
#include "common/ticket_text.h"

#include <fstream>

namespace zerok::apps {

Result<std::string> ticket_text(const std::string& option) {
  if (option.empty() || option[0] != '@') return option;
  std::ifstream file(option.substr(1));
  std::string line;
  if (!std::getline(file, line)) return fail(ErrorCode::kNotFound, "can't read the ticket file");
  return line;
}

}  // namespace zerok::apps
