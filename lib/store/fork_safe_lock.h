#ifndef PROMSHM_STORE_FORK_SAFE_LOCK_H_
#define PROMSHM_STORE_FORK_SAFE_LOCK_H_

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cstdint>

#include "store/caller_state.h"

namespace promshm::store {

// Purpose: a lock that may be taken in a signal handler and that a forked child
// never inherits as held. Whoever holds it has its signals blocked, so that no
// handler runs into the lock of its own thread; the lock remembers the
// generation of the process that took it, and in any other it is free.
//
// What runs under it may call back all the same, from an allocator or the
// handler of a fault: such a Guard does not hold the lock, and its caller has
// to do without.
//
// What it guards may be found half changed in a child, as another thread of the
// parent left it.
//
// Thread safety: made for it.
class ForkSafeLock {
 public:
  class Guard {
   public:
    explicit Guard(ForkSafeLock* lock) noexcept;
    ~Guard();

    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // False when this thread has it already.
    bool holds() const { return holds_; }

   private:
    const CallerState state_;
    ForkSafeLock* const lock_;
    sigset_t signals_{};
    bool holds_;
  };

 private:
  bool Lock() noexcept;
  void Unlock() noexcept;

  // Twice the generation, and 1 while it is held.
  std::atomic<std::uint32_t> word_{0};
  std::atomic<pthread_t> holder_{};
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FORK_SAFE_LOCK_H_
