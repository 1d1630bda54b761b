#ifndef PROMSHM_TESTS_SUPPORT_SOCKET_CLIENT_H_
#define PROMSHM_TESTS_SUPPORT_SOCKET_CLIENT_H_

#include <string>
#include <string_view>

namespace promshm::testing {

// Purpose: a client that sends and reads bytes over a socket of its own. What
// does not work is thrown; nothing waits for longer than twenty seconds.
//
// Thread safety: needs external locking.
class SocketClient {
 public:
  // Of 127.0.0.1; of a unix socket. `receive_buffer` in bytes; 0: the
  // system's.
  static SocketClient OfPort(const std::string& port, int receive_buffer = 0);
  static SocketClient OfPath(const std::string& path);

  ~SocketClient();
  SocketClient(SocketClient&& other) noexcept;
  SocketClient& operator=(SocketClient&&) = delete;

  void Send(std::string_view bytes);

  // Until the first bytes of an answer are there.
  void AwaitAnswer() { ReadMore(); }

  // Until the server closes or resets the connection.
  std::string ReadAll();

  // One answer, header and body, by its Content-Length; less if the server
  // closes the connection before.
  std::string ReadAnswer();

 private:
  explicit SocketClient(int descriptor);

  // False at the end.
  bool ReadMore();

  int descriptor_;
  std::string received_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_SOCKET_CLIENT_H_
