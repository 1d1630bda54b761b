#ifndef PROMSHM_STORE_DIRECTORY_LOCK_H_
#define PROMSHM_STORE_DIRECTORY_LOCK_H_

#include <chrono>
#include <optional>

namespace promshm::store {

// Whether a lock is held by somebody who reads the directory, or by the one
// who makes names mean other files.
enum class LockMode { kShared, kExclusive };

// Takes a flock on an open directory, as soon as it can be had; it goes with
// the descriptor. False when others hold it for longer than `patience`. True
// also on a file system without such locks. May be called in signal handlers.
bool LockDirectory(int fd, LockMode mode,
                   std::chrono::milliseconds patience) noexcept;

// When to give up waiting, if that is before the usual patience ends.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

void UnlockDirectory(int fd) noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_DIRECTORY_LOCK_H_
