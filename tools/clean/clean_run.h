#ifndef PROMSHM_TOOLS_CLEAN_CLEAN_RUN_H_
#define PROMSHM_TOOLS_CLEAN_CLEAN_RUN_H_

#include <string>
#include <vector>

#include "promshm/maintain.h"
#include "promshm/status.h"
#include "tools/clean/clean_arguments.h"

namespace promshm::tools {

struct CleanRun {
  CleaningPlan plan;
  CleaningReport report;
  std::vector<Issue> issues;  // of both
};

// Finishes what another cleaner left, plans, and carries the plan out, or only
// rehearses it. Where the arguments say so, waits for other cleaners until one
// of the signals is pending that BlockStopSignals() blocks.
Result<CleanRun> RunCleaning(const std::string& directory,
                             const CleaningOptions& options,
                             const CleanArguments& arguments);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_CLEAN_CLEAN_RUN_H_
