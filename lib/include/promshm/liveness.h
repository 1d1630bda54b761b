#ifndef PROMSHM_LIVENESS_H_
#define PROMSHM_LIVENESS_H_

#include "promshm/export.h"

namespace promshm {

/// Whether the process whose files have an identifier in their names is still
/// there.
enum class Liveness { kAlive, kDead, kUnknown };

/// `alive`, `dead` or `unknown`.
PROMSHM_EXPORT const char* ToString(Liveness liveness);

/// What shows it. Never a file's modification time: stores through a mapping
/// need not move it.
enum class Evidence {
  // Alive:
  kWriter,   ///< The kernel: a process has a file open for writing.
  kMapping,  ///< The process of that ID has a file mapped.
  kRunning,  ///< The process of that ID is older than a file.
  // Dead:
  kNoWriter,  ///< The kernel: no process has any file open for writing.
  kEnded,     ///< No process has that ID, where other writers have theirs.
  kReplaced,  ///< The process of that ID is younger, and maps no file.
  kTold,      ///< The caller says so, and nothing shows that it is not.
  // Unknown; the kernel tells nothing of some file:
  kNoProcessId,     ///< The identifier is no process ID.
  kOtherProcesses,  ///< No writer is among the processes that are seen here.
};

/// A sentence without a capital and a full stop: `no process has its files open
/// for writing`.
PROMSHM_EXPORT const char* ToString(Evidence evidence);

}  // namespace promshm

#endif  // PROMSHM_LIVENESS_H_
