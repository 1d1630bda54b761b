#include "tools/serve/listen_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "tools/common/system_reason.h"

namespace promshm::tools {
namespace {

struct FreeAddrinfo {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddrinfoList = std::unique_ptr<addrinfo, FreeAddrinfo>;

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && parsed_to == end;
}

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
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = sizeof storage;
  if (getsockname(descriptor, address, &size) != 0) {
    return CannotListen(asked, SystemReason(errno));
  }
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  const int error = getnameinfo(address, size, host, sizeof host, port,
                                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  if (error != 0) return CannotListen(asked, ResolverReason(error));
  return ListenAddress{host, port};
}

}  // namespace

Result<ListenAddress> ParseListenAddress(const std::string& text) {
  const Status refusal(
      StatusKind::kInvalidArgument,
      text +
          ": not a listen address: expected HOST:PORT, [IPV6]:PORT or "
          ":PORT, with a port of 0 to 65535");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return refusal;
  std::string host = text.substr(0, colon);
  std::string port = text.substr(colon + 1);
  if (!IsPort(port)) return refusal;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  // Brackets belong around an IPv6 number and nothing else.
  if (bracketed != (host.find(':') != std::string::npos) ||
      host.find_first_of("[]") != std::string::npos) {
    return refusal;
  }
  return ListenAddress{std::move(host), std::move(port)};
}

std::string ToString(const ListenAddress& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + address.host + "]" : address.host;
  return host + ":" + address.port;
}

ListeningSocket::ListeningSocket(int descriptor, ListenAddress address)
    : descriptor_(descriptor), address_(std::move(address)) {}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(other.Release()), address_(std::move(other.address_)) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(address_, other.address_);
  return *this;
}

int ListeningSocket::Release() { return std::exchange(descriptor_, -1); }

Result<std::vector<ListeningSocket>> Listen(const ListenAddress& address) {
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
