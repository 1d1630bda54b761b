#ifndef PROMSHM_TOOLS_COMMON_ARGUMENTS_H_
#define PROMSHM_TOOLS_COMMON_ARGUMENTS_H_

#include <string>

namespace promshm::tools {

// The directory a tool works on when none is named: $PROMETHEUS_MULTIPROC_DIR,
// then $prometheus_multiproc_dir, which older clients read; empty when neither
// is set.
std::string DefaultDirectory();

// What a tool prints for --version: "NAME VERSION".
std::string VersionText(const char* name);

// Prints "NAME: MESSAGE" on stderr and returns kExitTrouble.
int Trouble(const char* name, const std::string& message);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_ARGUMENTS_H_
