#include "tools/serve/http/daemon_probe.h"

#include <microhttpd.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace promshm::tools {

bool TakesConnections(MHD_Daemon* daemon, std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                 ends.data()) != 0) {
    return false;
  }
  const auto [ours, theirs] = ends;
  shutdown(ours, SHUT_WR);
  sockaddr nameless{};
  nameless.sa_family = AF_UNIX;
  // The daemon closes the descriptor, be it that it refuses the connection.
  const bool is_taken =
      MHD_add_connection(daemon, theirs, &nameless, sizeof nameless) == MHD_YES;
  pollfd closed{ours, POLLRDHUP, 0};
  const bool is_closed =
      is_taken && poll(&closed, 1, static_cast<int>(patience.count())) == 1;
  close(ours);
  return is_closed;
}

}  // namespace promshm::tools
