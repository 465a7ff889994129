// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/run.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace zerok::sim {
namespace {

// The seed that runs in this process, for the signal handler.
volatile std::uint64_t running_seed = 0;

void on_crash(int signal_number) {
  char text[96];
  char* end = text + sizeof(text);
  char* at = end;
  *--at = '\n';
  std::uint64_t seed = running_seed;
  do {
    *--at = static_cast<char>('0' + seed % 10);
    seed /= 10;
  } while (seed != 0);
  constexpr char kWords[] = "the program died; replay it with: zerok_sim --seed ";
  at -= sizeof(kWords) - 1;
  std::memcpy(at, kWords, sizeof(kWords) - 1);
  const auto ignored = ::write(STDERR_FILENO, at, static_cast<std::size_t>(end - at));
  (void)ignored;
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

// What a job tells the others' parent of one seed: numbers, then two texts.
void put_u64(Bytes& out, std::uint64_t value) {
  out.resize(out.size() + 8);
  store_be64(MutableByteView(out).last(8), value);
}
void put_text(Bytes& out, std::string_view text) {
  put_u64(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

Bytes encode(const SeedResult& result) {
  Bytes body;
  for (const std::uint64_t value :
       {result.seed, std::uint64_t{result.ok}, result.digest, result.counts.pushes,
        result.counts.handed_over, result.counts.lines, result.counts.strikes, result.counts.turns,
        result.counts.virtual_ms}) {
    put_u64(body, value);
  }
  put_text(body, result.check);
  put_text(body, result.text);
  Bytes out;
  put_u64(out, body.size());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

// Reads what encode() wrote; our own child wrote it.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t u64() {
    const std::uint64_t value = load_be64(bytes_);
    bytes_ = bytes_.subspan(8);
    return value;
  }
  std::string text() {
    const std::size_t size = u64();
    std::string out(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
    bytes_ = bytes_.subspan(size);
    return out;
  }

 private:
  ByteView bytes_;
};

SeedResult decode(ByteView body) {
  Reader in(body);
  SeedResult result;
  result.seed = in.u64();
  result.ok = in.u64() != 0;
  result.digest = in.u64();
  result.counts.pushes = in.u64();
  result.counts.handed_over = in.u64();
  result.counts.lines = in.u64();
  result.counts.strikes = in.u64();
  result.counts.turns = in.u64();
  result.counts.virtual_ms = in.u64();
  result.check = in.text();
  result.text = in.text();
  return result;
}

SeedResult run_checked(const SweepOptions& options, std::uint64_t seed) {
  const WorldOptions world{.seed = seed, .without = options.without};
  SeedResult result = run_seed(world);
  if (result.ok && options.twice_every != 0 && seed % options.twice_every == 0) {
    if (run_seed(world).digest != result.digest) {
      result.ok = false;
      result.check = "determinism";
      result.text = "a second run of the same seed went another way";
    }
  }
  return result;
}

struct Job {
  pid_t pid = 0;
  int pipe = -1;
  Bytes received;
};

// The child: every jobs-th seed from its first on.
[[noreturn]] void run_job(const SweepOptions& options, unsigned number, int pipe) {
  for (std::uint64_t i = number; i < options.seeds; i += options.jobs) {
    const Bytes message = encode(run_checked(options, options.from + i));
    std::size_t written = 0;
    while (written < message.size()) {
      const auto n = ::write(pipe, message.data() + written, message.size() - written);
      if (n <= 0) ::_exit(0);  // nobody wants to know any more
      written += static_cast<std::size_t>(n);
    }
  }
  ::_exit(0);
}

void add(SweepResult& all, SeedResult result, const SweepOptions& options) {
  ++all.run;
  all.counts.pushes += result.counts.pushes;
  all.counts.handed_over += result.counts.handed_over;
  all.counts.lines += result.counts.lines;
  all.counts.strikes += result.counts.strikes;
  all.counts.turns += result.counts.turns;
  all.counts.virtual_ms += result.counts.virtual_ms;
  if (!result.ok) all.failed.push_back(std::move(result));
  if (options.progress && all.run % 20 == 0) {
    std::fprintf(stderr, "\r%llu of %llu seeds, %zu failed",
                 static_cast<unsigned long long>(all.run),
                 static_cast<unsigned long long>(options.seeds), all.failed.size());
  }
}

// False when the job has ended.
bool read_from(Job& job, SweepResult& all, const SweepOptions& options) {
  std::uint8_t buffer[4096];
  const auto n = ::read(job.pipe, buffer, sizeof(buffer));
  if (n <= 0) return false;
  job.received.insert(job.received.end(), buffer, buffer + n);
  for (;;) {
    const ByteView waiting(job.received);
    if (waiting.size() < 8) return true;
    const std::size_t size = load_be64(waiting);
    if (waiting.size() < 8 + size) return true;
    add(all, decode(waiting.subspan(8, size)), options);
    job.received.erase(job.received.begin(),
                       job.received.begin() + static_cast<std::ptrdiff_t>(8 + size));
  }
}

// Why a job ended: nothing for the good end.
std::optional<std::string> ended_badly(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return "could not be waited for";
  if (WIFSIGNALED(status)) return fmt::format("died of signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return fmt::format("ended with {}", WEXITSTATUS(status));
  return std::nullopt;
}

}  // namespace

void tell_seed_on_crash() {
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::signal(number, on_crash);
}

SeedResult run_seed(const WorldOptions& options) {
  running_seed = options.seed;
  World world(options);
  world.run();
  SeedResult result;
  result.seed = options.seed;
  result.ok = world.ok();
  result.check = world.findings().check();
  result.text = world.findings().text();
  result.digest = world.digest();
  result.counts = world.counts();
  return result;
}

SweepResult sweep(const SweepOptions& options) {
  SweepResult all;
  std::vector<Job> jobs(std::max(1U, options.jobs));
  SweepOptions for_jobs = options;
  for_jobs.jobs = static_cast<unsigned>(jobs.size());
  std::fflush(nullptr);
  for (unsigned i = 0; i < jobs.size(); ++i) {
    int ends[2];
    ZEROK_ASSERT(::pipe(ends) == 0);
    const pid_t pid = ::fork();
    ZEROK_ASSERT(pid >= 0);
    if (pid == 0) {
      ::close(ends[0]);
      run_job(for_jobs, i, ends[1]);
    }
    ::close(ends[1]);
    jobs[i] = {pid, ends[0], {}};
  }
  std::vector<pollfd> waits;
  while (!jobs.empty() && all.failed.size() < options.failures_max) {
    waits.clear();
    for (const Job& job : jobs) waits.push_back({job.pipe, POLLIN, 0});
    ::poll(waits.data(), waits.size(), -1);
    for (std::size_t i = jobs.size(); i-- > 0;) {
      if (waits[i].revents == 0 || read_from(jobs[i], all, options)) continue;
      ::close(jobs[i].pipe);
      if (const auto why = ended_badly(jobs[i].pid)) {
        SeedResult crashed;
        crashed.ok = false;
        crashed.check = "crash";
        crashed.text = fmt::format("a job {}; see the seed above", *why);
        all.failed.push_back(std::move(crashed));
      }
      jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  for (const Job& job : jobs) {
    ::kill(job.pid, SIGKILL);
    ::waitpid(job.pid, nullptr, 0);
    ::close(job.pipe);
  }
  if (options.progress) std::fputc('\n', stderr);
  std::ranges::sort(all.failed, {}, &SeedResult::seed);
  return all;
}

FaultSet minimise(const WorldOptions& failing, const std::string& check) {
  WorldOptions smaller = failing;
  smaller.traced = false;
  const FaultSet present = Knobs::draw(failing.seed, failing.without).faults;
  FaultSet unneeded = failing.without;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (!present.has(fault)) continue;
    smaller.without = unneeded;
    smaller.without.add(fault);
    if (run_seed(smaller).check == check) unneeded = smaller.without;
  }
  return unneeded;
}

}  // namespace zerok::sim
