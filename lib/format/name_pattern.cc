#include "format/name_pattern.h"

#include <cstddef>

#include "format/opentelemetry_name.h"

namespace promshm::format {

bool MatchesPattern(std::string_view pattern, std::string_view name,
                    LetterCase letters) {
  const auto are_same = [letters](std::string_view a, std::string_view b) {
    return letters == LetterCase::kCounts ? a == b : IsSameInstrumentName(a, b);
  };
  std::size_t p = 0;
  std::size_t n = 0;
  // The last star, and what it has eaten.
  std::size_t star = std::string_view::npos;
  std::size_t eaten = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      eaten = n;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' ||
                are_same(pattern.substr(p, 1), name.substr(n, 1)))) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++eaten;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace promshm::format
