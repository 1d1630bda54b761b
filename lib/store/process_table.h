#ifndef PROMSHM_STORE_PROCESS_TABLE_H_
#define PROMSHM_STORE_PROCESS_TABLE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promshm::store {

// What /proc/PID/stat says.
struct ProcessStat {
  bool has_ended = false;       // and its parent has not taken note of it
  std::uint64_t cpu_ticks = 0;  // in user and in system mode
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t virtual_bytes = 0;
};

// Of ProcessStat, in a second.
double TicksPerSecond();

// Purpose: the processes of a PID namespace, as a mounted procfs shows them.
//
// Thread safety: const methods may be called from several threads.
class ProcessTable {
 public:
  explicit ProcessTable(std::string proc) : proc_(std::move(proc)) {}

  // None where there is no such process.
  std::optional<ProcessStat> StatOf(std::uint64_t pid) const;

  // The same of the process that began then; none where that one has ended.
  std::optional<ProcessStat> StatOf(std::uint64_t pid,
                                    std::uint64_t start_ticks) const;

  // Whether the process that began then has ended, beyond doubt.
  bool HasEnded(std::uint64_t pid, std::uint64_t start_ticks) const;

  // When it began, in Unix seconds; none where there is no such process.
  std::optional<double> StartOf(std::uint64_t pid) const;

  enum class Answer {
    kYes,      // by device and inode
    kPerhaps,  // by name: some file systems show other numbers
    kNo,
    kUnknown,  // we may not look
  };

  // Whether it has a file mapped.
  Answer Maps(std::uint64_t pid, dev_t device, std::uint64_t inode,
              std::string_view name) const;

  // All of them.
  std::vector<std::uint64_t> ProcessIds() const;

  // What the process itself takes for its ID, in a PID namespace of its own.
  std::uint64_t OwnIdOf(std::uint64_t pid) const;

  // When the machine was booted, in whole Unix seconds: what `ps` counts from.
  std::optional<std::uint64_t> BootTime() const;

  // Whether its processes have the IDs that system calls take for them here.
  bool IsOfThisNamespace() const;

  // The text of /proc/PID/WHAT, or its first bytes; none where it may not be
  // read.
  std::optional<std::string> Read(std::uint64_t pid, std::string_view what,
                                  std::size_t most = SIZE_MAX) const {
    return Read(std::to_string(pid), what, most);
  }

  // The same of this process; none where that is not in the table.
  std::optional<std::string> ReadOwn(std::string_view what) const {
    return Read("self", what, SIZE_MAX);
  }

 private:
  std::optional<std::string> Read(std::string_view process,
                                  std::string_view what,
                                  std::size_t most) const;

  const std::string proc_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_PROCESS_TABLE_H_
