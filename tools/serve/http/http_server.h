#ifndef PROMSHM_TOOLS_SERVE_HTTP_HTTP_SERVER_H_
#define PROMSHM_TOOLS_SERVE_HTTP_HTTP_SERVER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "promshm/status.h"
#include "tools/serve/http/connection_table.h"
#include "tools/serve/http/http_message.h"
#include "tools/serve/http/listening_socket.h"
#include "tools/serve/http/worker_pool.h"

struct MHD_Daemon;
struct gnutls_session_int;

namespace promshm::tools {

struct HttpServerOptions {
  // Requests that wait for the handler or are in it; 503 above. 0: no limit.
  unsigned max_requests = 40;

  // Open at once; fewer where the process may not have four times as many
  // descriptors. Above, the least useful connection is cut off.
  std::size_t max_connections = 512;

  // A body is read and dropped. One that is announced to be larger is refused
  // with 413; one that turns out to be is cut off.
  std::size_t max_body_bytes = 65536;

  // The answers on their way to clients. Above, those are cut off whose
  // clients have been taking theirs for longer than `answer_patience`; above
  // four times as much, all but the latest.
  std::size_t max_unsent_bytes = 67108864;
  std::chrono::milliseconds answer_patience{2000};

  // A connection on which nothing moves is closed. Prometheus keeps one open
  // from scrape to scrape, by default for a minute.
  std::chrono::seconds idle_timeout{90};

  // HTTPS. `prepare_session` is called for each connection before its
  // handshake, in the thread of the listening socket, and gives the session
  // its priorities and credentials; it must not throw. What it returns is kept
  // until the session is gone. Where that is null, the connection is closed.
  using KeptForSession = std::shared_ptr<const void>;
  bool tls = false;
  std::function<KeptForSession(gnutls_session_int*)> prepare_session = {};
};

// Purpose: HTTP/1.1 over any number of listening sockets; passes each request
// to one handler.
//
// Each listening socket has a thread that moves bytes and never waits for
// anything else; the handler runs in threads that all share. So neither slow
// handlers nor clients that send nothing, half a request or do not read delay
// the others.
//
// A header has to fit into 256 KiB with about 60 bytes for each field and each
// parameter: otherwise 414 or 431, or, above 2,000 parameters, an end without
// an answer.
//
// Thread safety: the methods need external locking. The handler is called from
// several threads at once.
class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;

  explicit HttpServer(Handler handler, HttpServerOptions options = {});

  // Stops.
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Serves the connections of `socket` from now on.
  Status Start(ListeningSocket socket);

  // Whether each thread that serves a socket takes a connection of ours and
  // closes it, and a task gets a thread, within `patience` each. For a
  // watchdog; may be called from any thread between the last Start() and
  // Stop().
  bool IsAlive(std::chrono::milliseconds patience);

  // Takes no more connections, lets the requests that have begun finish for
  // up to five seconds, then closes all connections. What the handler is doing
  // by then is waited for.
  void Stop();

 private:
  // While closing, requests that wait for a thread are dropped.
  enum class Phase { kServing, kFinishing, kClosing };

  struct Callbacks;
  struct Exchange;
  struct Listener;

  const Handler handler_;
  const HttpServerOptions options_;
  std::atomic<Phase> phase_ = Phase::kServing;

  // From the header to the end of the answer; in the handler or waiting for it.
  std::atomic<unsigned> requests_under_way_ = 0;
  std::atomic<unsigned> requests_to_handle_ = 0;

  ConnectionTable connections_;
  WorkerPool workers_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_HTTP_SERVER_H_
