#include "tools/serve/http/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "tools/common/system_reason.h"

namespace promshm::tools {
namespace {

constexpr mode_t kMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;

Status CannotListen(const std::string& path, const std::string& reason) {
  return {StatusKind::kIoError, "unix:" + path + ": cannot listen: " + reason};
}

int OpenSocket() {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

bool Bind(int descriptor, const sockaddr_un& address) {
  return bind(descriptor, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) == 0;
}

// A socket file without a listener says so at once.
bool IsAbandoned(const sockaddr_un& address) {
  const int probe = OpenSocket();
  if (probe < 0) return false;
  const bool refused =
      connect(probe, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) != 0 &&
      errno == ECONNREFUSED;
  close(probe);
  return refused;
}

bool IsSocket(const std::string& path) {
  struct stat information {};
  return lstat(path.c_str(), &information) == 0 &&
         S_ISSOCK(information.st_mode);
}

}  // namespace

Result<ListeningSocket> ListenOnPath(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t longest = std::size(address.sun_path) - 1;
  if (path.size() > longest) {
    return CannotListen(
        path, "the path is longer than " + std::to_string(longest) + " bytes");
  }
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));

  const int descriptor = OpenSocket();
  if (descriptor < 0) return CannotListen(path, SystemReason(errno));
  ListeningSocket socket(descriptor, {{}, {}, path});
  // The file is born with this mode less the umask; so there is no moment in
  // which others could connect.
  if (fchmod(descriptor, kMode) != 0) {
    return CannotListen(path, SystemReason(errno));
  }
  if (!Bind(descriptor, address)) {
    if (errno != EADDRINUSE) return CannotListen(path, SystemReason(errno));
    if (!IsSocket(path)) return CannotListen(path, "not a socket");
    if (!IsAbandoned(address))
      return CannotListen(path, SystemReason(EADDRINUSE));
    if (unlink(path.c_str()) != 0 || !Bind(descriptor, address)) {
      return CannotListen(path, SystemReason(errno));
    }
  }
  SocketFile file(path);
  if (chmod(path.c_str(), kMode) != 0 || listen(descriptor, SOMAXCONN) != 0) {
    return CannotListen(path, SystemReason(errno));
  }
  return ListeningSocket(socket.Release(), socket.address(), std::move(file));
}

}  // namespace promshm::tools
