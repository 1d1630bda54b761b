#ifndef PROMSHM_STORE_FORK_SAFE_LOCK_H_
#define PROMSHM_STORE_FORK_SAFE_LOCK_H_

#include <signal.h>

#include <atomic>
#include <cstdint>

namespace promshm::store {

// Purpose: a lock that may be taken in a signal handler and that a forked child
// never inherits as held. Whoever holds it has its signals blocked, so that no
// handler runs into the lock of its own thread, and is not cancelled; the lock
// remembers the generation of the process that took it, and in any other it is
// free. Errno is left as it was.
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

   private:
    ForkSafeLock* lock_;
    int errno_;
    int cancel_state_ = 0;
    sigset_t signals_{};
  };

 private:
  void Lock() noexcept;
  void Unlock() noexcept;

  // Twice the generation, and 1 while it is held.
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FORK_SAFE_LOCK_H_
