#include "tools/serve/http_server.h"

#include <microhttpd.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace promshm::tools {
namespace {

constexpr unsigned kThreads = 4;

// An idle connection costs a descriptor and no thread. Prometheus keeps one
// open from scrape to scrape, by default for a minute.
constexpr unsigned kMostConnections = 512;
constexpr unsigned kIdleSeconds = 90;

// The header of a request has to fit in, and about a hundred bytes more for
// each name[] parameter. Where parameters do not, the library leaves the client
// without an answer until the connection is idle for too long (0.9.75).
constexpr std::size_t kConnectionMemory = 131072;

constexpr std::chrono::seconds kStopPatience{5};
constexpr std::chrono::milliseconds kStopPoll{10};

// The larger part of the descriptors is for the files of the directory.
unsigned ConnectionLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMostConnections;
  return static_cast<unsigned>(
      std::clamp<rlim_t>(limit.rlim_cur / 4, kThreads, kMostConnections));
}

void AddField(std::string_view value, std::string* list) {
  if (!list->empty()) *list += ", ";
  *list += value;
}

struct RequestReader {
  Request request;
  bool out_of_memory = false;
};

void ReadValue(MHD_ValueKind kind, std::string_view key, std::string_view value,
               Request* request) {
  if (kind == MHD_GET_ARGUMENT_KIND) {
    request->query.emplace_back(key, value);
  } else if (EqualsIgnoringCase(key, MHD_HTTP_HEADER_ACCEPT)) {
    AddField(value, &request->accept);
  } else if (EqualsIgnoringCase(key, MHD_HTTP_HEADER_ACCEPT_ENCODING)) {
    AddField(value, &request->accept_encoding);
  }
}

MHD_Result OnValue(void* reader_pointer, MHD_ValueKind kind, const char* key,
                   std::size_t key_size, const char* value,
                   std::size_t value_size) noexcept {
  auto* const reader = static_cast<RequestReader*>(reader_pointer);
  if (value == nullptr) return MHD_YES;
  try {
    ReadValue(kind, {key, key_size}, {value, value_size}, &reader->request);
    return MHD_YES;
  } catch (const std::exception&) {
    reader->out_of_memory = true;
    return MHD_NO;
  }
}

Request ReadRequest(MHD_Connection* connection, const char* method,
                    const char* path) {
  RequestReader reader;
  reader.request.method = method;
  reader.request.path = path;
  for (const MHD_ValueKind kind : {MHD_HEADER_KIND, MHD_GET_ARGUMENT_KIND}) {
    MHD_get_connection_values_n(connection, kind, &OnValue, &reader);
  }
  if (reader.out_of_memory) throw std::bad_alloc();
  return std::move(reader.request);
}

void DeleteBody(void* body) { delete static_cast<std::string*>(body); }

struct DestroyResponse {
  void operator()(MHD_Response* response) const {
    MHD_destroy_response(response);
  }
};

MHD_Result Send(MHD_Connection* connection, Response response, bool close) {
  auto body = std::make_unique<std::string>(std::move(response.body));
  const std::unique_ptr<MHD_Response, DestroyResponse> message(
      MHD_create_response_from_buffer_with_free_callback_cls(
          body->size(), body->data(), &DeleteBody, body.get()));
  if (message == nullptr) return MHD_NO;
  body.release();  // NOLINT(bugprone-unused-return-value): message deletes it
  if (close) response.headers.emplace_back(MHD_HTTP_HEADER_CONNECTION, "close");
  for (const auto& [name, value] : response.headers) {
    if (MHD_add_response_header(message.get(), name.c_str(), value.c_str()) !=
        MHD_YES) {
      return MHD_NO;
    }
  }
  return MHD_queue_response(connection, response.status, message.get());
}

}  // namespace

// No exception may pass through the library's C code.
struct HttpServer::Callbacks {
  static MHD_Result OnConnect(void* server_pointer, const sockaddr* /*client*/,
                              socklen_t /*size*/) noexcept {
    const auto* const server = static_cast<HttpServer*>(server_pointer);
    return server->phase_ == Phase::kServing ? MHD_YES : MHD_NO;
  }

  // Called first with the header alone, then for each piece of the body, then
  // once more. An answer that comes before the last call cuts the body off.
  static MHD_Result OnRequest(void* server_pointer, MHD_Connection* connection,
                              const char* path, const char* method,
                              const char* /*version*/,
                              const char* /*body_piece*/,
                              std::size_t* body_piece_size,
                              void** request_server) noexcept {
    auto* const server = static_cast<HttpServer*>(server_pointer);
    if (server->phase_ == Phase::kClosing) return MHD_NO;
    if (*request_server == nullptr) {
      *request_server = server;
      ++server->requests_under_way_;
      return MHD_YES;
    }
    if (*body_piece_size != 0) {
      *body_piece_size = 0;
      return MHD_YES;
    }
    try {
      Response response =
          server->handler_(ReadRequest(connection, method, path));
      return Send(connection, std::move(response),
                  server->phase_ != Phase::kServing);
    } catch (const std::exception&) {
      return MHD_NO;
    }
  }

  static void OnCompleted(void* /*server*/, MHD_Connection* /*connection*/,
                          void** request_server,
                          MHD_RequestTerminationCode /*code*/) noexcept {
    if (*request_server == nullptr) return;
    --static_cast<HttpServer*>(*request_server)->requests_under_way_;
    *request_server = nullptr;
  }

  // The path reaches OnRequest as a C string: without this `/metrics%00x`
  // would be `/metrics` there. No page has a `?` in its path.
  static std::size_t OnUnescape(void* /*server*/,
                                MHD_Connection* /*connection*/,
                                char* text) noexcept {
    const std::size_t size = MHD_http_unescape(text);
    std::replace(text, text + size, '\0', '?');
    return size;
  }
};

void HttpServer::StopDaemon::operator()(MHD_Daemon* daemon) const {
  MHD_stop_daemon(daemon);
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {}

HttpServer::~HttpServer() { Stop(); }

Status HttpServer::Start(ListeningSocket socket) {
  const std::string address = ToString(socket.address());
  // The daemon closes the descriptor, be it that it cannot start.
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon(MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, &Callbacks::OnConnect,
      this, &Callbacks::OnRequest, this, MHD_OPTION_LISTEN_SOCKET,
      socket.Release(), MHD_OPTION_THREAD_POOL_SIZE, kThreads,
      MHD_OPTION_CONNECTION_LIMIT, ConnectionLimit(),
      MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory,
      MHD_OPTION_NOTIFY_COMPLETED, &Callbacks::OnCompleted, this,
      MHD_OPTION_UNESCAPE_CALLBACK, &Callbacks::OnUnescape, this,
      MHD_OPTION_END));
  if (daemon == nullptr) {
    return {StatusKind::kIoError, address + ": cannot start serving"};
  }
  daemons_.push_back(std::move(daemon));
  return {};
}

void HttpServer::Stop() {
  // Not MHD_quiesce_daemon: it races with the threads of the pool, and the
  // loser aborts the program (0.9.75). Refusing connections does as well.
  phase_ = Phase::kFinishing;
  const auto deadline = std::chrono::steady_clock::now() + kStopPatience;
  do {
    std::this_thread::sleep_for(kStopPoll);
  } while (requests_under_way_ > 0 &&
           std::chrono::steady_clock::now() < deadline);
  phase_ = Phase::kClosing;
  daemons_.clear();
}

}  // namespace promshm::tools
