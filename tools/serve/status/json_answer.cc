#include "tools/serve/status/json_answer.h"

#include <chrono>
#include <cmath>

#include "promshm/exposition.h"

namespace promshm::tools {
namespace {

Response MakeAnswer(unsigned status, const Json& document) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.body =
      document.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  return response;
}

}  // namespace

Json JsonNumber(double value) {
  if (std::isfinite(value)) return value;
  return NumberText(value);
}

double UnixNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

Response JsonAnswer(const Json& document) { return MakeAnswer(200, document); }

Response JsonError(unsigned status, const std::string& reason) {
  return MakeAnswer(status, {{"error", reason}});
}

}  // namespace promshm::tools
