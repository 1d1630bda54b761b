#ifndef PROMSHM_FORMAT_NAME_PATTERN_H_
#define PROMSHM_FORMAT_NAME_PATTERN_H_

#include <string_view>

namespace promshm::format {

// Whether an instrument's name is of the pattern, in which `*` stands for any
// text and `?` for one character. Case does not count.
bool MatchesPattern(std::string_view pattern, std::string_view name);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_NAME_PATTERN_H_
