#include "tools/serve/http/listening_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "tools/serve/http/tcp_socket.h"
#include "tools/serve/http/unix_socket.h"

namespace promshm::tools {
namespace {

struct stat InformationOn(const std::string& path) {
  struct stat information {};
  lstat(path.c_str(), &information);
  return information;
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  const struct stat information = InformationOn(path_);
  device_ = information.st_dev;
  inode_ = information.st_ino;
}

SocketFile::~SocketFile() {
  if (path_.empty()) return;
  const struct stat information = InformationOn(path_);
  if (information.st_dev == device_ && information.st_ino == inode_) {
    unlink(path_.c_str());
  }
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

ListeningSocket::ListeningSocket(int descriptor, ListenAddress address,
                                 std::optional<SocketFile> file)
    : descriptor_(descriptor),
      address_(std::move(address)),
      file_(std::move(file)) {}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(other.Release()),
      address_(std::move(other.address_)),
      file_(std::move(other.file_)) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(address_, other.address_);
  std::swap(file_, other.file_);
  return *this;
}

int ListeningSocket::Release() { return std::exchange(descriptor_, -1); }

Result<std::vector<ListeningSocket>> Listen(const ListenAddress& address) {
  if (address.path.empty()) return ListenOnTcp(address);
  Result<ListeningSocket> socket = ListenOnPath(address.path);
  if (!socket.ok()) return socket.status();
  std::vector<ListeningSocket> sockets;
  sockets.push_back(*std::move(socket));
  return sockets;
}

bool IsLoopback(const ListeningSocket& socket) {
  return IsLoopback(socket.address());
}

}  // namespace promshm::tools
