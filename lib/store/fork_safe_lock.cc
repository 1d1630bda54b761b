#include "store/fork_safe_lock.h"

#include <initializer_list>

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

ForkSafeLock::Guard::Guard(ForkSafeLock* lock) noexcept : lock_(lock) {
  const sigset_t blocked = BlockedSignals();
  pthread_sigmask(SIG_BLOCK, &blocked, &signals_);
  holds_ = lock_->Lock();
}

ForkSafeLock::Guard::~Guard() {
  if (holds_) lock_->Unlock();
  pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
}

bool ForkSafeLock::Lock() noexcept {
  const std::uint32_t held = EnterProcess() << 1 | 1;
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    if (seen == held) {
      const pthread_t holder = holder_.load(std::memory_order_relaxed);
      if (pthread_equal(holder, pthread_self()) != 0) return false;
      word_.wait(seen, std::memory_order_relaxed);
      seen = word_.load(std::memory_order_relaxed);
    } else if (word_.compare_exchange_weak(seen, held,
                                           std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
      holder_.store(pthread_self(), std::memory_order_relaxed);
      return true;
    }
  }
}

void ForkSafeLock::Unlock() noexcept {
  holder_.store(pthread_t(), std::memory_order_relaxed);
  word_.store(EnterProcess() << 1, std::memory_order_release);
  word_.notify_one();
}

}  // namespace promshm::store
