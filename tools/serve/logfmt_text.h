#ifndef PROMSHM_TOOLS_SERVE_LOGFMT_TEXT_H_
#define PROMSHM_TOOLS_SERVE_LOGFMT_TEXT_H_

#include <string>
#include <string_view>

namespace promshm::tools {

// A key or a value as Go's slog.TextHandler writes it: as it is, or quoted with
// Go's escapes where it is empty or has a space, `=`, `"`, a control character
// or anything else that cannot be seen, or is not UTF-8. So a line of a log
// stays a line, and no text is taken for another field.
std::string LogfmtText(std::string_view text);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_LOGFMT_TEXT_H_
