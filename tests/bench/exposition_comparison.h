#ifndef PROMSHM_TESTS_BENCH_EXPOSITION_COMPARISON_H_
#define PROMSHM_TESTS_BENCH_EXPOSITION_COMPARISON_H_

#include <string>

namespace promshm::bench {

// Whether two sums of the same doubles are equal: their last digits depend on
// the order.
bool SameSum(double one, double other);

// The first difference of two texts of format 0.0.4, in whatever order their
// lines are; empty when there is none. Values are compared as sums.
std::string FirstDifference(const std::string& one, const std::string& other);

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_EXPOSITION_COMPARISON_H_
