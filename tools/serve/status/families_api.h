#ifndef PROMSHM_TOOLS_SERVE_STATUS_FAMILIES_API_H_
#define PROMSHM_TOOLS_SERVE_STATUS_FAMILIES_API_H_

#include "tools/serve/http/http_message.h"
#include "tools/serve/status/directory_source.h"

namespace promshm::tools {

// The answer to /api/v1/families: the families of a directory with what their
// series come to, or with the parameter `name` the series of one family, a
// page at a time. promshm-serve(1) describes it.
//
//   400   a parameter that cannot be
//   404   no such directory, no such family
//   500   the directories disagree and cannot be added up
//   503   the directory cannot be read
Response AnswerFamilies(const Request& request, const DirectorySource& source);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_FAMILIES_API_H_
