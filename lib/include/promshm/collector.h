#ifndef PROMSHM_COLLECTOR_H_
#define PROMSHM_COLLECTOR_H_

#include <memory>
#include <string>
#include <vector>

#include "promshm/export.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"

namespace promshm {

/// What to leave out of a collection.
struct CollectOptions {
  /// Families to collect, by the family's name or the name of any of its
  /// samples (`x`, `x_total`, `x_bucket`), also as underscores escape it.
  /// Empty: all of them. What is not wanted is left out before it is merged.
  std::vector<std::string> names;
};

/// Purpose: sums the metric files of a multiprocess directory, by the rules of
/// prometheus_client's MultiProcessCollector:
///
///   counter, summary        sum over the files
///   histogram               sum of each bucket, then cumulated
///   gauge all, liveall      a series a process, with a label `pid`
///   gauge min, max, sum     (and their live forms) over the processes
///   gauge mostrecent        the value with the largest timestamp above 0
///
/// Files are taken in the order of their names, so one directory always gives
/// the same numbers to the last digit. Of two families that disagree in type,
/// mode or help the first is kept and an issue reported. A bad file is an
/// issue: its entries before the damage count.
///
/// Keep a Collector as long as the directory is of interest: it remembers the
/// keys it has parsed, and forgets those whose files are gone.
///
/// Thread safety: Collect() may be called from several threads.
class PROMSHM_EXPORT Collector {
 public:
  /// Collects one directory, which need not exist yet. A file is refused.
  explicit Collector(std::string directory);

  /// Collects several sources as if their files lay in one directory. Each is
  /// a directory or one metric file. Duplicates count twice.
  explicit Collector(std::vector<std::string> sources);

  ~Collector();
  Collector(Collector&& other) noexcept;
  Collector& operator=(Collector&& other) noexcept;

  /// Reads the sources as they are now.
  ///
  /// Fails when a source does not exist, may not be read, or is a directory
  /// that a cleaner has kept locked for two seconds; never because of what a
  /// file contains. Never throws; out of memory is an I/O error. A Collector
  /// that was moved from may only be destroyed or assigned to.
  Result<Snapshot> Collect(const CollectOptions& options = {}) noexcept;

 private:
  class Memory;
  std::unique_ptr<Memory> memory_;
};

/// A Collector of `directory`, or where that is empty of the directory that
/// PROMETHEUS_MULTIPROC_DIR names, else prometheus_multiproc_dir: what the
/// Python package's MultiProcessRegistry() is. The environment is only read.
/// Where nobody names a directory, every Collect() fails.
PROMSHM_EXPORT Collector
MultiProcessRegistry(const std::string& directory = {});

}  // namespace promshm

#endif  // PROMSHM_COLLECTOR_H_
