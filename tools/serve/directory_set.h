#ifndef PROMSHM_TOOLS_SERVE_DIRECTORY_SET_H_
#define PROMSHM_TOOLS_SERVE_DIRECTORY_SET_H_

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "promshm/collector.h"
#include "promshm/snapshot.h"
#include "promshm/status.h"
#include "tools/serve/directory_arguments.h"
#include "tools/serve/issue_log.h"
#include "tools/serve/log.h"
#include "tools/serve/served_directory.h"

namespace promshm::tools {

// Purpose: the directories that are served, each by its name, and all together.
// Those that a pattern stands for come and go. Each counts once, whatever paths
// lead to it.
//
// Lifetime: `log` must outlive it. Thread safety: every method may be called
// from several threads.
class DirectorySet {
 public:
  // Fails where two arguments have one name or name one directory. `view` as
  // ServedDirectory has it.
  static Result<std::unique_ptr<DirectorySet>> Make(
      std::vector<DirectoryArgument> arguments, CollectorOptions view,
      const Log* log);

  // Those that are there now; what was named is there always.
  ServedDirectories Current();

  // Null where there is none of that name.
  std::shared_ptr<ServedDirectory> Find(const std::string& name);

  // Whether there may be more than one.
  bool is_several() const { return is_several_; }

  // The sums of all directories together, in which gauges that are kept for
  // each process have a label `directory` if there may be more than one. Fails
  // where one of them cannot be read, and as invalid where two of them disagree
  // in the type or mode of a family.
  Result<Snapshot> CollectAll(const CollectOptions& options);

  // What a collection of all of them has met, for the logs of each.
  void ReportTogether(IssueLog::Coverage coverage,
                      const std::vector<Issue>& issues);

 private:
  using NamedPath = std::pair<std::string, std::string>;

  DirectorySet(std::vector<DirectoryArgument> arguments, CollectorOptions view,
               const Log* log);

  std::vector<NamedPath> FindPaths() const;
  void Update(const std::vector<NamedPath>& paths);
  std::shared_ptr<ServedDirectory> Keep(const NamedPath& named);
  std::shared_ptr<Collector> Together(const ServedDirectories& directories);

  const std::vector<DirectoryArgument> arguments_;
  const CollectorOptions view_;
  const Log& log_;
  const bool is_several_;
  std::mutex mutex_;
  ServedDirectories directories_;
  std::shared_ptr<Collector> together_;
  ServedDirectories together_of_;
  std::vector<NamedPath> skipped_;  // another one has the name
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_DIRECTORY_SET_H_
