#ifndef PROMSHM_TOOLS_CLEAN_CLEAN_JSON_H_
#define PROMSHM_TOOLS_CLEAN_CLEAN_JSON_H_

#include <string>

#include "promshm/maintain.h"

namespace promshm::tools {

// A plan and what came of it, or would come: one object on one line, as the
// man pages describe it. `plan` is null where files went into a new directory.
std::string CleaningJson(const CleaningPlan* plan, const CleaningReport& report,
                         bool dry_run);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_CLEAN_CLEAN_JSON_H_
