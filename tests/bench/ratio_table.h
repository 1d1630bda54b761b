#ifndef PROMSHM_TESTS_BENCH_RATIO_TABLE_H_
#define PROMSHM_TESTS_BENCH_RATIO_TABLE_H_

#include <span>
#include <string>

namespace promshm::bench {

// One time as a multiple of another, in the same unit.
struct Ratio {
  std::string name;
  double time = 0;
  std::string other;
  double other_time = 0;
  double target = 0;  // at most; 0: none, for information
};

// Prints them, and whether targets were met. Those with a time that is not a
// number are left out.
void PrintRatios(const char* unit, std::span<const Ratio> ratios);

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_RATIO_TABLE_H_
