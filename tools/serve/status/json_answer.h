#ifndef PROMSHM_TOOLS_SERVE_STATUS_JSON_ANSWER_H_
#define PROMSHM_TOOLS_SERVE_STATUS_JSON_ANSWER_H_

#include <nlohmann/json.hpp>
#include <string>

#include "tools/serve/http/http_message.h"

namespace promshm::tools {

using Json = nlohmann::ordered_json;

// A number with all its digits; JSON has no NaN and no infinity, which become
// the strings "NaN", "+Inf" and "-Inf".
Json JsonNumber(double value);

// Now, in Unix seconds.
double UnixNow();

// What is no UTF-8 in the document's texts is replaced.
Response JsonAnswer(const Json& document);

// {"error": REASON}
Response JsonError(unsigned status, const std::string& reason);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_JSON_ANSWER_H_
