#include "tools/clean/clean_run.h"

#include <signal.h>

#include <chrono>
#include <thread>
#include <utility>

namespace promshm::tools {
namespace {

Result<CleanRun> RunOnce(const std::string& directory,
                         const CleaningOptions& options, bool dry_run) {
  if (!dry_run) {
    const Result<bool> finished = FinishMerge(directory);
    if (!finished.ok()) return finished.status();
  }
  Result<CleaningPlan> plan = PlanCleaning(directory, options);
  if (!plan.ok()) return plan.status();
  Result<CleaningReport> report =
      dry_run ? RehearseCleaning(*plan) : Clean(*plan);
  if (!report.ok()) return report.status();
  std::vector<Issue> issues = plan->issues;
  issues.insert(issues.end(), report->issues.begin(), report->issues.end());
  return CleanRun{*std::move(plan), *std::move(report), std::move(issues)};
}

bool IsToldToStop() {
  sigset_t pending;
  return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 ||
                                       sigismember(&pending, SIGINT) == 1);
}

}  // namespace

Result<CleanRun> RunCleaning(const std::string& directory,
                             const CleaningOptions& options,
                             const CleanArguments& arguments) {
  constexpr std::chrono::milliseconds kPause(100);
  for (;;) {
    Result<CleanRun> run = RunOnce(directory, options, arguments.dry_run);
    if (run.ok() || run.status().kind() != StatusKind::kBusy ||
        !arguments.wait || IsToldToStop()) {
      return run;
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace promshm::tools
