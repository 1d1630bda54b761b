#ifndef PROMSHM_TESTS_BENCH_COMPARISON_H_
#define PROMSHM_TESTS_BENCH_COMPARISON_H_

#include <benchmark/benchmark.h>

#include <map>
#include <span>
#include <string>
#include <vector>

namespace promshm::bench {

// One benchmark's time as a multiple of another's.
struct Comparison {
  const char* name;
  const char* other;
  double target;  // at most; 0: none, for information
};

// Ends a benchmark that did not do what it times, and makes failed() true.
void Fail(benchmark::State& state, const char* what);

// Whether a benchmark failed.
bool failed();

// Purpose: prints what Google Benchmark makes of a benchmark's repetitions, and
// keeps the time of each.
//
// Thread safety: needs external locking.
class Reporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override;

  // In nanoseconds of CPU time; not a number where there was no run.
  double Median(const char* name) const;

 private:
  std::map<std::string, std::vector<double>> times_;
};

// Prints a table of those of which both were run.
void PrintComparisons(const Reporter& reporter,
                      std::span<const Comparison> comparisons);

}  // namespace promshm::bench

#endif  // PROMSHM_TESTS_BENCH_COMPARISON_H_
