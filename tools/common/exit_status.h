#ifndef PROMSHM_TOOLS_COMMON_EXIT_STATUS_H_
#define PROMSHM_TOOLS_COMMON_EXIT_STATUS_H_

namespace promshm::tools {

// Shared by all tools; the man pages' EXIT STATUS sections say the same.
enum ExitStatus : int {
  kExitFine = 0,      // done, nothing to report
  kExitFindings = 1,  // done; something was damaged or in conflict
  kExitTrouble = 2,   // not done: usage, no directory, no permission, I/O
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_EXIT_STATUS_H_
