#include "store/reserved_mapping.h"

#include <sys/mman.h>
#include <sys/types.h>

namespace promshm::store {

bool ReservedMapping::Reserve(std::size_t wanted, std::size_t least) noexcept {
  for (std::size_t size = wanted; size >= least; size /= 2) {
    void* memory = mmap(nullptr, size, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) continue;
    madvise(memory, size, MADV_DONTFORK);
    base_ = static_cast<char*>(memory);
    capacity_ = size;
    return true;
  }
  return false;
}

bool ReservedMapping::Map(int fd, std::size_t from, std::size_t to) noexcept {
  void* memory = mmap(base_ + from, to - from, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED, fd, static_cast<off_t>(from));
  if (memory == MAP_FAILED) return false;
  madvise(memory, to - from, MADV_DONTFORK);
  return true;
}

void ReservedMapping::Release() noexcept {
  if (base_ != nullptr) munmap(base_, capacity_);
  Forget();
}

}  // namespace promshm::store
