#ifndef PROMSHM_TOOLS_COMMON_UNFINISHED_MERGE_H_
#define PROMSHM_TOOLS_COMMON_UNFINISHED_MERGE_H_

#include <vector>

#include "promshm/issue.h"

namespace promshm::tools {

// Puts in order what a cleaner left that was killed, where an issue tells of
// it. Issues that are settled by that are dropped; others say why they are not.
std::vector<Issue> FinishMerges(std::vector<Issue> issues);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_UNFINISHED_MERGE_H_
