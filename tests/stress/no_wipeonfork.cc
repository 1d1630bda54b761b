#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

// Preloaded, makes the C library's madvise() that of a kernel before 4.14,
// which has no MADV_WIPEONFORK.

namespace {

std::atomic<int> refused{0};

}  // namespace

extern "C" int promshm_refused_wipeonfork() { return refused; }

extern "C" int madvise(void* address, std::size_t length, int advice) noexcept {
  if (advice == MADV_WIPEONFORK) {
    ++refused;
    errno = EINVAL;
    return -1;
  }
  return static_cast<int>(syscall(SYS_madvise, address, length, advice));
}
