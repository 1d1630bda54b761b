#include "store/fork_safe_lock.h"

#include <pthread.h>

#include <cerrno>

#include "store/process_generation.h"

namespace promshm::store {
namespace {

// A fault of the program's own goes to its handler even now.
sigset_t BlockedSignals() noexcept {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault :
       {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) {
    sigdelset(&signals, fault);
  }
  return signals;
}

}  // namespace

ForkSafeLock::Guard::Guard(ForkSafeLock* lock) noexcept
    : lock_(lock), errno_(errno) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
  const sigset_t blocked = BlockedSignals();
  pthread_sigmask(SIG_BLOCK, &blocked, &signals_);
  lock_->Lock();
}

ForkSafeLock::Guard::~Guard() {
  lock_->Unlock();
  pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
  pthread_setcancelstate(cancel_state_, nullptr);
  errno = errno_;
}

void ForkSafeLock::Lock() noexcept {
  const std::uint32_t held = EnterProcess() << 1 | 1;
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    if (seen == held) {
      word_.wait(seen, std::memory_order_relaxed);
      seen = word_.load(std::memory_order_relaxed);
    } else if (word_.compare_exchange_weak(seen, held,
                                           std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
      return;
    }
  }
}

void ForkSafeLock::Unlock() noexcept {
  word_.store(EnterProcess() << 1, std::memory_order_release);
  word_.notify_one();
}

}  // namespace promshm::store
