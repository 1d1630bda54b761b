#ifndef PROMSHM_TOOLS_SERVE_HTTP_SERVER_H_
#define PROMSHM_TOOLS_SERVE_HTTP_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "promshm/status.h"
#include "tools/serve/http_message.h"
#include "tools/serve/listen_address.h"

struct MHD_Daemon;

namespace promshm::tools {

// Purpose: HTTP/1.1 over any number of listening sockets; passes each request
// to one handler.
//
// Thread safety: the methods need external locking. The handler is called from
// several threads at once.
class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;

  explicit HttpServer(Handler handler);

  // Stops.
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Serves the connections of `socket` from now on, in threads of its own.
  Status Start(ListeningSocket socket);

  // Takes no more connections, lets the requests that have begun finish for
  // up to five seconds, then closes all connections. What the handler is doing
  // by then is waited for.
  void Stop();

 private:
  // While closing, requests that wait for a thread are dropped.
  enum class Phase { kServing, kFinishing, kClosing };

  struct Callbacks;
  struct StopDaemon {
    void operator()(MHD_Daemon* daemon) const;
  };

  const Handler handler_;
  std::atomic<Phase> phase_ = Phase::kServing;
  std::atomic<int> requests_under_way_ = 0;
  std::vector<std::unique_ptr<MHD_Daemon, StopDaemon>> daemons_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_SERVER_H_
