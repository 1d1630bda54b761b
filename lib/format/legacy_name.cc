#include "format/legacy_name.h"

#include <cstddef>

namespace promshm::format {

bool IsLegacyCharacter(char32_t c, bool first, NameKind kind) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c >= '0' && c <= '9' && !first) ||
         (c == ':' && kind == NameKind::kMetric);
}

bool IsLegacyName(std::string_view name, NameKind kind) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!IsLegacyCharacter(static_cast<unsigned char>(name[i]), i == 0, kind)) {
      return false;
    }
  }
  return !name.empty();
}

}  // namespace promshm::format
