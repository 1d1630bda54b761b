#ifndef PROMSHM_COLLECT_NAME_ESCAPING_H_
#define PROMSHM_COLLECT_NAME_ESCAPING_H_

#include <string>
#include <string_view>

#include "format/legacy_name.h"
#include "promshm/exposition.h"

namespace promshm::collect {

// Appends the name as the scheme spells it; with kAllowUtf8 quoted where it is
// no legacy name. The rules are those of Prometheus' own libraries.
void AppendName(std::string_view name, format::NameKind kind, Escaping escaping,
                std::string* out);

// Whether no label of the family needs to be escaped.
bool LabelNamesAreLegacy(const MetricFamily& family);

// The scheme that a format really follows: those before 1.0.0 cannot quote
// names, and use underscores instead.
Escaping EffectiveEscaping(const ExpositionFormat& format);

// Appends a label's value, or a quoted name, without its quotes: `\\`, `\"`
// and `\n`.
void AppendQuotedText(std::string_view text, std::string* out);

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_NAME_ESCAPING_H_
