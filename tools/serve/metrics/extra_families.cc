#include "tools/serve/metrics/extra_families.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace promshm::tools {
namespace {

constexpr std::string_view kOwnPrefix = "promshm_";
constexpr std::string_view kProcessPrefix = "process_";

bool HasPrefix(const std::vector<std::string>& names, std::string_view prefix) {
  return names.empty() || std::any_of(names.begin(), names.end(),
                                      [prefix](const std::string& name) {
                                        return name.starts_with(prefix);
                                      });
}

// By its own name, or in OpenMetrics' way without `_total`.
bool IsNamed(const prometheus::MetricFamily& family,
             const std::vector<std::string>& names) {
  return names.empty() || std::any_of(names.begin(), names.end(),
                                      [&family](const std::string& name) {
                                        return family.name == name ||
                                               family.name == name + "_total";
                                      });
}

}  // namespace

ExtraFamilies::ExtraFamilies(bool with_own, ProcessMetricsMode mode,
                             std::string proc, ProcessFinder* finder,
                             const Log* log)
    : with_own_(with_own),
      with_processes_(mode != ProcessMetricsMode::kOff),
      processes_(mode, finder, std::move(proc)),
      problems_([log](const std::string& line) { log->Warn(line); }) {}

bool ExtraFamilies::AreWanted(const std::vector<std::string>& names) const {
  return (with_own_ && HasPrefix(names, kOwnPrefix)) ||
         (with_processes_ && HasPrefix(names, kProcessPrefix));
}

ExtraFamilies::Families ExtraFamilies::OfOne(
    const ObservedDirectory& directory, std::chrono::duration<double> duration,
    const std::vector<std::string>& names) {
  return Finish(processes_.OfOne(directory), {directory}, duration, names);
}

ExtraFamilies::Families ExtraFamilies::OfAll(
    const std::vector<ObservedDirectory>& directories,
    std::chrono::duration<double> duration,
    const std::vector<std::string>& names) {
  return Finish(processes_.OfAll(directories), directories, duration, names);
}

void ExtraFamilies::NoteCleaning(const std::string& directory,
                                 const Result<CleaningReport>& outcome) {
  if (outcome.ok()) {
    own_.CountCompaction(directory,
                         outcome->folded.files - outcome->folded_again);
  } else {
    own_.CountFailedCompaction(directory);
  }
}

ExtraFamilies::Families ExtraFamilies::Finish(
    ProcessFamilies of_processes,
    const std::vector<ObservedDirectory>& directories,
    std::chrono::duration<double> duration,
    const std::vector<std::string>& names) {
  // Each once: what is not told any more may come back soon.
  problems_.Report(IssueLog::kCollectionView, IssueLog::Coverage::kPart,
                   of_processes.problems);
  Families families = std::move(of_processes.families);
  if (with_own_) {
    Families own = own_.Collect(directories, duration);
    std::move(own.begin(), own.end(), std::back_inserter(families));
  }
  std::erase_if(families, [&names](const prometheus::MetricFamily& family) {
    return !IsNamed(family, names);
  });
  return families;
}

}  // namespace promshm::tools
