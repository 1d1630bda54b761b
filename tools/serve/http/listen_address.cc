#include "tools/serve/http/listen_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "tools/common/system_reason.h"

namespace promshm::tools {
namespace {

constexpr char kUnixScheme[] = "unix:";

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && parsed_to == end;
}

bool IsIpv4Loopback(const in_addr& address) {
  return (ntohl(address.s_addr) >> 24) == IN_LOOPBACKNET;
}

bool IsIpv6Loopback(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address)) return true;
  if (!IN6_IS_ADDR_V4MAPPED(&address)) return false;
  return address.s6_addr[12] == IN_LOOPBACKNET;
}

// The path of an unbound or nameless socket is empty.
std::string UnixPath(const sockaddr_storage& storage, socklen_t size) {
  sockaddr_un address{};
  std::memcpy(&address, &storage, std::min<std::size_t>(size, sizeof address));
  if (size <= offsetof(sockaddr_un, sun_path)) return {};
  std::string path(std::begin(address.sun_path),
                   size - offsetof(sockaddr_un, sun_path));
  if (path[0] == '\0') return "@" + path.substr(1);
  return path.substr(0, path.find('\0'));
}

}  // namespace

Result<ListenAddress> ParseListenAddress(const std::string& text) {
  const Status refusal(
      StatusKind::kInvalidArgument,
      text +
          ": not a listen address: expected HOST:PORT, [IPV6]:PORT, :PORT, "
          "with a port of 0 to 65535, or unix:/PATH");
  if (text.starts_with(kUnixScheme)) {
    std::string path = text.substr(std::strlen(kUnixScheme));
    if (!path.starts_with('/')) return refusal;
    return ListenAddress{{}, {}, std::move(path)};
  }
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
  if (!address.path.empty()) return kUnixScheme + address.path;
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + address.host + "]" : address.host;
  return host + ":" + address.port;
}

bool IsLoopback(const ListenAddress& address) {
  if (!address.path.empty()) return true;
  in_addr ipv4{};
  if (inet_pton(AF_INET, address.host.c_str(), &ipv4) == 1) {
    return IsIpv4Loopback(ipv4);
  }
  in6_addr ipv6{};
  return inet_pton(AF_INET6, address.host.c_str(), &ipv6) == 1 &&
         IsIpv6Loopback(ipv6);
}

Result<ListenAddress> FromSystem(const sockaddr_storage& address,
                                 socklen_t size, const std::string& what) {
  if (address.ss_family == AF_UNIX) {
    return ListenAddress{{}, {}, UnixPath(address, size)};
  }
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int error = getnameinfo(reinterpret_cast<const sockaddr*>(&address),
                                size, host.data(), host.size(), port.data(),
                                port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  if (error == 0) return ListenAddress{host.data(), port.data()};
  return Status(StatusKind::kIoError,
                what + ": cannot listen: " +
                    (error == EAI_SYSTEM ? SystemReason(errno)
                                         : LowerReason(gai_strerror(error))));
}

}  // namespace promshm::tools
