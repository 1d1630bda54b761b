#ifndef PROMSHM_TOOLS_SERVE_WEB_WEB_GATE_H_
#define PROMSHM_TOOLS_SERVE_WEB_WEB_GATE_H_

#include <functional>
#include <mutex>

#include "tools/serve/http/http_message.h"
#include "tools/serve/web/basic_auth.h"
#include "tools/serve/web/token_bucket.h"
#include "tools/serve/web/web_config_file.h"

namespace promshm::tools {

// Purpose: stands before a handler and holds every request to the web
// configuration in force: 429 above the rate limit, 401 without the password
// of a user, 503 while passwords cannot be checked; and adds its header fields
// to every answer, unless the answer has one of that name.
//
// Thread safety: Handle() may be called from several threads.
class WebGate {
 public:
  using Handler = std::function<Response(const Request&)>;

  // `file` has to outlive the object.
  WebGate(WebConfigFile* file, Handler next);

  // Throws what the handler throws, and std::bad_alloc.
  Response Handle(const Request& request);

 private:
  Response Answer(const WebConfig& config, const Request& request);
  bool IsWithin(const RateLimit& limit);

  WebConfigFile* const file_;
  const Handler next_;
  BasicAuth auth_;
  std::mutex mutex_;
  TokenBucket bucket_{RateLimit{}};
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_WEB_GATE_H_
