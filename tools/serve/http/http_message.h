#ifndef PROMSHM_TOOLS_SERVE_HTTP_HTTP_MESSAGE_H_
#define PROMSHM_TOOLS_SERVE_HTTP_HTTP_MESSAGE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promshm::tools {

// What the handler is told of a request. A body is read and dropped.
struct Request {
  std::string method;

  // Percent-decoded, without the query.
  std::string path;

  // Decoded, in the order of the request; a name may occur several times.
  std::vector<std::pair<std::string, std::string>> query;

  // All fields of that name joined with ", "; empty where there is none.
  std::string accept;
  std::string accept_encoding;
  std::string authorization = {};

  // X-Prometheus-Scrape-Timeout-Seconds.
  std::string scrape_timeout = {};
};

// The answer to GET. For HEAD the server sends the same without the body, so
// that Content-Length is what GET would get.
struct Response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// An answer in plain text.
Response TextPage(unsigned status, std::string body);

// Names of fields and codings: the case of ASCII letters does not count.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_HTTP_HTTP_MESSAGE_H_
