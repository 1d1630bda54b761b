#ifndef PROMSHM_MAINTAIN_H_
#define PROMSHM_MAINTAIN_H_

#include <cstdint>
#include <string>

#include "promshm/export.h"
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

}  // namespace promshm

#endif  // PROMSHM_MAINTAIN_H_
