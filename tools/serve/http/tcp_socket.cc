#include "tools/serve/http/tcp_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "tools/common/system_reason.h"

namespace promshm::tools {
namespace {

struct FreeAddrinfo {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddrinfoList = std::unique_ptr<addrinfo, FreeAddrinfo>;

std::string ResolverReason(int error) {
  return error == EAI_SYSTEM ? SystemReason(errno)
                             : LowerReason(gai_strerror(error));
}

Status CannotListen(const ListenAddress& address, const std::string& reason) {
  return {StatusKind::kIoError,
          ToString(address) + ": cannot listen: " + reason};
}

Result<AddrinfoList> Resolve(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const char* host = address.host.empty() ? nullptr : address.host.c_str();
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host, address.port.c_str(), &hints, &list);
  if (error == 0) return AddrinfoList(list);
  return Status(
      StatusKind::kInvalidArgument,
      ToString(address) + ": cannot resolve: " + ResolverReason(error));
}

// IPv6 first, each once: a name that the hosts file lists for both families
// can come with the same IPv4 address twice.
std::vector<const addrinfo*> InOrder(const addrinfo* list) {
  std::vector<const addrinfo*> candidates;
  for (; list != nullptr; list = list->ai_next) {
    const bool seen = std::any_of(
        candidates.begin(), candidates.end(), [list](const addrinfo* other) {
          return other->ai_addrlen == list->ai_addrlen &&
                 std::memcmp(other->ai_addr, list->ai_addr, list->ai_addrlen) ==
                     0;
        });
    if (!seen) candidates.push_back(list);
  }
  std::stable_partition(
      candidates.begin(), candidates.end(),
      [](const addrinfo* a) { return a->ai_family == AF_INET6; });
  return candidates;
}

bool TakesIpv4Too(const addrinfo& address) {
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, address.ai_addr,
              std::min<std::size_t>(sizeof ipv6, address.ai_addrlen));
  return IN6_IS_ADDR_UNSPECIFIED(&ipv6.sin6_addr);
}

bool SetOption(int descriptor, int level, int name, bool on) {
  const int value = on ? 1 : 0;
  return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

bool Configure(int descriptor, const addrinfo& address) {
  if (!SetOption(descriptor, SOL_SOCKET, SO_REUSEADDR, true)) return false;
  if (address.ai_family == AF_INET6 &&
      !SetOption(descriptor, IPPROTO_IPV6, IPV6_V6ONLY,
                 !TakesIpv4Too(address))) {
    return false;
  }
  return bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 &&
         listen(descriptor, SOMAXCONN) == 0;
}

// The descriptor, or -1 and errno.
int OpenSocket(const addrinfo& address) {
  const int descriptor = socket(
      address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0 || Configure(descriptor, address)) return descriptor;
  const int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

bool IsMissingFamily(int error) {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

// What getsockname says of `descriptor`, which was opened for `asked`.
Result<ListenAddress> BoundAddress(int descriptor, const ListenAddress& asked) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) !=
      0) {
    return CannotListen(asked, SystemReason(errno));
  }
  return FromSystem(storage, size, ToString(asked));
}

}  // namespace

Result<std::vector<ListeningSocket>> ListenOnTcp(const ListenAddress& address) {
  const Result<AddrinfoList> resolved = Resolve(address);
  if (!resolved.ok()) return resolved.status();
  const bool one_is_enough = address.host.empty();
  std::vector<ListeningSocket> sockets;
  int missing = 0;
  for (const addrinfo* candidate : InOrder(resolved->get())) {
    const int descriptor = OpenSocket(*candidate);
    if (descriptor < 0) {
      missing = errno;
      if (!IsMissingFamily(missing)) {
        return CannotListen(address, SystemReason(missing));
      }
      continue;
    }
    ListeningSocket socket(descriptor, address);
    Result<ListenAddress> bound = BoundAddress(descriptor, address);
    if (!bound.ok()) return bound.status();
    sockets.emplace_back(socket.Release(), *std::move(bound));
    if (one_is_enough) break;
  }
  if (sockets.empty()) return CannotListen(address, SystemReason(missing));
  return sockets;
}

}  // namespace promshm::tools
