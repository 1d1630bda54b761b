#ifndef PROMSHM_TOOLS_SERVE_STATUS_DIRECTORY_SOURCE_H_
#define PROMSHM_TOOLS_SERVE_STATUS_DIRECTORY_SOURCE_H_

#include <functional>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"

namespace promshm::tools {

// A directory by the name it is asked for, and where it is.
struct NamedDirectory {
  std::string name;
  std::string path;
};

// Purpose: what the JSON API reads from. Both functions may be called from
// several threads.
struct DirectorySource {
  // Those that are served now, in the order of their names.
  std::function<std::vector<NamedDirectory>()> list;

  // The sums of the directory of that name, of all together for an empty one.
  std::function<Result<Snapshot>(const std::string& name,
                                 const CollectOptions& options)>
      collect;
};

// The HTTP status where `collect` failed: 500 where directories do not go
// together, 503 while one is not to be read.
inline unsigned HttpStatusOf(const Status& failure) {
  return failure.kind() == StatusKind::kInvalidArgument ? 500 : 503;
}

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_DIRECTORY_SOURCE_H_
