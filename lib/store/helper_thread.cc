#include "store/helper_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace promshm::store {
namespace {

// Those that this thread may run on, but for the one it is on. None when that
// is the only one.
std::optional<cpu_set_t> OtherProcessors() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  const int here = sched_getcpu();
  if (here < 0 || sched_getaffinity(0, sizeof(processors), &processors) != 0) {
    return std::nullopt;
  }
  CPU_CLR(static_cast<std::size_t>(here), &processors);
  if (CPU_COUNT(&processors) == 0) return std::nullopt;
  return processors;
}

// The application's signals are not for a thread of ours.
class SignalBlock {
 public:
  SignalBlock() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalBlock() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

std::thread StartHelper(std::function<void()> work) {
  const std::optional<cpu_set_t> others = OtherProcessors();
  if (!others) return {};
  const SignalBlock block;
  try {
    std::thread helper(std::move(work));
    // Some schedulers would leave it where this thread is until that pauses.
    pthread_setaffinity_np(helper.native_handle(), sizeof(*others), &*others);
    return helper;
  } catch (const std::system_error&) {
    return {};  // then the caller does it all
  }
}

void ShareWork(std::size_t size, const std::function<void(std::size_t)>& work) {
  // So many at once that the threads do not meet at the counter all the time.
  constexpr std::size_t kAtOnce = 16;
  std::atomic<std::size_t> next{0};
  std::exception_ptr thrown;
  std::once_flag is_thrown;
  const auto take_part = [&] {
    try {
      for (;;) {
        const std::size_t begin = next.fetch_add(kAtOnce);
        if (begin >= size) return;
        const std::size_t end = std::min(size, begin + kAtOnce);
        for (std::size_t i = begin; i < end; ++i) work(i);
      }
    } catch (...) {
      next = size;
      std::call_once(is_thrown, [&] { thrown = std::current_exception(); });
    }
  };
  std::thread helper;
  if (size >= kFewFiles) helper = StartHelper(take_part);
  take_part();
  if (helper.joinable()) helper.join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace promshm::store
