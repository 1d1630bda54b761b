#ifndef PROMSHM_TOOLS_SERVE_STATUS_STATUS_API_H_
#define PROMSHM_TOOLS_SERVE_STATUS_STATUS_API_H_

#include <string>

#include "tools/serve/http/http_message.h"
#include "tools/serve/status/directory_source.h"
#include "tools/serve/status/process_list.h"

namespace promshm::tools {

// What the status tells of the program itself.
struct ServerFacts {
  double started = 0;  // Unix seconds
  std::string telemetry_path;
};

// The answer to /api/v1/status: what lies in the directories, who wrote it, and
// what is wrong with it, the processes a page at a time. promshm-serve(1)
// describes it. A directory that cannot be read says so in its place.
//
//   400   a parameter that cannot be
//   404   no such directory
Response AnswerStatus(const Request& request, const ServerFacts& facts,
                      const DirectorySource& source,
                      const LookUpProcesses& look_up);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_STATUS_API_H_
