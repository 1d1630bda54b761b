#ifndef PROMSHM_FORMAT_NAME_PATTERN_H_
#define PROMSHM_FORMAT_NAME_PATTERN_H_

#include <string_view>

namespace promshm::format {

// Whether the case of letters counts: it does in metric names, and not in the
// names of OpenTelemetry's instruments.
enum class LetterCase { kCounts, kIgnored };

// Whether a name is of the pattern, in which `*` stands for any text and `?`
// for one character.
bool MatchesPattern(std::string_view pattern, std::string_view name,
                    LetterCase letters);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_NAME_PATTERN_H_
