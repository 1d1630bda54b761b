#ifndef PROMSHM_TOOLS_SERVE_HTTP_DAEMON_PROBE_H_
#define PROMSHM_TOOLS_SERVE_HTTP_DAEMON_PROBE_H_

#include <chrono>

struct MHD_Daemon;

namespace promshm::tools {

// Whether the thread of a running daemon takes a connection and closes it
// within `patience`. The client ends it without a word, so that it does not
// matter whether the daemon speaks TLS.
bool TakesConnections(MHD_Daemon* daemon, std::chrono::milliseconds patience);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_DAEMON_PROBE_H_
