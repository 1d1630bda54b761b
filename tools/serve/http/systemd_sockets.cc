#include "tools/serve/http/systemd_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "tools/common/system_reason.h"

namespace promshm::tools {
namespace {

constexpr int kFirst = 3;

// What a variable says as a whole; -1 for anything but a number.
int NumberFrom(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return -1;
  const std::string_view text = value;
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && parsed_to == end ? number : -1;
}

bool IsListeningStream(int descriptor) {
  for (const auto& [option, expected] :
       {std::pair(SO_ACCEPTCONN, 1), std::pair(SO_TYPE, int{SOCK_STREAM})}) {
    int value = 0;
    socklen_t size = sizeof value;
    if (getsockopt(descriptor, SOL_SOCKET, option, &value, &size) != 0 ||
        value != expected) {
      return false;
    }
  }
  return true;
}

bool AddFlag(int descriptor, int get, int set, int flag) {
  const int flags = fcntl(descriptor, get);
  return flags >= 0 && fcntl(descriptor, set, flags | flag) == 0;
}

Result<ListeningSocket> Take(int descriptor) {
  const std::string what =
      "socket from systemd: descriptor " + std::to_string(descriptor);
  // Owned from here on.
  ListeningSocket socket(descriptor, {});
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (!AddFlag(descriptor, F_GETFD, F_SETFD, FD_CLOEXEC) ||
      !AddFlag(descriptor, F_GETFL, F_SETFL, O_NONBLOCK) ||
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) !=
          0) {
    return Status(StatusKind::kIoError,
                  what + ": cannot listen: " + SystemReason(errno));
  }
  if (!IsListeningStream(descriptor)) {
    return Status(StatusKind::kInvalidArgument,
                  what + ": not a listening stream socket");
  }
  Result<ListenAddress> address = FromSystem(storage, size, what);
  if (!address.ok()) return address.status();
  return ListeningSocket(socket.Release(), *std::move(address));
}

}  // namespace

Result<std::vector<ListeningSocket>> SystemdSockets() {
  const bool are_ours = NumberFrom("LISTEN_PID") == getpid();
  const int count = are_ours ? NumberFrom("LISTEN_FDS") : 0;
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    unsetenv(name);
  }
  if (count <= 0 || count > std::numeric_limits<int>::max() - kFirst) {
    return Status(StatusKind::kInvalidArgument,
                  "no socket from systemd: start it by a socket unit");
  }
  std::vector<ListeningSocket> sockets;
  for (int descriptor = kFirst; descriptor < kFirst + count; ++descriptor) {
    Result<ListeningSocket> socket = Take(descriptor);
    if (!socket.ok()) return socket.status();
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

}  // namespace promshm::tools
