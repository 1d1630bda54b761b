#ifndef PROMSHM_TESTS_TOOLS_SERVE_API_TESTING_H_
#define PROMSHM_TESTS_TOOLS_SERVE_API_TESTING_H_

#include <string>
#include <utility>
#include <vector>

#include "tools/serve/status/json_answer.h"

namespace promshm::tools::testing {

using Parameters = std::vector<std::pair<std::string, std::string>>;

inline Request RequestWith(Parameters parameters) {
  return {"GET", "/api", std::move(parameters), "", ""};
}

// The document of an answer; throws when it is none.
inline Json Document(const Response& response) {
  return Json::parse(response.body);
}

}  // namespace promshm::tools::testing

#endif  // PROMSHM_TESTS_TOOLS_SERVE_API_TESTING_H_
