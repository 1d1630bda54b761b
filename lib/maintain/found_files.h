#ifndef PROMSHM_MAINTAIN_FOUND_FILES_H_
#define PROMSHM_MAINTAIN_FOUND_FILES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/metric_file_name.h"
#include "promshm/issue.h"
#include "promshm/status.h"
#include "store/file_descriptor.h"
#include "store/file_facts.h"
#include "store/writer_probe.h"

namespace promshm::maintain {

// A file of a directory that cleaners have to do with.
struct FoundFile {
  std::string name;
  std::optional<format::MetricFileName> parsed;  // none: a leftover
  store::FileFacts facts;
  store::Writers writers = store::Writers::kUnknown;
  store::FileDescriptor fd;  // not valid where too many would be open
};

struct FoundFiles {
  std::map<std::string, std::vector<FoundFile>> processes;  // by identifier
  std::vector<FoundFile> merged;
  std::vector<FoundFile> leftovers;  // of writers and cleaners that were killed
  std::vector<Issue> issues;         // what could not be looked at
};

// Looks at the files of a directory, from two threads. What has no name that we
// know is nobody's business here. Fails as PlanCleaning() does.
Result<FoundFiles> FindFiles(const std::string& path, bool force);

// Whether it is the name of something that was on its way to or from its name.
bool IsUnfinishedFile(const std::string& name);

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_FOUND_FILES_H_
