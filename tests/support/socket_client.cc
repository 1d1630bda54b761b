#include "tests/support/socket_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <system_error>
#include <utility>

namespace promshm::testing {
namespace {

[[noreturn]] void Fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int Open(int family) {
  const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) Fail("socket");
  const timeval patience{20, 0};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    setsockopt(descriptor, SOL_SOCKET, option, &patience, sizeof patience);
  }
  return descriptor;
}

template <typename Address>
void Connect(int descriptor, const Address& address) {
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) != 0) {
    Fail("connect");
  }
}

std::size_t ContentLength(std::string_view header) {
  constexpr std::string_view kField = "\r\nContent-Length: ";
  const std::size_t place = header.find(kField);
  if (place == std::string_view::npos) return 0;
  return std::stoul(std::string(header.substr(place + kField.size(), 20)));
}

}  // namespace

SocketClient SocketClient::OfPort(const std::string& port, int receive_buffer) {
  SocketClient client(Open(AF_INET));
  if (receive_buffer != 0) {
    setsockopt(client.descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
               sizeof receive_buffer);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Connect(client.descriptor_, address);
  return client;
}

SocketClient SocketClient::OfPath(const std::string& path) {
  SocketClient client(Open(AF_UNIX));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  Connect(client.descriptor_, address);
  return client;
}

SocketClient::SocketClient(int descriptor) : descriptor_(descriptor) {}

SocketClient::~SocketClient() {
  if (descriptor_ >= 0) close(descriptor_);
}

SocketClient::SocketClient(SocketClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      received_(std::move(other.received_)) {}

void SocketClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // What the server does not read any more it has answered or refused.
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
    if (sent < 0) Fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string SocketClient::ReadAll() {
  while (ReadMore()) {
  }
  return std::exchange(received_, {});
}

std::string SocketClient::ReadAnswer() {
  constexpr std::string_view kEnd = "\r\n\r\n";
  while (received_.find(kEnd) == std::string::npos && ReadMore()) {
  }
  const std::size_t end = received_.find(kEnd);
  if (end == std::string::npos) return std::exchange(received_, {});
  const std::size_t size =
      end + kEnd.size() + ContentLength(received_.substr(0, end));
  while (received_.size() < size && ReadMore()) {
  }
  std::string answer = received_.substr(0, size);
  received_.erase(0, size);
  return answer;
}

bool SocketClient::ReadMore() {
  std::array<char, 65536> bytes{};
  const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), 0);
  if (size < 0 && errno != ECONNRESET) Fail("recv");
  if (size <= 0) return false;
  received_.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

}  // namespace promshm::testing
