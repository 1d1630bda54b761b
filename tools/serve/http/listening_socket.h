#ifndef PROMSHM_TOOLS_SERVE_HTTP_LISTENING_SOCKET_H_
#define PROMSHM_TOOLS_SERVE_HTTP_LISTENING_SOCKET_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "promshm/status.h"
#include "tools/serve/http/listen_address.h"

namespace promshm::tools {

// Purpose: the file of a unix socket, removed with the object, unless something
// else has taken its place since.
//
// Thread safety: needs external locking.
class SocketFile {
 public:
  // `path` is there. Throws std::bad_alloc.
  explicit SocketFile(std::string path);
  ~SocketFile();
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// Purpose: a socket, TCP or unix, that clients can connect to.
//
// Owns the descriptor, and the file of a unix socket that Listen() has made.
// Thread safety: const methods may be called from several threads; anything
// else needs external locking.
class ListeningSocket {
 public:
  // `descriptor` is bound to `address` and listens.
  ListeningSocket(int descriptor, ListenAddress address,
                  std::optional<SocketFile> file = {});
  ~ListeningSocket();
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;

  // With the numeric host and the port that the system has chosen.
  const ListenAddress& address() const { return address_; }

  // Hands the descriptor over; the caller closes it. The file of a unix socket
  // stays as long as this object.
  int Release();

 private:
  int descriptor_;
  ListenAddress address_;
  std::optional<SocketFile> file_;
};

// Listens on `address`; on all addresses that a name stands for, except those
// of a family this machine does not have.
//
// A unix socket's file gets mode 0660, whatever the umask: its owner and its
// group may connect. A socket that nobody listens on any more is replaced;
// anything else at that path is an error.
Result<std::vector<ListeningSocket>> Listen(const ListenAddress& address);

bool IsLoopback(const ListeningSocket& socket);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_LISTENING_SOCKET_H_
