#ifndef PROMSHM_TOOLS_SERVE_METRICS_PROCESS_METRICS_H_
#define PROMSHM_TOOLS_SERVE_METRICS_PROCESS_METRICS_H_

#include <prometheus/metric_family.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "promshm/process_usage.h"
#include "promshm/running_process.h"
#include "tools/serve/metrics/cpu_tally.h"
#include "tools/serve/metrics/observed_directory.h"

namespace promshm::tools {

enum class ProcessMetricsMode { kOff, kSum, kPid };

// `off`, `sum` or `pid`.
std::optional<ProcessMetricsMode> ParseProcessMetricsMode(
    const std::string& text);

struct ProcessFamilies {
  std::vector<prometheus::MetricFamily> families;
  std::vector<std::string> problems;  // `path: what: detail`
};

// Purpose: what multiprocess mode takes away: process_cpu_seconds_total,
// process_resident_memory_bytes, process_virtual_memory_bytes,
// process_open_fds, process_max_fds, process_threads and
// process_start_time_seconds of the living workers of directories.
//
// kSum adds them up; of the start times it takes the earliest. A process behind
// several identifiers or directories counts once. The CPU time does not fall
// when a worker ends: what it had when it was last seen stays in the sum, as
// long as this object lives. A sum to which a living worker's part is not
// known is no sum: where one cannot be seen at all, as it belongs to another
// user or PID namespace, all families are left out; where one figure may not be
// read, its family is. Workers of whom nobody can say whether they live are
// missed by no sum.
//
// kPid gives a series for each worker that is seen, with its identifier as
// label `pid`, as PrintableText; a figure that may not be read has none.
//
// Lifetime: `finder` must outlive it. Thread safety: every method may be called
// from several threads.
class ProcessMetrics {
 public:
  // `proc` as that of the finder.
  ProcessMetrics(ProcessMetricsMode mode, ProcessFinder* finder,
                 std::string proc);

  // Of one directory.
  ProcessFamilies OfOne(const ObservedDirectory& directory);

  // Of all that are served, together, though it may be one at the moment: with
  // kPid, series have a label `directory`.
  ProcessFamilies OfAll(const std::vector<ObservedDirectory>& directories);

 private:
  struct Worker {
    std::string directory;
    std::string identifier;
    RunningProcess process;
    ProcessUsage usage;
  };

  // What is seen of the living workers.
  struct Sight {
    std::vector<Worker> workers;
    bool is_whole = true;
    std::vector<std::string> problems;
  };

  void Look(const ObservedDirectory& directory, Sight* sight) const;
  ProcessFamilies Families(const Sight& sight, const std::string& scope);
  std::vector<prometheus::MetricFamily> Sum(const Sight& sight,
                                            const std::string& scope);

  const ProcessMetricsMode mode_;
  ProcessFinder& finder_;
  const std::string proc_;
  std::mutex mutex_;

  // By directory, and of all under the name that no directory has.
  std::map<std::string, CpuTally> tallies_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_METRICS_PROCESS_METRICS_H_
