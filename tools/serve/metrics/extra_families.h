#ifndef PROMSHM_TOOLS_SERVE_METRICS_EXTRA_FAMILIES_H_
#define PROMSHM_TOOLS_SERVE_METRICS_EXTRA_FAMILIES_H_

#include <prometheus/metric_family.h>

#include <chrono>
#include <string>
#include <vector>

#include "promshm/maintain.h"
#include "promshm/running_process.h"
#include "promshm/status.h"
#include "tools/serve/issue_log.h"
#include "tools/serve/log.h"
#include "tools/serve/metrics/observed_directory.h"
#include "tools/serve/metrics/own_metrics.h"
#include "tools/serve/metrics/process_metrics.h"

namespace promshm::tools {

// Purpose: what a scrape gets beside the application's families: those of the
// workers' processes, and the server's own.
//
// Lifetime: `finder` and `log` must outlive it. Thread safety: every method may
// be called from several threads.
class ExtraFamilies {
 public:
  using Families = std::vector<prometheus::MetricFamily>;

  ExtraFamilies(bool with_own, ProcessMetricsMode mode, std::string proc,
                ProcessFinder* finder, const Log* log);

  // Whether there may be any for a client that has asked for these names, or
  // for everything if there are none.
  bool AreWanted(const std::vector<std::string>& names) const;

  // Of one directory, or of all that are served, together. `duration` is how
  // long the scrape has taken so far.
  Families OfOne(const ObservedDirectory& directory,
                 std::chrono::duration<double> duration,
                 const std::vector<std::string>& names);
  Families OfAll(const std::vector<ObservedDirectory>& directories,
                 std::chrono::duration<double> duration,
                 const std::vector<std::string>& names);

  void NoteCleaning(const std::string& directory,
                    const Result<CleaningReport>& outcome);

 private:
  Families Finish(ProcessFamilies of_processes,
                  const std::vector<ObservedDirectory>& directories,
                  std::chrono::duration<double> duration,
                  const std::vector<std::string>& names);

  const bool with_own_;
  const bool with_processes_;
  OwnMetrics own_;
  ProcessMetrics processes_;
  IssueLog problems_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_METRICS_EXTRA_FAMILIES_H_
