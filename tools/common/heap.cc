#include "tools/common/heap.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace promshm::tools {
namespace {

constexpr int kReserved = 64 << 20;

std::uintptr_t EndOfHeap() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  return reinterpret_cast<std::uintptr_t>(sbrk(0));
}

}  // namespace

// What is reserved takes no memory until it is used.
void TakeMemoryAtOnce() {
  constexpr int kMostThatMallocTakes = 32 << 20;
  mallopt(M_MMAP_THRESHOLD, kMostThatMallocTakes);
  mallopt(M_TRIM_THRESHOLD, 2 * kReserved);
  mallopt(M_TOP_PAD, kReserved);
  mallopt(M_ARENA_MAX, 1);
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t begin = (EndOfHeap() + page - 1) / page * page;
  constexpr std::size_t kMoreThanThereIs = 1 << 20;
  void* volatile const first = std::malloc(kMoreThanThereIs);  // not left out
  const std::uintptr_t end = EndOfHeap();
  std::free(first);
  // Once that is used up, or where there is not so much: as usual.
  constexpr int kUsual = 128 << 10;
  mallopt(M_TOP_PAD, kUsual);
  // Slower where the system does not, and nothing else.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast,performance-no-int-to-ptr)
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace promshm::tools
