#ifndef PROMSHM_TOOLS_SERVE_HTTP_UNIX_SOCKET_H_
#define PROMSHM_TOOLS_SERVE_HTTP_UNIX_SOCKET_H_

#include <string>

#include "promshm/status.h"
#include "tools/serve/http/listening_socket.h"

namespace promshm::tools {

// Listen(), for a unix socket.
Result<ListeningSocket> ListenOnPath(const std::string& path);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_UNIX_SOCKET_H_
