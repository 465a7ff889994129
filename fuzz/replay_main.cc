// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs a fuzz target where libFuzzer is not linked (GCC, sanitizer builds without it), so that
// every target is also an ordinary test. It replays each file given, or below a folder given, then
// a bounded number of mutations of those files drawn from a fixed seed. The order and the inputs
// are the same on every machine; only `--seconds` can end the run earlier. On a crash it prints the
// input in hex. Usage: name_fuzz [--runs N] [--seconds N] [--seed N] [file or folder]...
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kInputBytesMax = 4096;

// What the crash handler prints; a handler can only reach globals.
const std::uint8_t* g_input = nullptr;
std::size_t g_input_size = 0;

void print_input_and_die(int signal_number) {
  static constexpr std::string_view kIntro = "\nthe fuzz input that failed, in hex:\n";
  static constexpr std::string_view kDigits = "0123456789abcdef";
  bool written = ::write(STDERR_FILENO, kIntro.data(), kIntro.size()) > 0;
  for (std::size_t i = 0; written && i < g_input_size; ++i) {
    const std::array<char, 2> hex = {kDigits[g_input[i] >> 4U], kDigits[g_input[i] & 15U]};
    written = ::write(STDERR_FILENO, hex.data(), hex.size()) > 0;
  }
  if (written) (void)!::write(STDERR_FILENO, "\n", 1);
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

void run_one(const Bytes& input) {
  // An exact-size copy, so that a sanitizer sees a read of even one byte too many.
  const Bytes exact(input.begin(), input.end());
  g_input = exact.data();
  g_input_size = exact.size();
  (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
  g_input_size = 0;
}

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Returns the files to replay, sorted by name: directory order differs between machines.
std::vector<std::filesystem::path> collect(const std::vector<std::string>& arguments) {
  std::vector<std::filesystem::path> files;
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    if (std::filesystem::is_directory(argument, ignored)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argument)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
    } else if (std::filesystem::exists(argument, ignored)) {
      files.emplace_back(argument);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : rng_(seed) {}

  // Returns a seed with one to four edits, or now and then plain random bytes.
  Bytes next(const std::vector<Bytes>& seeds) {
    if (seeds.empty() || below(16) == 0) return random_bytes(below(256));
    Bytes input = seeds[below(seeds.size())];
    const std::size_t edits = 1 + below(4);
    for (std::size_t i = 0; i < edits; ++i) edit(input, seeds);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  // Modulo keeps the sequence the same on every standard library; the slight bias is harmless here.
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : rng_() % bound; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(rng_() & 0xffU); }

  Bytes random_bytes(std::size_t size) {
    Bytes bytes(size);
    for (auto& value : bytes) value = byte();
    return bytes;
  }

  void edit(Bytes& input, const std::vector<Bytes>& seeds) {
    static constexpr std::array<std::uint8_t, 8> kEdges = {0x00, 0x01, 0x7f, 0x80,
                                                           0xc1, 0xdd, 0xdf, 0xff};
    const std::size_t at = below(input.size());
    const auto offset = static_cast<std::ptrdiff_t>(at);
    switch (input.empty() ? 4 : below(7)) {
      case 0:
        input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << below(8)));
        break;
      case 1:
        input[at] = byte();
        break;
      case 2:
        input[at] = kEdges[below(kEdges.size())];
        break;
      case 3:
        input.resize(at);
        break;
      case 4: {
        const Bytes extra = random_bytes(1 + below(32));
        input.insert(input.begin() + offset, extra.begin(), extra.end());
        break;
      }
      case 5:
        input.erase(input.begin() + offset, input.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                input.size(), at + 1 + below(16))));
        break;
      default: {
        const Bytes& other = seeds[below(seeds.size())];
        const std::size_t from = below(other.size());
        input.resize(at);
        input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      }
    }
  }

  std::mt19937_64 rng_;
};

struct Options {
  std::uint64_t runs = 20000;
  std::uint64_t seconds = 60;
  std::uint64_t seed = 1;
  std::vector<std::string> paths;
};

bool parse(int argc, char** argv, Options& options) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::uint64_t* number = nullptr;
    if (arguments[i] == "--runs") number = &options.runs;
    if (arguments[i] == "--seconds") number = &options.seconds;
    if (arguments[i] == "--seed") number = &options.seed;
    if (number == nullptr) {
      if (arguments[i].starts_with("-")) return false;
      options.paths.push_back(arguments[i]);
    } else if (++i < arguments.size()) {
      *number = std::strtoull(arguments[i].c_str(), nullptr, 10);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr, "usage: %s [--runs N] [--seconds N] [--seed N] [file or folder]...\n",
                 argv[0]);
    return 2;
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) {
    std::signal(number, print_input_and_die);
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);

  std::vector<Bytes> seeds;
  for (const auto& file : collect(options.paths)) {
    seeds.push_back(read_file(file));
    run_one(seeds.back());
  }
  run_one({});
  Mutator mutator(options.seed);
  std::uint64_t runs = 0;
  while (runs < options.runs && std::chrono::steady_clock::now() < end) {
    run_one(mutator.next(seeds));
    ++runs;
  }
  std::printf("replayed %zu seeds and %llu mutations\n", seeds.size(),
              static_cast<unsigned long long>(runs));
  return 0;
}
