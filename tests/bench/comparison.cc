#include "tests/bench/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace promshm::bench {
namespace {

bool any_failed = false;

std::string TargetText(const Comparison& comparison, double ratio) {
  if (comparison.target == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f: %s", comparison.target,
                ratio <= comparison.target ? "met" : "missed");
  return text;
}

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
  std::printf("\n%-26s %9s  %-32s %9s  %5s  %s\n", "medians", "ns",
              "compared with", "ns", "ratio", "target");
  for (const Comparison& comparison : comparisons) {
    const double time = reporter.Median(comparison.name);
    const double other = reporter.Median(comparison.other);
    if (std::isnan(time) || std::isnan(other)) continue;
    std::printf("%-26s %9.2f  %-32s %9.2f  %5.2f  %s\n", comparison.name, time,
                comparison.other, other, time / other,
                TargetText(comparison, time / other).c_str());
  }
}

}  // namespace promshm::bench
