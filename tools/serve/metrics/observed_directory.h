#ifndef PROMSHM_TOOLS_SERVE_METRICS_OBSERVED_DIRECTORY_H_
#define PROMSHM_TOOLS_SERVE_METRICS_OBSERVED_DIRECTORY_H_

#include <string>

#include "promshm/snapshot.h"
#include "promshm/status.h"

namespace promshm::tools {

// A served directory, and what a collection of all of it has just given, with
// its processes; or why it could not be collected.
struct ObservedDirectory {
  std::string name;
  std::string path;
  Result<Snapshot> snapshot;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_METRICS_OBSERVED_DIRECTORY_H_
