#ifndef PROMSHM_INSTRUMENT_MAPPED_VALUE_H_
#define PROMSHM_INSTRUMENT_MAPPED_VALUE_H_

#include <atomic>
#include <bit>
#include <cstdint>

// Access to a value in a mapped file, by the place that holds its address.
// Readers in other processes load whole doubles, too; nothing is published by a
// value, so no order is asked for.

namespace promshm::instrument {

static_assert(std::atomic_ref<double>::is_always_lock_free);

using MappedValue = std::atomic<double*>;

inline double* AddressOf(const MappedValue& value) noexcept {
  return value.load(std::memory_order_relaxed);
}

inline void AddTo(const MappedValue& value, double amount) noexcept {
  // By its bits, which stay in a register; std::atomic_ref<double> passes each
  // value through memory, a tenth of the time.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  auto* const bits = reinterpret_cast<std::uint64_t*>(AddressOf(value));
  const std::atomic_ref<std::uint64_t> place(*bits);
  std::uint64_t old = place.load(std::memory_order_relaxed);
  while (!place.compare_exchange_weak(
      old, std::bit_cast<std::uint64_t>(std::bit_cast<double>(old) + amount),
      std::memory_order_relaxed)) {
  }
}

inline void Store(const MappedValue& value, double number) noexcept {
  std::atomic_ref<double>(*AddressOf(value))
      .store(number, std::memory_order_relaxed);
}

inline double Load(const MappedValue& value) noexcept {
  return std::atomic_ref<double>(*AddressOf(value))
      .load(std::memory_order_relaxed);
}

}  // namespace promshm::instrument

#endif  // PROMSHM_INSTRUMENT_MAPPED_VALUE_H_
