#ifndef PROMSHM_TOOLS_SERVE_STATUS_API_QUERY_H_
#define PROMSHM_TOOLS_SERVE_STATUS_API_QUERY_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "promshm/status.h"
#include "tools/serve/http/http_message.h"

namespace promshm::tools {

// Which part of a list is asked for.
struct PageRange {
  std::size_t offset = 0;
  std::size_t limit = 100;

  bool Holds(std::size_t index) const {
    return index >= offset && index - offset < limit;
  }
};

// The parameters of a request to the JSON API; texts are empty where they were
// not given.
struct ApiQuery {
  std::string directory;
  std::string name;
  std::string q;
  std::string sort;
  std::string order;
  PageRange range;
};

// Fails, with what to tell the client, when a parameter is not among `known`
// or occurs twice, and when `offset` or `limit` is no number or too large.
Result<ApiQuery> ReadApiQuery(const Request& request,
                              std::initializer_list<std::string_view> known);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_API_QUERY_H_
