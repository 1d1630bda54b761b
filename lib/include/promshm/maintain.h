#ifndef PROMSHM_MAINTAIN_H_
#define PROMSHM_MAINTAIN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "promshm/export.h"
#include "promshm/issue.h"
#include "promshm/liveness.h"
#include "promshm/status.h"

namespace promshm {

/// Removes the live gauges of a process that has ended: its files
/// `gauge_live*_PID.db`, and those with `-2` and so on behind the PID that
/// promshm writes where the name was taken. What counts stays. For a parent's
/// hook on a child's end, as prometheus_client's mark_process_dead().
///
/// A file that some process has open for writing is left: its owner is alive,
/// whatever its number. Where the kernel cannot tell, the caller is believed,
/// but for the names with `-2`, which may be those of a process in another
/// container.
///
/// Empty `directory`: as PROMETHEUS_MULTIPROC_DIR says, else
/// prometheus_multiproc_dir. Fails when there is none, when it cannot be read,
/// when a reader or cleaner keeps it locked for two seconds, or when a file
/// cannot be removed; the others are removed all the same. A directory without
/// such files is success. Not for signal handlers.
///
/// Thread safety: may be called from several threads.
PROMSHM_EXPORT Status MarkProcessDead(std::uint64_t pid,
                                      const std::string& directory = {});

/// What to do about files of processes that have ended. What is not asked for
/// is left alone, and so is whatever is not proven to be dead.
struct CleaningOptions {
  /// Remove live gauges, which their processes take with them.
  bool remove_live_gauges = false;

  /// Remove gauges of mode `all`: a series less for each process.
  bool remove_all_gauges = false;

  /// Fold what counts into files with the identifier `promshm`: counters,
  /// histograms, summaries, and gauges of the modes min, max, sum and
  /// mostrecent. No sum changes.
  bool fold = false;

  /// Remove every file, merged ones too: counters fall.
  bool remove_everything = false;

  /// Only files of this process, which has ended. Where the kernel does not
  /// tell, the caller is believed.
  std::optional<std::uint64_t> pid;

  /// Only files that are at least so old, since they were made.
  std::chrono::seconds min_age{0};

  /// Act on processes of unknown liveness as if they were dead; in a directory
  /// that everybody may write to, too; and fold files of clients so old that
  /// they could not read the merged file.
  bool force = false;

  /// How long to wait for another cleaner to finish.
  std::chrono::milliseconds patience{0};

  /// Where the processes are looked up of whose files the kernel does not tell.
  std::string proc = "/proc";
};

/// What is to become of a file, and why.
enum class FileAction { kKeep, kRemove, kFold };

/// `keep`, `remove` or `fold`.
PROMSHM_EXPORT const char* ToString(FileAction action);

struct PlannedFile {
  std::string name;
  std::uint64_t bytes = 0;  ///< On the disk.
  FileAction action = FileAction::kKeep;
  std::string reason;
  std::uint64_t inode = 0;    ///< A file that has taken the name is left alone.
  bool is_directory = false;  ///< Of a cleaner that was killed early.
};

struct PlannedProcess {
  std::string identifier;
  Liveness liveness = Liveness::kUnknown;
  Evidence evidence = Evidence::kOtherProcesses;
  std::vector<PlannedFile> files;  ///< In the order of their names.
};

namespace maintain {
class HeldFiles;
}  // namespace maintain

/// Purpose: what Clean() would do. Nothing has changed yet.
///
/// A value. Keeps files open that something is to be done about, if they are
/// not too many: keep it no longer than you need it.
struct CleaningPlan {
  std::string directory;
  CleaningOptions options;
  std::vector<PlannedProcess> processes;  ///< In the order of identifiers.
  std::vector<PlannedFile> merged;        ///< Files of earlier folding.
  std::vector<PlannedFile> leftovers;     ///< Of writers that were killed.

  /// What is left alone although it was asked for: of unknown liveness, or
  /// another user's.
  std::vector<Issue> issues;

  std::shared_ptr<maintain::HeldFiles> held;  ///< For Clean(); may be null.

  /// Whether there is anything to do.
  PROMSHM_EXPORT bool is_empty() const;
};

/// Numbers of what was read, or written.
struct FileTotals {
  std::size_t files = 0;
  std::uint64_t bytes = 0;  ///< On the disk.
  std::size_t entries = 0;
  std::size_t series = 0;
};

/// What was done.
struct CleaningReport {
  std::size_t processes = 0;  ///< Of which files were removed or folded.
  FileTotals removed;         ///< Without entries and series.
  FileTotals folded;          ///< With the merged files that were there before.
  FileTotals made;            ///< The merged files that are there now.

  /// Of the folded files, the merged ones that were there before.
  std::size_t folded_again = 0;

  /// What was left alone all the same: a writer came back, a file was damaged.
  std::vector<Issue> issues;
};

/// Looks at a directory's files and at the processes that wrote them.
///
/// Empty `directory`: as PROMETHEUS_MULTIPROC_DIR says, else
/// prometheus_multiproc_dir. Fails when there is none, when it cannot be read,
/// when it is locked for two seconds, and for one that everybody may write to
/// without a sticky bit, unless `force`.
///
/// Thread safety: may be called from several threads.
PROMSHM_EXPORT Result<CleaningPlan> PlanCleaning(
    const std::string& directory, const CleaningOptions& options);

/// Carries out a plan.
///
/// Every file is looked at again, and is left when its writer is back or
/// another file has the name. Readers of promshm see the files before or after,
/// and wait for a few renames; prometheus_client's collector may fail, once,
/// instead of seeing something between. Killed at any point, nothing is lost or
/// counted twice: the next cleaner, FinishMerge(), promshm-dump or
/// promshm-serve finishes or undoes what was begun, and readers of promshm read
/// the right sums before that.
///
/// Merged files are of the newest generation of the directory's files, so that
/// the clients that write there can read them.
///
/// A child that is forked meanwhile has copies of what keeps writers and other
/// cleaners out; they are given back at the end, but not when this process is
/// killed before, until the child ends or becomes another program.
///
/// Fails as busy when another cleaner is at work for longer than `patience`, or
/// readers keep the directory locked for two seconds; and when the system
/// refuses something. Then files of whole steps may be gone, and nothing is
/// half done.
///
/// Thread safety: may be called from several threads.
PROMSHM_EXPORT Result<CleaningReport> Clean(const CleaningPlan& plan);

/// What Clean() would report, from what the files hold now. Changes nothing;
/// `bytes` of the files that would be made are their size.
///
/// Thread safety: may be called from several threads.
PROMSHM_EXPORT Result<CleaningReport> RehearseCleaning(
    const CleaningPlan& plan);

/// Finishes or undoes what a cleaner had begun that was killed. True when there
/// was something. A cleaner that is at work is left alone.
///
/// Thread safety: may be called from several threads.
PROMSHM_EXPORT Result<bool> FinishMerge(const std::string& directory = {});

/// Merges all files of the directories, of living processes or not, into files
/// of a new directory, as they are at one moment each; a Collector gets from it
/// what it gets from them together. They are not touched. Gauges of the modes
/// all and liveall keep a file a process; all other merged files have the
/// identifier `promshm`. What is damaged is in `issues`, and what stands before
/// the damage is merged.
///
/// Fails when `directory` is there already and not empty.
///
/// Thread safety: may be called from several threads.
PROMSHM_EXPORT Result<CleaningReport> MergeInto(
    const std::string& directory, const std::vector<std::string>& sources);

/// What MergeInto() would report. Makes nothing.
///
/// Thread safety: may be called from several threads.
PROMSHM_EXPORT Result<CleaningReport> RehearseMergeInto(
    const std::vector<std::string>& sources);

}  // namespace promshm

#endif  // PROMSHM_MAINTAIN_H_
