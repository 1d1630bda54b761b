#include "store/directory_lock.h"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace promshm::store {

bool LockDirectory(int fd, LockMode mode,
                   std::chrono::milliseconds patience) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto pause = std::min(patience / 50, std::chrono::milliseconds(5));
  const int operation = mode == LockMode::kShared ? LOCK_SH : LOCK_EX;
  while (flock(fd, operation | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    // Any other refusal means that the file system has no such lock.
    if (errno != EWOULDBLOCK) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

void UnlockDirectory(int fd) noexcept { flock(fd, LOCK_UN); }

}  // namespace promshm::store
