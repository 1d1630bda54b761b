#ifndef PROMSHM_TOOLS_COMMON_FAMILY_NAME_H_
#define PROMSHM_TOOLS_COMMON_FAMILY_NAME_H_

#include <string>

#include "promshm/snapshot.h"

namespace promshm::tools {

// The name that people know a family by: of a counter the one of its sample,
// `x_total`, which queries use.
std::string KnownName(const MetricFamily& family);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_FAMILY_NAME_H_
