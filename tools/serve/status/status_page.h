#ifndef PROMSHM_TOOLS_SERVE_STATUS_STATUS_PAGE_H_
#define PROMSHM_TOOLS_SERVE_STATUS_STATUS_PAGE_H_

#include <string>

#include "tools/serve/http/http_message.h"

namespace promshm::tools {

// Made of the files in page/ when the program is built: one HTML document with
// its style and scripts, in which {{telemetry_path}} stands for that path, and
// the Content-Security-Policy that allows these and nothing else.
extern const char kStatusPageDocument[];
extern const char kStatusPagePolicy[];

// The page that shows what /api/v1/status and /api/v1/families tell. It asks
// for nothing else, and keeps asking while it is open.
Response StatusPage(const std::string& telemetry_path);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_STATUS_PAGE_H_
