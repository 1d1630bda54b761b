#include "tools/serve/http/http_server.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tools/serve/http/daemon_probe.h"
#include "tools/serve/http/http_exchange.h"

namespace promshm::tools {
namespace {

// The library stops accepting at a limit of its own. That is only reached when
// more connections come at once than can be cut off meanwhile.
constexpr std::size_t kSpareConnections = 64;

// Without a limit on requests.
constexpr std::size_t kMostThreads = 64;

constexpr std::chrono::seconds kStopPatience{5};
constexpr std::chrono::milliseconds kStopPoll{10};

// The library does not start without some source of certificates; it is never
// asked, as each session gets credentials of its own.
int NoCertificate(gnutls_session_t /*session*/,
                  const gnutls_datum_t* /*requested_authorities*/,
                  int /*authority_count*/,
                  const gnutls_pk_algorithm_t* /*algorithms*/,
                  int /*algorithm_count*/, gnutls_pcert_st** /*certificates*/,
                  unsigned* /*certificate_count*/, gnutls_privkey_t* /*key*/) {
  return -1;
}

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }
};

}  // namespace

// The socket outlives the daemon: with it goes the file of a unix socket.
struct HttpServer::Listener {
  ListeningSocket socket;
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon;
};

// A request from its first line on. Between BeginHandling() and EndHandling()
// the connection is suspended and this belongs to a worker, otherwise to the
// thread of the daemon.
struct HttpServer::Exchange {
  HttpServer* const server;
  MHD_Connection* const connection;
  ConnectionTable::Connection* const entry;
  std::size_t body_bytes = 0;
  bool has_header = false;
  bool was_handled = false;
  Request request = {};
  std::optional<Response> response = {};

  MHD_Result TakeHeader(const char* version) {
    has_header = true;
    ++server->requests_under_way_;
    const std::string_view problem = HeaderProblem(connection, version);
    if (!problem.empty()) {
      return Send(TextPage(MHD_HTTP_BAD_REQUEST, std::string(problem) + "\n"));
    }
    const std::size_t most = server->options_.max_body_bytes;
    if (AnnouncedBodySize(connection) <= most) return MHD_YES;
    return Send(TextPage(
        MHD_HTTP_CONTENT_TOO_LARGE,
        "a body may have " + std::to_string(most) + " bytes at most\n"));
  }

  MHD_Result TakeBody(std::size_t bytes) {
    body_bytes += bytes;
    return body_bytes <= server->options_.max_body_bytes ? MHD_YES : MHD_NO;
  }

  MHD_Result BeginHandling(const char* method, const char* path) {
    request = ReadRequest(connection, method, path);
    const unsigned most = server->options_.max_requests;
    if (++server->requests_to_handle_ > most && most != 0) {
      --server->requests_to_handle_;
      return Send(
          TextPage(MHD_HTTP_SERVICE_UNAVAILABLE,
                   "already at work on " + std::to_string(most) +
                       " requests, the most there may be: try again later\n"));
    }
    server->connections_.BeginHandling(entry);
    was_handled = true;
    MHD_suspend_connection(connection);
    if (!Submit()) EndHandling();
    return MHD_YES;
  }

  bool Submit() noexcept {
    try {
      return server->workers_.Submit([this] { Handle(); });
    } catch (const std::exception&) {
      return false;
    }
  }

  void Handle() noexcept {
    try {
      if (server->phase_ != Phase::kClosing) {
        response = server->handler_(request);
      }
    } catch (const std::exception&) {
      // Without an answer the connection is closed.
    }
    EndHandling();
  }

  // Nothing may follow: the exchange can be gone before this returns.
  void EndHandling() noexcept {
    --server->requests_to_handle_;
    MHD_resume_connection(connection);
  }

  MHD_Result Answer() { return response ? Send(*std::move(response)) : MHD_NO; }

  MHD_Result Send(Response answer) {
    const unsigned status = answer.status;
    const std::size_t size = answer.body.size();
    const Message message =
        MakeMessage(std::move(answer), server->phase_ != Phase::kServing);
    if (message == nullptr) return MHD_NO;
    server->connections_.BeginAnswer(entry, size);
    return MHD_queue_response(connection, status, message.get());
  }
};

// No exception may pass through the library's C code.
struct HttpServer::Callbacks {
  static HttpServer* ServerOf(void* server) {
    return static_cast<HttpServer*>(server);
  }

  static MHD_Result OnConnect(void* server, const sockaddr* /*client*/,
                              socklen_t /*size*/) noexcept {
    return ServerOf(server)->phase_ == Phase::kServing ? MHD_YES : MHD_NO;
  }

  // A connection that is not wanted gets no request through any more.
  static void OnConnection(void* server, MHD_Connection* connection,
                           void** entry,
                           MHD_ConnectionNotificationCode code) noexcept {
    ConnectionTable* const table = &ServerOf(server)->connections_;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
      if (*entry != nullptr) table->Remove(EntryOf(*entry));
      return;
    }
    const int descriptor =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
            ->connect_fd;
    try {
      *entry = table->Add(descriptor);
      if (ServerOf(server)->options_.tls) {
        Prepare(ServerOf(server), connection, EntryOf(*entry));
      }
    } catch (const std::exception&) {
      shutdown(descriptor, SHUT_RDWR);
    }
  }

  static void Prepare(HttpServer* server, MHD_Connection* connection,
                      ConnectionTable::Connection* entry) {
    void* const session =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)
            ->tls_session;
    HttpServerOptions::KeptForSession kept = server->options_.prepare_session(
        static_cast<gnutls_session_t>(session));
    if (kept == nullptr) {
      server->connections_.CutOff(entry);
    } else {
      server->connections_.Keep(entry, std::move(kept));
    }
  }

  static ConnectionTable::Connection* EntryOf(void* entry) {
    return static_cast<ConnectionTable::Connection*>(entry);
  }

  static void* OnUri(void* server, const char* uri,
                     MHD_Connection* connection) noexcept {
    ConnectionTable::Connection* const entry = EntryOf(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
            ->socket_context);
    if (entry == nullptr) return nullptr;
    if (!HasRoomFor(uri)) ServerOf(server)->connections_.CutOff(entry);
    return new (std::nothrow) Exchange{ServerOf(server), connection, entry};
  }

  // Called first with the header alone, then for each piece of the body, then
  // once more, and again when the handler is done. An answer that comes before
  // the last piece cuts the body off.
  static MHD_Result OnRequest(void* server, MHD_Connection* /*connection*/,
                              const char* path, const char* method,
                              const char* version, const char* /*body_piece*/,
                              std::size_t* body_piece_size,
                              void** exchange_pointer) noexcept {
    auto* const exchange = static_cast<Exchange*>(*exchange_pointer);
    if (exchange == nullptr || ServerOf(server)->phase_ == Phase::kClosing) {
      return MHD_NO;
    }
    try {
      if (!exchange->has_header) return exchange->TakeHeader(version);
      if (*body_piece_size != 0) {
        return exchange->TakeBody(std::exchange(*body_piece_size, 0));
      }
      if (exchange->was_handled) return exchange->Answer();
      return exchange->BeginHandling(method, path);
    } catch (const std::exception&) {
      return MHD_NO;
    }
  }

  static void OnCompleted(void* server, MHD_Connection* /*connection*/,
                          void** exchange_pointer,
                          MHD_RequestTerminationCode /*code*/) noexcept {
    const std::unique_ptr<Exchange> exchange(
        static_cast<Exchange*>(std::exchange(*exchange_pointer, nullptr)));
    if (exchange == nullptr) return;
    ServerOf(server)->connections_.AwaitRequest(exchange->entry);
    if (exchange->has_header) --ServerOf(server)->requests_under_way_;
  }

  static std::size_t OnUnescape(void* /*server*/,
                                MHD_Connection* /*connection*/,
                                char* text) noexcept {
    return Unescape(text);
  }
};

HttpServer::HttpServer(Handler handler, HttpServerOptions options)
    : handler_(std::move(handler)),
      options_(std::move(options)),
      connections_({options_.max_connections, options_.max_unsent_bytes,
                    options_.answer_patience}),
      workers_(
          options_.max_requests == 0
              ? kMostThreads
              : std::min<std::size_t>(options_.max_requests, kMostThreads)) {}

HttpServer::~HttpServer() { Stop(); }

Status HttpServer::Start(ListeningSocket socket) {
  auto listener = std::make_unique<Listener>(Listener{std::move(socket), {}});
  constexpr unsigned kFlags =
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
  // The daemon closes the descriptor, be it that it cannot start.
  listener->daemon.reset(MHD_start_daemon(
      options_.tls ? kFlags | MHD_USE_TLS : kFlags, 0, &Callbacks::OnConnect,
      this, &Callbacks::OnRequest, this, MHD_OPTION_LISTEN_SOCKET,
      listener->socket.Release(), MHD_OPTION_CONNECTION_LIMIT,
      static_cast<unsigned>(connections_.limits().connections +
                            kSpareConnections),
      MHD_OPTION_CONNECTION_TIMEOUT,
      static_cast<unsigned>(options_.idle_timeout.count()),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory,
      MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::OnConnection, this,
      MHD_OPTION_URI_LOG_CALLBACK, &Callbacks::OnUri, this,
      MHD_OPTION_NOTIFY_COMPLETED, &Callbacks::OnCompleted, this,
      MHD_OPTION_UNESCAPE_CALLBACK, &Callbacks::OnUnescape, this,
      options_.tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END,
      &NoCertificate, MHD_OPTION_END));
  if (listener->daemon == nullptr) {
    return {StatusKind::kIoError,
            ToString(listener->socket.address()) + ": cannot start serving"};
  }
  listeners_.push_back(std::move(listener));
  return {};
}

bool HttpServer::IsAlive(std::chrono::milliseconds patience) {
  for (const auto& listener : listeners_) {
    if (!TakesConnections(listener->daemon.get(), patience)) return false;
  }
  const auto has_run = std::make_shared<std::promise<void>>();
  return workers_.Submit([has_run] { has_run->set_value(); }) &&
         has_run->get_future().wait_for(patience) == std::future_status::ready;
}

void HttpServer::Stop() {
  // Not MHD_quiesce_daemon: it races with the daemon's thread, and the loser
  // aborts the program (0.9.75). Refusing connections does as well.
  phase_ = Phase::kFinishing;
  const auto deadline = std::chrono::steady_clock::now() + kStopPatience;
  do {
    std::this_thread::sleep_for(kStopPoll);
  } while (requests_under_way_ > 0 &&
           std::chrono::steady_clock::now() < deadline);
  phase_ = Phase::kClosing;
  // A daemon must not be stopped while a connection is suspended.
  workers_.Stop();
  listeners_.clear();
}

}  // namespace promshm::tools
