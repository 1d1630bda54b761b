#ifndef PROMSHM_TOOLS_SERVE_METRICS_OWN_METRICS_H_
#define PROMSHM_TOOLS_SERVE_METRICS_OWN_METRICS_H_

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tools/serve/metrics/observed_directory.h"

namespace promshm::tools {

// Purpose: what the program tells of itself and of the directories it serves:
//
//   promshm_build_info, promshm_scrape_duration_seconds
//   of a directory that could be collected what is in it: promshm_files,
//   promshm_entries, promshm_series, promshm_processes,
//   promshm_damaged_files, promshm_conflicts, promshm_file_bytes
//   promshm_filesystem_*: of the file system that it is on
//   promshm_compact*: of the clean-ups that this program has made
//
// Those of a directory have a label `directory`, its name.
//
// Thread safety: every method may be called from several threads.
class OwnMetrics {
 public:
  // A clean-up of the directory that went well, and how many files of dead
  // processes it has folded.
  void CountCompaction(const std::string& directory, std::uint64_t files);

  void CountFailedCompaction(const std::string& directory);

  // `duration` is how long the scrape has taken so far.
  std::vector<prometheus::MetricFamily> Collect(
      const std::vector<ObservedDirectory>& directories,
      std::chrono::duration<double> duration) const;

 private:
  struct Compactions {
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    std::uint64_t files = 0;
  };

  Compactions CompactionsOf(const std::string& directory) const;

  mutable std::mutex mutex_;
  std::map<std::string, Compactions> compactions_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_METRICS_OWN_METRICS_H_
