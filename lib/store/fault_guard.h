#ifndef PROMSHM_STORE_FAULT_GUARD_H_
#define PROMSHM_STORE_FAULT_GUARD_H_

#include <signal.h>

#include <atomic>
#include <cstddef>

#include "store/file_mapping.h"

namespace promshm::store {

// Purpose: lets the process handle the signal that reading a mapping gives when
// somebody has cut the file (SIGBUS). What comes of other addresses goes where
// it went before: to the application's handler, or the process ends.
//
// Installed while one of these is there. An application that installs a handler
// of its own meanwhile has the last word.
//
// Thread safety: may be made and destroyed in several threads.
class FaultHandler {
 public:
  FaultHandler();
  ~FaultHandler();

  FaultHandler(const FaultHandler&) = delete;
  FaultHandler& operator=(const FaultHandler&) = delete;
};

// Purpose: lets this thread get the signal as long as this is there.
//
// Lifetime: a FaultHandler must outlive it. Thread safety: belongs to one
// thread.
class FaultScope {
 public:
  FaultScope() noexcept;
  ~FaultScope();

  FaultScope(const FaultScope&) = delete;
  FaultScope& operator=(const FaultScope&) = delete;

  // False when the handler is another, and mappings are not to be read.
  bool is_safe() const noexcept { return is_safe_; }

 private:
  sigset_t before_;
  bool is_safe_ = false;
};

// Purpose: a mapping may be read by this thread as long as this is there. Where
// bytes are missing zeros are read, and has_faulted() is true from then on.
//
// One at a time a thread. Lifetime: a safe FaultScope and the mapping must
// outlive it. Thread safety: belongs to one thread.
class FaultGuard {
 public:
  explicit FaultGuard(const FileMapping& mapping) noexcept;
  ~FaultGuard();

  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;

  bool has_faulted() const noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return has_faulted_ != 0;
  }

  // For the handler. False when the address is none of the mapping's.
  bool Take(const void* address) noexcept;

 private:
  char* const base_;
  const std::size_t size_;
  volatile sig_atomic_t has_faulted_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FAULT_GUARD_H_
