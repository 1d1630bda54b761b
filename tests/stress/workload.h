#ifndef PROMSHM_TESTS_STRESS_WORKLOAD_H_
#define PROMSHM_TESTS_STRESS_WORKLOAD_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "promshm/registry.h"
#include "tests/stress/totals.h"

namespace promshm::testing {

// Purpose: increments by number. The n-th goes to one of three label sets in
// one of three families; every amount is a multiple of kUnit, so that sums are
// exact in whatever order they are made.
//
// Lifetime: the registry must outlive it. Thread safety: const methods may be
// called from several threads.
class Workload {
 public:
  static constexpr double kUnit = 0.25;

  // Registers the families and adds the label sets but the last.
  explicit Workload(Registry* registry);

  // Adds the last label set, and counts the increments 0 to `count` - 1.
  void Count(std::uint64_t count) const;

  // What that makes.
  static Totals Expected(std::uint64_t count);

 private:
  static constexpr int kLabelSets = 3;

  struct Instruments {
    Counter* whole;
    Counter* quarters;
    Histogram* sizes;
  };

  Instruments Add(int label_set) const;

  Family<Counter>& whole_;
  Family<Counter>& quarters_;
  Family<Histogram>& sizes_;
  std::array<Instruments, kLabelSets - 1> early_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_STRESS_WORKLOAD_H_
