#ifndef PROMSHM_TOOLS_SERVE_LISTEN_ADDRESS_H_
#define PROMSHM_TOOLS_SERVE_LISTEN_ADDRESS_H_

#include <string>
#include <vector>

#include "promshm/status.h"

namespace promshm::tools {

// Where to listen.
struct ListenAddress {
  // A name or a number, IPv6 without brackets. Empty: every address of the
  // machine, IPv6 and IPv4.
  std::string host;

  // 0 to 65535; 0 lets the system choose a free one.
  std::string port;
};

// Reads `HOST:PORT`, `[IPV6]:PORT` or `:PORT`.
Result<ListenAddress> ParseListenAddress(const std::string& text);

// The opposite: an IPv6 host in brackets.
std::string ToString(const ListenAddress& address);

// Purpose: a TCP socket that clients can connect to.
//
// Owns the descriptor. Thread safety: const methods may be called from several
// threads; anything else needs external locking.
class ListeningSocket {
 public:
  // `descriptor` is bound to `address` and listens.
  ListeningSocket(int descriptor, ListenAddress address);
  ~ListeningSocket();
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;

  // With the numeric host and the port that the system has chosen.
  const ListenAddress& address() const { return address_; }

  // Hands the descriptor over; the caller closes it.
  int Release();

 private:
  int descriptor_;
  ListenAddress address_;
};

// Listens on `address`; on all addresses that a name stands for, except those
// of a family this machine does not have.
Result<std::vector<ListeningSocket>> Listen(const ListenAddress& address);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_LISTEN_ADDRESS_H_
