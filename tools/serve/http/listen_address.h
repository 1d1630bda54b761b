#ifndef PROMSHM_TOOLS_SERVE_HTTP_LISTEN_ADDRESS_H_
#define PROMSHM_TOOLS_SERVE_HTTP_LISTEN_ADDRESS_H_

#include <sys/socket.h>

#include <string>

#include "promshm/status.h"

namespace promshm::tools {

// Where to listen: a host and a port of TCP, or the path of a unix socket.
struct ListenAddress {
  // A name or a number, IPv6 without brackets. Empty: every address of the
  // machine, IPv6 and IPv4.
  std::string host;

  // 0 to 65535; 0 lets the system choose a free one.
  std::string port;

  // Absolute, or `@NAME` for a socket that systemd has made without a file.
  // Empty for TCP.
  std::string path = {};
};

// Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT` or `unix:/PATH`.
Result<ListenAddress> ParseListenAddress(const std::string& text);

// The opposite: an IPv6 host in brackets.
std::string ToString(const ListenAddress& address);

// Whether only this machine can reach it. A name is not looked up: only
// numbers and unix sockets can be local.
bool IsLoopback(const ListenAddress& address);

// What the system calls `address`. `what` names it in a message.
Result<ListenAddress> FromSystem(const sockaddr_storage& address,
                                 socklen_t size, const std::string& what);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_LISTEN_ADDRESS_H_
