// SPDX-License-Identifier: MIT OR Apache-2.0
// 0k push: everything is in this device's store before a word is said of it; then it is sent, and
// where it stands is told as it is.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/system_clock.h"
#include "cli/commands.h"
#include "cli/envelope.h"
#include "cli/output.h"
#include "cli/printable.h"
#include "cli/session.h"
#include "cli/words.h"
#include "common/complain.h"
#include "common/descriptor.h"
#include "common/signals.h"

namespace zerok::apps {
namespace {

constexpr std::size_t kKeyBytesMax = 64;

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// Everything up to the end, or kTooLarge once it can't be pushed any more.
Result<Bytes> read_all(int fd) {
  Bytes out;
  Bytes chunk(std::size_t{1} << 16);
  for (;;) {
    const ssize_t n = read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR && !stop_requested()) continue;
    if (n < 0) return fail(ErrorCode::kIo, "can't be read", errno);
    if (n == 0) return out;
    out.insert(out.end(), chunk.begin(), chunk.begin() + n);
    if (out.size() > kItemContentBytesMax) {
      return fail(ErrorCode::kTooLarge, "larger than 1,048,064 bytes, the most that can be pushed");
    }
  }
}

Result<Bytes> read_file(const std::string& path) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return fail(ErrorCode::kNotFound, "there is no such file");
    return fail(ErrorCode::kIo, "can't be opened", errno);
  }
  return read_all(fd.get());
}

class Pushing {
 public:
  Pushing(const CommonOptions& common, const PushOptions& options)
      : options_(&options), output_(common.json) {}

  int run(const CommonOptions& common);

 private:
  struct Sent {
    std::uint64_t number;
    core::BlobPlace place = core::BlobPlace::kPending;
  };

  OrExit<void> check_options() const;
  // Complains about files that can't be pushed before the first one is.
  OrExit<void> check_files() const;
  OrExit<void> push_one(Session& session, const Item& item);
  OrExit<void> push_all(Session& session);
  bool reached(client::Client& client);
  void show_progress(client::Client& client);
  int report(Session& session, bool in_time);

  const PushOptions* options_;
  Output output_;
  ProgressLine progress_;
  std::vector<Sent> sent_;
  std::size_t done_ = 0;  // of sent_, from the beginning, that are where they are wanted
  Instant saved_at_{};
  std::optional<Duration> relay_time_;
};

OrExit<void> Pushing::check_options() const {
  const auto refuse = [](std::string_view why) {
    complain(why);
    return std::unexpected(kExitUsage);
  };
  const std::size_t items = options_->files.empty() ? 1 : options_->files.size();
  if (options_->has_text && !options_->files.empty()) return refuse("a text or files, not both");
  if (!options_->name.empty() && (options_->has_text || !options_->files.empty())) {
    return refuse("--name is for standard input");
  }
  if (options_->name.size() > kItemNameBytesMax) return refuse("--name: at most 255 bytes");
  if (options_->key.size() > kKeyBytesMax) return refuse("--key: at most 64 bytes");
  if (options_->tag.size() > core::kTagBytesMax) return refuse("--tag: at most 64 bytes");
  if (!options_->key.empty() && items > 1) return refuse("--key names one thing, not several");
  return {};
}

OrExit<void> Pushing::check_files() const {
  bool all_right = true;
  for (const auto& path : options_->files) {
    struct stat info{};
    if (stat(path.c_str(), &info) != 0) {
      complain(path, {ErrorCode::kNotFound, "there is no such file", errno});
      all_right = false;
    } else if (S_ISDIR(info.st_mode)) {
      complain(path, {ErrorCode::kInvalidArgument, "is a folder: push its files, or a tar of it"});
      all_right = false;
    } else if (access(path.c_str(), R_OK) != 0) {
      complain(path, {ErrorCode::kPermissionDenied, "may not be read", errno});
      all_right = false;
    } else if (static_cast<std::uint64_t>(info.st_size) > kItemContentBytesMax) {
      complain(fmt::format("{}: {} bytes; the most that can be pushed are {}", path,
                           grouped(static_cast<std::uint64_t>(info.st_size)),
                           grouped(kItemContentBytesMax)));
      all_right = false;
    }
  }
  if (all_right) return {};
  complain("nothing was pushed");
  return std::unexpected(kExitUsage);
}

OrExit<void> Pushing::push_one(Session& session, const Item& item) {
  const auto payload = encode_item(item);
  if (!payload) {
    complain("push", payload.error());
    return std::unexpected(kExitUsage);
  }
  const auto pushed = session.client().push(
      *payload, {.key = as_bytes(options_->key), .tag = as_bytes(options_->tag)});
  if (!pushed) {
    if (pushed.error().code == ErrorCode::kPermissionDenied) {
      complain("this device has left its group");
      return std::unexpected(kExitRefused);
    }
    return std::unexpected(local_failure("not pushed", pushed.error()));
  }
  sent_.push_back({pushed->number});
  saved_at_ = monotonic_now();
  const std::string id = to_hex(pushed->blob.bytes());
  nlohmann::json json = {{"event", "pushed"},
                         {"number", pushed->number},
                         {"id", id},
                         {"bytes", item.content.size()},
                         {"repeated", pushed->repeated},
                         {"at_ms", exact_time_ms()}};
  if (item.kind == ItemKind::kFile) json["name"] = item.name;
  const auto said = output_.say(
      json, fmt::format("{} {}, {}  id {}", pushed->repeated ? "was saved before:" : "saved",
                        item.kind == ItemKind::kFile ? printable(item.name, Lines::kOne) : "text",
                        size_words(item.content.size()), id));
  if (said) return {};
  complain("output", said.error());
  return std::unexpected(kExitFailed);
}

OrExit<void> Pushing::push_all(Session& session) {
  if (options_->has_text) {
    return push_one(session, {ItemKind::kText, "", as_bytes(options_->text)});
  }
  if (options_->files.empty()) {
    if (isatty(STDIN_FILENO) == 1) complain("reading a text from the terminal; Ctrl-D ends it");
    const auto content = read_all(STDIN_FILENO);
    if (!content) {
      if (stop_requested()) return std::unexpected(kExitInterrupted);
      complain("standard input", content.error());
      return std::unexpected(kExitUsage);
    }
    if (content->empty() && options_->name.empty()) {
      complain("nothing to push: standard input is empty");
      return std::unexpected(kExitUsage);
    }
    const bool is_file = !options_->name.empty();
    return push_one(session,
                    {is_file ? ItemKind::kFile : ItemKind::kText, options_->name, *content});
  }
  for (const auto& path : options_->files) {
    if (stop_requested()) return std::unexpected(kExitInterrupted);
    const auto content = read_file(path);
    if (!content) {
      complain(path, content.error());
      return std::unexpected(kExitUsage);
    }
    const std::string name = printable(base_name(path), Lines::kOne);
    if (auto pushed = push_one(session, {ItemKind::kFile, name, *content}); !pushed) return pushed;
    // What is saved goes out while the next file is read.
    while (session.next_event(monotonic_now())) {
    }
    show_progress(session.client());
  }
  return {};
}

// Whether everything is where it is wanted, or will never be.
bool Pushing::reached(client::Client& client) {
  const bool delivered = options_->wait == "delivered";
  for (; done_ < sent_.size(); ++done_) {
    const auto place = client.blob_status(sent_[done_].number).place;
    sent_[done_].place = place;
    if (place == core::BlobPlace::kPending) return false;
    if (delivered && place == core::BlobPlace::kOnRelay) return false;
  }
  return true;
}

void Pushing::show_progress(client::Client& client) {
  const auto outbox = client.status().outbox;
  progress_.show(fmt::format("{} of {} saved, {} waiting to be sent", sent_.size(),
                             std::max<std::size_t>(options_->files.size(), 1), outbox.pending));
}

int Pushing::report(Session& session, bool in_time) {
  progress_.clear();
  std::size_t counts[5] = {};
  for (Sent& sent : sent_) {
    sent.place = session.client().blob_status(sent.number).place;
    // What has left the outbox is with every device that counts.
    if (sent.place == core::BlobPlace::kUnknown) sent.place = core::BlobPlace::kDelivered;
    ++counts[static_cast<std::size_t>(sent.place)];
  }
  const auto count = [&](core::BlobPlace place) { return counts[static_cast<std::size_t>(place)]; };
  const std::size_t pending = count(core::BlobPlace::kPending);
  const std::size_t failed = count(core::BlobPlace::kFailed);
  const auto status = session.client().status();
  const auto devices = session.client().devices();
  const auto others = std::ranges::count_if(
      devices, [](const auto& device) { return device.active && !device.is_self; });

  std::string words;
  const auto add = [&](std::size_t number, std::string_view what) {
    if (number > 0)
      words += fmt::format("{}{} {}", words.empty() ? "" : "; ", grouped(number), what);
  };
  add(count(core::BlobPlace::kDelivered),
      others == 0 ? "on the relay; there is no other device yet" : "with every other device");
  add(count(core::BlobPlace::kOnRelay), "on the relay, durably");
  add(pending, fmt::format("pending, {}", waits_words(status.outbox.waits_for)));
  add(failed, "failed: the relay will never take it (see `0k status`)");
  nlohmann::json json = {{"event", "pushed_all"},
                         {"count", sent_.size()},
                         {"delivered", count(core::BlobPlace::kDelivered)},
                         {"on_relay", count(core::BlobPlace::kOnRelay)},
                         {"pending", pending},
                         {"failed", failed},
                         {"waits_for", waits_name(status.outbox.waits_for)},
                         {"other_devices", others},
                         {"at_ms", exact_time_ms()}};
  if (in_time && relay_time_) {
    const double ms = std::chrono::duration<double, std::milli>(*relay_time_).count();
    json["after_ms"] = ms;
    words += fmt::format(" (after {:.1f} ms)", ms);
  }
  if (!output_.say(json, words)) return kExitFailed;

  if (failed > 0) return kExitRefused;
  const bool refused =
      status.connection == client::Connection::kStopped || (is_wrong_relay(status) && pending > 0);
  if (refused) return complain_about_connection(status);
  if (pending > 0 && options_->wait != "none") {
    complain(
        "it is safe on this device, and goes out with the next `0k push`, `0k pull` or `0k watch`");
  }
  if (in_time || options_->wait.empty() || options_->wait == "none") return kExitOk;
  return stop_requested() ? kExitInterrupted : kExitNotInTime;
}

int Pushing::run(const CommonOptions& common) {
  if (auto checked = check_options(); !checked) return checked.error();
  if (auto checked = check_files(); !checked) return checked.error();
  auto opened = Session::open(common);
  if (!opened) return opened.error();
  Session& session = **opened;
  if (auto in_group = need_group(session); !in_group) return in_group.error();
  if (auto pushed = push_all(session); !pushed) {
    progress_.clear();
    if (!sent_.empty()) {
      complain(fmt::format("{} of {} are saved and will be sent", sent_.size(),
                           std::max<std::size_t>(options_->files.size(), 1)));
    }
    return pushed.error();
  }
  if (options_->wait == "none") return report(session, false);

  const Instant until = monotonic_now() + std::chrono::seconds(options_->timeout_s);
  bool in_time = false;
  for (;;) {
    in_time = reached(session.client());
    if (in_time) {
      relay_time_ = monotonic_now() - saved_at_;
      break;
    }
    if (session.client().status().connection == client::Connection::kStopped) break;
    if (is_wrong_relay(session.client().status())) break;
    show_progress(session.client());
    if (!session.next_event(until) && (monotonic_now() >= until || stop_requested())) break;
  }
  return report(session, in_time);
}

}  // namespace

int push(const CommonOptions& common, const PushOptions& options) {
  return Pushing(common, options).run(common);
}

}  // namespace zerok::apps
