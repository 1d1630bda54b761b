#ifndef PROMSHM_STORE_DIRECTORY_LOCK_H_
#define PROMSHM_STORE_DIRECTORY_LOCK_H_

#include <chrono>

namespace promshm::store {

// Whether a lock is held by somebody who reads the directory, or by the one
// who makes names mean other files.
enum class LockMode { kShared, kExclusive };

// Takes a flock on an open directory, as soon as it can be had; it goes with
// the descriptor. False when others hold it for longer than `patience`. True
// also on a file system without such locks. May be called in signal handlers.
bool LockDirectory(int fd, LockMode mode,
                   std::chrono::milliseconds patience) noexcept;

void UnlockDirectory(int fd) noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_DIRECTORY_LOCK_H_
