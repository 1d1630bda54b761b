#ifndef PROMSHM_TOOLS_SERVE_SERVED_DIRECTORY_H_
#define PROMSHM_TOOLS_SERVE_SERVED_DIRECTORY_H_

#include <memory>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"

namespace promshm::tools {

// Purpose: a directory under the name by which it is asked for.
//
// Thread safety: every method may be called from several threads.
class ServedDirectory {
 public:
  // `view` says what to leave out and how to merge; its sources do not count.
  ServedDirectory(std::string name, std::string path, CollectorOptions view);

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }

  Result<Snapshot> Collect(const CollectOptions& options);

 private:
  const std::string name_;
  const std::string path_;
  Collector collector_;
};

// In the order of their names.
using ServedDirectories = std::vector<std::shared_ptr<ServedDirectory>>;

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_SERVED_DIRECTORY_H_
