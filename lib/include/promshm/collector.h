#ifndef PROMSHM_COLLECTOR_H_
#define PROMSHM_COLLECTOR_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "promshm/export.h"
#include "promshm/gauge_mode.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"

namespace promshm {

/// What to collect, and how, each time.
struct CollectorOptions {
  /// Directories, collected as if their files lay in one; each may be a metric
  /// file, too. Duplicates count twice.
  std::vector<std::string> sources;

  /// Takes a source that is a file for one that is missing.
  bool directories_only = false;

  /// What the series of gauges of the modes all and liveall get as a label
  /// `directory`, one for each source, so that processes of two directories
  /// with the same identifier stay apart. Empty: no such label.
  std::vector<std::string> source_labels;

  /// Leaves out the live gauges of processes that are proven to be dead, as if
  /// a cleaner had removed their files.
  bool leave_out_dead = false;

  /// Gauges that are merged otherwise than their files say: by family, one of
  /// kAll, kMin, kMax and kSum.
  std::map<std::string, GaugeMode> gauge_modes;

  /// Labels that series lose before they are merged. Those that have become
  /// equal are added up, gauges merged by their mode; gauges of the modes all
  /// and liveall are added up, too. Not `le`, without which a histogram is
  /// none.
  std::vector<std::string> drop_labels;

  /// Families to keep, all where empty, and of those the ones to drop: by
  /// patterns of the family's name or of the name of any of its samples, in
  /// which `*` stands for any text and `?` for one character.
  std::vector<std::string> keep;
  std::vector<std::string> drop;

  /// Where the processes are looked up of whose files the kernel does not tell.
  std::string proc = "/proc";
};

/// What one collection is to give.
struct CollectOptions {
  /// Families to collect, by the family's name or the name of any of its
  /// samples (`x`, `x_total`, `x_bucket`), also as underscores escape it.
  /// Empty: all of them. What is not wanted is left out before it is merged.
  std::vector<std::string> names;

  /// Fills Snapshot::process_reports().
  bool with_processes = false;

  /// When to give up waiting for a cleaner, before the two seconds are over.
  std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt;
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
/// Keep a Collector as long as the directory is of interest: it remembers. The
/// first Collect() reads every file. From the second on, Linux tells what
/// happens in the directory (inotify), and a file is read again only then:
/// values of living processes are added up in mappings of their files, those of
/// dead ones from a copy. Where the kernel does not tell (network file systems,
/// no watch left, no right to ask whether a file has a writer) files are read,
/// or mapped, as is needed for the same numbers. What has vanished is
/// forgotten.
///
/// A file that somebody cuts while it is mapped raises SIGBUS. So from the
/// second Collect() until the last Collector is gone there is a handler for it,
/// which hands on what is not ours to the one before. Where the application
/// installs another later, files are read instead.
///
/// In a forked child a Collector begins anew; what its parent remembered stays
/// in the child's memory. Until the next Collect() the mappings keep the blocks
/// of files that were deleted.
///
/// Thread safety: Collect() may be called from several threads. Who has to wait
/// for another's shares the next pass over the files with all who wait.
class PROMSHM_EXPORT Collector {
 public:
  /// Collects one directory, which need not exist yet. A file is refused.
  explicit Collector(std::string directory);

  /// Collects several sources as if their files lay in one directory. Each is
  /// a directory or one metric file. Duplicates count twice.
  explicit Collector(const std::vector<std::string>& sources);

  explicit Collector(CollectorOptions options);

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
