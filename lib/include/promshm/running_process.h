#ifndef PROMSHM_RUNNING_PROCESS_H_
#define PROMSHM_RUNNING_PROCESS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "promshm/export.h"
#include "promshm/process_report.h"

namespace promshm {

/// A process of this PID namespace.
struct RunningProcess {
  std::uint64_t id = 0;

  /// When it began, in clock ticks since boot: with the ID, this tells it from
  /// every other process.
  std::uint64_t start_ticks = 0;

  /// The same in Unix seconds, as `ps` has it; none where the time of the boot
  /// may not be read.
  std::optional<double> started;
};

/// Who is behind an identifier.
struct FoundProcess {
  /// None for what is dead or merged, where nobody was found, and where only
  /// processes have the files that write under other identifiers: a forked
  /// child inherits what its parent has mapped.
  std::optional<RunningProcess> process;

  /// Somebody writes under this identifier, and cannot be seen here: in another
  /// PID namespace, or another user's. Sums without it are too small.
  bool is_missing = false;
};

/// Purpose: finds the processes that write a directory's files.
///
/// The number in a file's name is a process ID of the writer's PID namespace;
/// in this one another process may have it. So only a process that has one of
/// the files mapped for writing, by device and inode, is taken for the writer.
/// Of several it is the one that has the identifier as its ID in its own
/// namespace; for identifiers that are no process IDs (a uWSGI worker's number,
/// `slot0`) the oldest that is not behind another identifier of the directory,
/// as children inherit mappings. Looking into the processes of other users
/// needs CAP_SYS_PTRACE.
///
/// Remembers whom it found. That costs one read of /proc a process, as long as
/// the same processes write. Where somebody is unexplained, all processes are
/// looked at: at most every five seconds, and for one identifier less and less
/// often, down to every five minutes.
///
/// Thread safety: every method may be called from several threads; one at a
/// time looks.
class PROMSHM_EXPORT ProcessFinder {
 public:
  /// `proc` is where a procfs is mounted. The numbers are those of its PID
  /// namespace.
  explicit ProcessFinder(std::string proc = "/proc");
  ~ProcessFinder();
  ProcessFinder(const ProcessFinder&) = delete;
  ProcessFinder& operator=(const ProcessFinder&) = delete;

  /// The writers of `reports`, which are of a collection of `directories`
  /// (CollectorOptions::sources), in their order.
  std::vector<FoundProcess> Find(const std::vector<std::string>& directories,
                                 const std::vector<ProcessReport>& reports);

 private:
  class Memory;
  std::unique_ptr<Memory> memory_;
};

/// Whether a process has ended, beyond doubt; its parent need not know.
PROMSHM_EXPORT bool HasEnded(const RunningProcess& process,
                             const std::string& proc = "/proc");

/// What a process was started with, or has put in its place: the words of its
/// command line with spaces between them, as `ps` shows it, or its name in
/// square brackets where it has none; at most 4096 bytes of it. Any bytes may
/// be in it. None where it has ended or may not be read.
PROMSHM_EXPORT std::optional<std::string> ReadCommand(
    const RunningProcess& process, const std::string& proc = "/proc");

}  // namespace promshm

#endif  // PROMSHM_RUNNING_PROCESS_H_
