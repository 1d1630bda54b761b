#ifndef PROMSHM_TOOLS_SERVE_HTTP_HTTP_EXCHANGE_H_
#define PROMSHM_TOOLS_SERVE_HTTP_HTTP_EXCHANGE_H_

#include <microhttpd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "tools/serve/http/http_message.h"

namespace promshm::tools {

// How requests and answers look to libmicrohttpd. Functions that take a
// connection are called in its daemon's thread, from a callback.

// What the library keeps of a connection while it is open: the request's
// header has to fit in, and 64 bytes for each parameter and each field.
constexpr std::size_t kConnectionMemory = 262144;

// Whether the library has room for the parameters of `uri`, which is as the
// client sent it. Where it has not, 0.9.75 leaves the client without an answer
// until the connection is idle for too long.
bool HasRoomFor(const char* uri);

// Decodes `text` in place and returns its size. A path reaches the server as a
// C string, and `/metrics%00x` would be `/metrics` there: NUL becomes `?`,
// which no page has in its path.
std::size_t Unescape(char* text);

// What HTTP/1.1 forbids in a request's header; empty where it is in order. Such
// a request is none that two programs have to understand alike.
std::string_view HeaderProblem(MHD_Connection* connection, const char* version);

// A target that is a whole URL, as proxies send it, counts as its path. Throws
// std::bad_alloc.
Request ReadRequest(MHD_Connection* connection, const char* method,
                    const char* path);

// What Content-Length says; 0 without it.
std::size_t AnnouncedBodySize(MHD_Connection* connection);

struct DestroyMessage {
  void operator()(MHD_Response* message) const {
    MHD_destroy_response(message);
  }
};
using Message = std::unique_ptr<MHD_Response, DestroyMessage>;

// Null where there is no memory or the library refuses a header. `close` tells
// the client that no further request is taken.
Message MakeMessage(Response response, bool close);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_HTTP_EXCHANGE_H_
