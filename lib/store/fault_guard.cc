#include "store/fault_guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "store/fork_safe_lock.h"

namespace promshm::store {
namespace {

ForkSafeLock installing;
int users = 0;
struct sigaction before;
// By the application. Its handler may call ours, which would call it again.
bool was_replaced = false;

// In memory that is there from the start: a handler cannot allocate any.
[[gnu::tls_model("initial-exec")]] thread_local FaultGuard* guard_here =
    nullptr;

void Handle(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  if (guard_here != nullptr && guard_here->Take(info->si_addr)) {
    errno = error;
    return;
  }
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(signal, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(signal);
  } else if (before.sa_handler == SIG_DFL || info->si_code > 0) {
    // It comes again when this returns, or is sent again.
    struct sigaction last {};
    last.sa_handler = SIG_DFL;
    sigaction(signal, &last, nullptr);
    if (info->si_code <= 0) raise(signal);
  }
  errno = error;
}

bool IsOurs() {
  struct sigaction now;
  return sigaction(SIGBUS, nullptr, &now) == 0 &&
         (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == &Handle;
}

}  // namespace

FaultHandler::FaultHandler() {
  const ForkSafeLock::Guard lock(&installing);
  if (users++ > 0 || was_replaced) return;
  struct sigaction ours {};
  ours.sa_sigaction = &Handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGBUS, &ours, &before);
}

FaultHandler::~FaultHandler() {
  const ForkSafeLock::Guard lock(&installing);
  if (--users > 0) return;
  was_replaced = was_replaced || !IsOurs();
  if (!was_replaced) sigaction(SIGBUS, &before, nullptr);
}

FaultScope::FaultScope() noexcept : is_safe_(IsOurs()) {
  sigset_t fault;
  sigemptyset(&fault);
  sigaddset(&fault, SIGBUS);
  pthread_sigmask(SIG_UNBLOCK, &fault, &before_);
}

FaultScope::~FaultScope() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

FaultGuard::FaultGuard(const FileMapping& mapping) noexcept
    : base_(const_cast<char*>(mapping.base())), size_(mapping.size()) {
  guard_here = this;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

FaultGuard::~FaultGuard() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  guard_here = nullptr;
}

bool FaultGuard::Take(const void* address) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const auto begin = reinterpret_cast<std::uintptr_t>(base_);
  if (at < begin || at - begin >= size_) return false;
  // From here to the end, all is gone.
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t from = (at - begin) / page * page;
  if (mmap(base_ + from, size_ - from, PROT_READ,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
    return false;
  }
  has_faulted_ = 1;
  return true;
}

}  // namespace promshm::store
