#ifndef PROMSHM_TOOLS_SERVE_HTTP_GZIP_H_
#define PROMSHM_TOOLS_SERVE_HTTP_GZIP_H_

#include <optional>
#include <string>
#include <string_view>

namespace promshm::tools {

// Whether the client of this Accept-Encoding header takes gzip and does not
// rank the plain body above it. `gzip;q=0` refuses, `*` stands for whatever is
// not named, and an item with a q-value that is none counts as refused.
bool AcceptsGzip(std::string_view accept_encoding);

// `body` compressed, quickly rather than tightly; nothing when memory is short.
std::optional<std::string> Gzip(std::string_view body);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_GZIP_H_
