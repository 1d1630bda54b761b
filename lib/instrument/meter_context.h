#ifndef PROMSHM_INSTRUMENT_METER_CONTEXT_H_
#define PROMSHM_INSTRUMENT_METER_CONTEXT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "instrument/observer.h"
#include "promshm/meter_provider_options.h"
#include "promshm/registry.h"
#include "store/fork_safe_lock.h"

namespace promshm::otel {

// Purpose: what the instruments of one provider share.
//
// Thread safety: every method may be called from several threads.
class MeterContext {
 public:
  MeterContext(const MeterProviderOptions& options, std::function<bool()> tick);

  const MeterProviderOptions& options() const { return options_; }
  Registry* registry() { return &registry_; }
  Observer* observer() { return &observer_; }

  // Guards what grows: scopes, instruments and their attribute sets.
  store::ForkSafeLock* lock() { return &lock_; }

  // Not while the lock is held.
  void Report(std::string_view message) const noexcept;

  void CountRefusal() noexcept {
    refused_.fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t refused() const noexcept {
    return refused_.load(std::memory_order_relaxed);
  }

  // A measurement for which there was no memory.
  void CountLoss() noexcept { lost_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t lost() const noexcept {
    return lost_.load(std::memory_order_relaxed);
  }

  // The pass of the callbacks that is running, or was the last one. Changed by
  // its thread.
  std::uint64_t pass() const noexcept { return pass_; }
  void EndPass() noexcept { ++pass_; }

 private:
  const MeterProviderOptions options_;
  Registry registry_;
  store::ForkSafeLock lock_;
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::uint64_t pass_ = 1;
  // Last: its thread uses the others.
  Observer observer_;
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_METER_CONTEXT_H_
