#ifndef PROMSHM_COUNTER_H_
#define PROMSHM_COUNTER_H_

#include <cstdint>
#include <memory>

#include "promshm/builder.h"
#include "promshm/export.h"

namespace promshm {

namespace instrument {
class Entries;
}

/// Purpose: a value that only rises, one series of a family. Made by
/// Family<Counter>::Add().
///
/// Increment() adds to a number in a file that is mapped into memory: one
/// atomic add, no lock, no look-up, no system call. It may be called in a
/// signal handler. In a child of fork() the first call opens the child's own
/// file and starts from zero there. Nothing here throws; while there is no file
/// (see registry.h), the increment is dropped and counted.
///
/// Lifetime: as long as its Registry. Thread safety: every method may be called
/// from several threads.
class PROMSHM_EXPORT Counter {
 public:
  ~Counter();

  void Increment() noexcept;

  /// An `amount` that is negative or not a number changes nothing.
  void Increment(double amount) noexcept;

  /// For what is counted elsewhere, instead of Increment(): sets what this
  /// process has counted. What it found in a file that it continues stays, as
  /// an earlier process's. A `total` that is negative or not a number changes
  /// nothing; one that is smaller than before is a counter that started again.
  /// By one thread at a time, and not in signal handlers.
  void SetTotal(double total) noexcept;

  /// What this process has counted, together with what it found in a file that
  /// it continues; 0 while it has no file.
  double Value() const noexcept;

 private:
  template <typename T>
  friend class Family;
  explicit Counter(std::unique_ptr<instrument::Entries> entries);

  std::unique_ptr<instrument::Entries> entries_;

  // What SetTotal() found in the file, and which file that was.
  double found_ = 0;
  std::uint64_t found_in_ = UINT64_MAX;
};

/// Starts the description of a family of counters. prometheus_client's names
/// hold here too: the samples are called `NAME_total`, whether the name is
/// given with the suffix or without.
inline Builder<Counter> BuildCounter() { return {}; }

}  // namespace promshm

#endif  // PROMSHM_COUNTER_H_
