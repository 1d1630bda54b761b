#ifndef PROMSHM_INSTRUMENT_PROCESS_COUNT_H_
#define PROMSHM_INSTRUMENT_PROCESS_COUNT_H_

#include <atomic>
#include <cstdint>

#include "store/process_generation.h"

namespace promshm::instrument {

// Purpose: counts what happens in one process; a forked child starts from zero.
//
// Thread safety: every method may be called from several threads, and in signal
// handlers.
class ProcessCount {
 public:
  void Increment() noexcept {
    const std::uint64_t start = Start();
    std::uint64_t seen = count_.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
      const bool ours = (seen & ~kMask) == start;
      next = (ours ? seen : start) + 1;
    } while (
        !count_.compare_exchange_weak(seen, next, std::memory_order_relaxed));
  }

  std::uint64_t value() const noexcept {
    const std::uint64_t seen = count_.load(std::memory_order_relaxed);
    return (seen & ~kMask) == Start() ? seen & kMask : 0;
  }

 private:
  static constexpr int kBits = 40;
  static constexpr std::uint64_t kMask = (std::uint64_t{1} << kBits) - 1;

  static std::uint64_t Start() noexcept {
    return std::uint64_t{store::EnterProcess()} << kBits;
  }

  // The process's generation above kBits, its count below.
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace promshm::instrument

#endif  // PROMSHM_INSTRUMENT_PROCESS_COUNT_H_
