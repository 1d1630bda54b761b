#ifndef PROMSHM_TOOLS_SERVE_HTTP_SYSTEMD_SOCKETS_H_
#define PROMSHM_TOOLS_SERVE_HTTP_SYSTEMD_SOCKETS_H_

#include <vector>

#include "promshm/status.h"
#include "tools/serve/http/listening_socket.h"

namespace promshm::tools {

// The sockets, TCP or unix, that systemd has opened for this process and tells
// of in $LISTEN_PID and $LISTEN_FDS; it is an error if there are none, or if
// one is something else. Takes them: the variables are unset, and a second call
// finds none. The files of unix sockets stay systemd's.
//
// To be called before the first thread starts.
Result<std::vector<ListeningSocket>> SystemdSockets();

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_SYSTEMD_SOCKETS_H_
