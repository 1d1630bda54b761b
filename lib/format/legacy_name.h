#ifndef PROMSHM_FORMAT_LEGACY_NAME_H_
#define PROMSHM_FORMAT_LEGACY_NAME_H_

#include <string_view>

namespace promshm::format {

enum class NameKind { kMetric, kLabel };

// True for `[a-zA-Z0-9_:]`, without the colon in labels and without a digit in
// the first place.
bool IsLegacyCharacter(char32_t c, bool first, NameKind kind);

// True for a name that every version of the text formats can hold:
// `[a-zA-Z_:][a-zA-Z0-9_:]*`; label names may not have a colon.
bool IsLegacyName(std::string_view name, NameKind kind);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_LEGACY_NAME_H_
