#ifndef PROMSHM_TOOLS_SERVE_SERVED_DIRECTORY_H_
#define PROMSHM_TOOLS_SERVE_SERVED_DIRECTORY_H_

#include <memory>
#include <string>
#include <vector>

#include "promshm/collector.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"
#include "tools/serve/issue_log.h"

namespace promshm::tools {

// Purpose: a directory under the name by which it is asked for.
//
// Thread safety: every method may be called from several threads.
class ServedDirectory {
 public:
  // `view` says what to leave out and how to merge; its sources do not count.
  // `sink` is told of the directory's issues.
  ServedDirectory(std::string name, std::string path, CollectorOptions view,
                  IssueLog::Sink sink);

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  IssueLog& issue_log() { return issue_log_; }

  Result<Snapshot> Collect(const CollectOptions& options);

 private:
  const std::string name_;
  const std::string path_;
  Collector collector_;
  IssueLog issue_log_;
};

// In the order of their names.
using ServedDirectories = std::vector<std::shared_ptr<ServedDirectory>>;

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_SERVED_DIRECTORY_H_
