#ifndef PROMSHM_TOOLS_COMMON_SYSTEM_REASON_H_
#define PROMSHM_TOOLS_COMMON_SYSTEM_REASON_H_

#include <string>

namespace promshm::tools {

// The system's reason for `error`, an errno: "permission denied".
std::string SystemReason(int error);

// A reason of the C library's as promshm's messages spell it: without the
// capital at the start, unless it begins an abbreviation.
std::string LowerReason(std::string reason);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_SYSTEM_REASON_H_
