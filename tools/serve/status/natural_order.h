#ifndef PROMSHM_TOOLS_SERVE_STATUS_NATURAL_ORDER_H_
#define PROMSHM_TOOLS_SERVE_STATUS_NATURAL_ORDER_H_

#include <string_view>

namespace promshm::tools {

// Whether `a` stands before `b` for a reader: runs of digits are compared as
// numbers, `slot2` before `slot10`, everything else byte by byte.
bool NaturallyBefore(std::string_view a, std::string_view b);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_NATURAL_ORDER_H_
