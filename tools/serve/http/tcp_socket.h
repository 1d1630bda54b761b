#ifndef PROMSHM_TOOLS_SERVE_HTTP_TCP_SOCKET_H_
#define PROMSHM_TOOLS_SERVE_HTTP_TCP_SOCKET_H_

#include <vector>

#include "promshm/status.h"
#include "tools/serve/http/listening_socket.h"

namespace promshm::tools {

// Listen(), for an address with a host and a port.
Result<std::vector<ListeningSocket>> ListenOnTcp(const ListenAddress& address);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_TCP_SOCKET_H_
