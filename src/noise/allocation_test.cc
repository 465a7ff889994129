// SPDX-License-Identifier: MIT OR Apache-2.0
// A whole handshake and its transport messages take no memory from the heap. Its own program: it
// counts every malloc of the process (through the sanitizer's hooks where one is built in).
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "noise/testing/test_support.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ZEROK_TEST_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ZEROK_TEST_SANITIZED 1
#endif

namespace {
thread_local bool t_counting = false;
thread_local int t_allocations = 0;

void count_allocation() {
  if (t_counting) ++t_allocations;
}
}  // namespace

#ifdef ZEROK_TEST_SANITIZED
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*,
                                                                  std::size_t),
                                                         void (*)(const volatile void*));
namespace {
const int kHooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { count_allocation(); }, [](const volatile void*) {});
}  // namespace
#else
// Taking malloc's name catches operator new too, which calls it; so the names must be visible to
// the shared libraries.
#pragma GCC visibility push(default)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void* malloc(std::size_t size) {
  count_allocation();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  count_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  count_allocation();
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count_allocation();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  count_allocation();
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? 12 : 0;
}
}
#pragma GCC visibility pop
#endif

namespace zerok::noise {
namespace {

// Counts this thread's allocations while it lives.
class Counting {
 public:
  Counting() {
    t_allocations = 0;
    t_counting = true;
  }
  ~Counting() { t_counting = false; }
  int stop() {
    t_counting = false;
    return t_allocations;
  }
};

TEST(AllocationTest, TheCounterSeesAllocations) {
  Counting counting;
  // Called by name: a compiler may leave out a new expression whose result goes nowhere.
  void* volatile from_new = ::operator new(10);
  void* volatile from_malloc = std::malloc(10);
  const int allocations = counting.stop();
  ::operator delete(from_new);
  std::free(from_malloc);
  EXPECT_EQ(allocations, 2);
}

TEST(AllocationTest, AHandshakeAndItsTransportMessagesTakeNoHeapMemory) {
  const StaticKeys initiator_keys = keys_of(1);
  const StaticKeys responder_keys = keys_of(2);
  static ByteArray<kTransportMessageSizeMax> buffer{};
  const MutableByteView text = MutableByteView(buffer).first(kTransportPlaintextSizeMax);

  Counting counting;
  Pair<> pair(initiator_keys, responder_keys);
  bool done = pair.run().has_value();
  auto i = pair.initiator.finish();
  auto r = pair.responder.finish();
  done = done && i && r;
  for (int n = 0; done && n < 10; ++n) {
    done = i->seal(text, buffer) && r->open(buffer, text) && r->seal(text, buffer) &&
           i->open(buffer, text);
  }
  const bool refused = done && !r->open(buffer, text) && r->is_ended();
  EXPECT_EQ(counting.stop(), 0);
  EXPECT_TRUE(refused);
}

TEST(AllocationTest, ARefusedHandshakeTakesNoHeapMemory) {
  const StaticKeys initiator_keys = keys_of(1);
  const StaticKeys responder_keys = keys_of(2);
  Counting counting;
  Pair<> pair(initiator_keys, responder_keys);
  const bool before = pair.run(1) && pair.write(1);
  pair.message(1)[0] ^= 1;
  const bool refused = !pair.read(1);
  EXPECT_EQ(counting.stop(), 0);
  EXPECT_TRUE(before && refused);
}

}  // namespace
}  // namespace zerok::noise
