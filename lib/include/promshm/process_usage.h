#ifndef PROMSHM_PROCESS_USAGE_H_
#define PROMSHM_PROCESS_USAGE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "promshm/export.h"
#include "promshm/running_process.h"

namespace promshm {

/// What a process uses: the figures of prometheus_client's ProcessCollector and
/// of `ps`.
struct ProcessUsage {
  double cpu_seconds = 0;  ///< In user and system mode, since it began.
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;

  /// Descriptors, and the soft limit to them. None where they may not be read:
  /// those of other users' processes.
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;
};

/// None where the process has ended, also when another has its ID now, and
/// where it cannot be read at all.
PROMSHM_EXPORT std::optional<ProcessUsage> ReadProcessUsage(
    const RunningProcess& process, const std::string& proc = "/proc");

}  // namespace promshm

#endif  // PROMSHM_PROCESS_USAGE_H_
