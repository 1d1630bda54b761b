#ifndef PROMSHM_INSTRUMENT_METER_CONTEXT_H_
#define PROMSHM_INSTRUMENT_METER_CONTEXT_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "instrument/observer.h"
#include "instrument/process_count.h"
#include "promshm/meter_provider_options.h"
#include "promshm/registry.h"
#include "store/fork_safe_lock.h"

namespace promshm::otel {

// Purpose: what the instruments of one provider share.
//
// Thread safety: every method may be called from several threads.
class MeterContext {
 public:
  using ProcessCount = instrument::ProcessCount;

  MeterContext(const MeterProviderOptions& options, std::function<bool()> tick);

  const MeterProviderOptions& options() const { return options_; }
  Registry* registry() { return &registry_; }
  Observer* observer() { return &observer_; }

  // Guards what grows: scopes, instruments and their attribute sets.
  store::ForkSafeLock* lock() { return &lock_; }

  // Not while the lock is held.
  void Report(std::string_view message) const noexcept;

  // Measurements that were refused, and those for which there was no memory.
  ProcessCount* refused() { return &refused_; }
  ProcessCount* lost() { return &lost_; }

  // The pass of the callbacks that is running, or was the last one. Changed by
  // its thread.
  std::uint64_t pass() const noexcept { return pass_; }
  void BeginPass() noexcept { ++pass_; }

 private:
  const MeterProviderOptions options_;
  Registry registry_;
  store::ForkSafeLock lock_;
  ProcessCount refused_;
  ProcessCount lost_;
  std::uint64_t pass_ = 0;
  // Last: its thread uses the others.
  Observer observer_;
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_METER_CONTEXT_H_
