// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/receiver.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/system_clock.h"
#include "cli/printable.h"
#include "cli/words.h"
#include "common/complain.h"
#include "common/descriptor.h"
#include "common/file.h"
#include "wire/item.h"

namespace zerok::apps {
namespace {

constexpr std::size_t kBatchMax = 64;
constexpr unsigned kNumberMax = 10'000;

// Whether a regular file with just this content is there.
bool has_content(const std::string& path, ByteView content) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info{};
  if (fd.get() < 0 || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (static_cast<std::uint64_t>(info.st_size) != content.size()) return false;
  Bytes there(content.size());
  std::size_t size = 0;
  while (size < there.size()) {
    const ssize_t n = read(fd.get(), there.data() + size, there.size() - size);
    if (n <= 0) return false;
    size += static_cast<std::size_t>(n);
  }
  return std::ranges::equal(there, content);
}

// Writes the file under its name or a numbered one, and returns the name. The same content under
// one of these names is that file, written before a crash: it is not written twice.
Result<std::string> keep_file(const std::string& folder, const std::string& name,
                              ByteView content) {
  for (unsigned number = 1; number <= kNumberMax; ++number) {
    const std::string path = folder + "/" + (number == 1 ? name : numbered_file_name(name, number));
    const auto written = write_file(path, content, 0644, IfThere::kRefuse);
    if (written) return path;
    if (written.error().code != ErrorCode::kInvalidState) return std::unexpected(written.error());
    if (has_content(path, content)) return path;
  }
  return fail(ErrorCode::kOutOfRange, "too many files of one name");
}

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

OrExit<void> Receiver::begin() {
  if (options_->raw && output_->json()) {
    complain("--raw or --json, not both");
    return std::unexpected(kExitUsage);
  }
  if (options_->out_dir.empty()) return {};
  if (auto made = make_folder(options_->out_dir, 0755); !made) {
    complain(options_->out_dir, made.error());
    return std::unexpected(kExitFailed);
  }
  return {};
}

nlohmann::json Receiver::describe(const client::Received& received, const std::string& from) const {
  nlohmann::json json = {{"event", "received"},
                         {"number", received.number},
                         {"id", to_hex(received.blob.bytes())},
                         {"device", to_base64(received.device.bytes())},
                         {"from", from},
                         {"sequence", received.sequence},
                         {"lamport", received.lamport},
                         {"at_ms", exact_time_ms()}};
  if (received.tag) json["tag"] = text_of(*received.tag);
  return json;
}

Result<void> Receiver::write_file_of(const client::Received& received, const Item& item,
                                     nlohmann::json& json) {
  const std::string folder = options_->out_dir.empty() ? "." : options_->out_dir;
  ZEROK_TRY(const std::string path, keep_file(folder, safe_file_name(item.name), item.content));
  json["name"] = item.name;
  json["bytes"] = item.content.size();
  json["path"] = path;
  const std::string from = device_words(session_->client().devices(), received.device);
  return output_->say(json, fmt::format("{}: {}, {}", from, printable(path, Lines::kOne),
                                        size_words(item.content.size())));
}

Result<void> Receiver::write_one(const client::Received& received) {
  const auto item = decode_item(received.payload);
  if (options_->raw) return output_->write(item ? item->content : ByteView(received.payload));
  const std::string from = device_words(session_->client().devices(), received.device);
  nlohmann::json json = describe(received, from);
  if (!item) {
    // Of another program, or of a later version of this one: kept as it is.
    json["kind"] = "other";
    const std::string name = "blob-" + to_hex(received.blob.bytes()).substr(0, 12);
    return write_file_of(received, {ItemKind::kFile, name, received.payload}, json);
  }
  if (item->kind == ItemKind::kFile) {
    json["kind"] = "file";
    return write_file_of(received, *item, json);
  }
  const std::string_view text = text_of(item->content);
  json["kind"] = "text";
  json["bytes"] = item->content.size();
  if (wire::is_utf8(text)) {
    json["text"] = text;
  } else {
    json["base64"] = to_base64(item->content);
  }
  return output_->say(json, fmt::format("{}: {}", from, for_reader(without_line_end(text))));
}

OrExit<void> Receiver::hand_over() {
  for (;;) {
    const std::size_t wanted = options_->count == 0
                                   ? kBatchMax
                                   : static_cast<std::size_t>(std::min<std::uint64_t>(
                                         kBatchMax, options_->count - count_));
    if (wanted == 0) return {};
    const auto batch = session_->client().take(wanted);
    if (!batch) return std::unexpected(local_failure("store", batch.error()));
    if (batch->empty()) return {};
    std::uint64_t written_to = 0;
    Result<void> written;
    for (const auto& received : *batch) {
      written = write_one(received);
      if (!written) break;
      written_to = received.number;
      ++count_;
    }
    if (written_to != 0) {
      if (auto synced = output_->sync(); !synced) {
        written = synced;
      } else if (auto confirmed = session_->client().confirm(written_to); !confirmed) {
        return std::unexpected(local_failure("store", confirmed.error()));
      }
    }
    if (!written) {
      complain("can't hand over what was received", written.error());
      complain("it stays on this device and comes again");
      return std::unexpected(kExitFailed);
    }
  }
}

OrExit<void> show_notices(Session& session, Output& output) {
  const auto notices = session.client().notices();
  if (!notices) return std::unexpected(local_failure("store", notices.error()));
  if (notices->empty()) return {};
  const auto devices = session.client().devices();
  for (const auto& notice : *notices) {
    if (!output.json()) {
      complain("note: " + notice_words(notice, devices));
    } else if (auto said = output.say(notice_json(notice), ""); !said) {
      return std::unexpected(kExitFailed);
    }
  }
  if (auto confirmed = session.client().confirm_notices(notices->back().number); !confirmed) {
    return std::unexpected(local_failure("store", confirmed.error()));
  }
  return {};
}

}  // namespace zerok::apps
