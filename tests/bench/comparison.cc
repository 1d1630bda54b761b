#include "tests/bench/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/bench/ratio_table.h"

namespace promshm::bench {
namespace {

bool any_failed = false;

}  // namespace

// Run says itself whether it failed, but not by one name in all releases.
void Fail(benchmark::State& state, const char* what) {
  any_failed = true;
  state.SkipWithError(what);
}

bool failed() { return any_failed; }

void Reporter::ReportRuns(const std::vector<Run>& runs) {
  bool print = failed();
  for (const Run& run : runs) {
    print = print || run.repetitions == 1 || run.run_type == Run::RT_Aggregate;
    if (run.run_type == Run::RT_Iteration) {
      times_[run.run_name.function_name].push_back(run.GetAdjustedCPUTime());
    }
  }
  if (print) ConsoleReporter::ReportRuns(runs);
}

double Reporter::Median(const char* name) const {
  const auto at = times_.find(name);
  if (at == times_.end()) return std::nan("");
  std::vector<double> times = at->second;
  const auto middle =
      times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

void PrintComparisons(const Reporter& reporter,
                      std::span<const Comparison> comparisons) {
  std::vector<Ratio> ratios;
  for (const Comparison& comparison : comparisons) {
    ratios.push_back({comparison.name, reporter.Median(comparison.name),
                      comparison.other, reporter.Median(comparison.other),
                      comparison.target});
  }
  PrintRatios("ns", ratios);
}

}  // namespace promshm::bench
