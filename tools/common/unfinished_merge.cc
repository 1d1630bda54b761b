#include "tools/common/unfinished_merge.h"

#include <algorithm>
#include <string>

#include "promshm/maintain.h"

namespace promshm::tools {

std::vector<Issue> FinishMerges(std::vector<Issue> issues) {
  std::erase_if(issues, [](Issue& issue) {
    if (issue.kind != IssueKind::kUnfinishedMerge) return false;
    const std::string directory = issue.path.substr(0, issue.path.rfind('/'));
    const Result<bool> finished = FinishMerge(directory);
    if (finished.ok()) return true;
    issue.message += "; " + finished.status().message();
    return false;
  });
  return issues;
}

}  // namespace promshm::tools
