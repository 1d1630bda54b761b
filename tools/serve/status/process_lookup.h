#ifndef PROMSHM_TOOLS_SERVE_STATUS_PROCESS_LOOKUP_H_
#define PROMSHM_TOOLS_SERVE_STATUS_PROCESS_LOOKUP_H_

#include <string>

#include "promshm/running_process.h"
#include "tools/serve/status/process_list.h"

namespace promshm::tools {

// Asks `finder`, which must outlive the result, and reads the commands of those
// that are wanted. `proc` is the finder's. May be called from several threads.
LookUpProcesses LookUpBy(ProcessFinder* finder, std::string proc);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_PROCESS_LOOKUP_H_
