#include "tools/serve/status/api_query.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace promshm::tools {
namespace {

constexpr std::size_t kLargestOffset = 1'000'000'000;
constexpr std::size_t kLargestLimit = 1000;

Status Refusal(std::string message) {
  return {StatusKind::kInvalidArgument, std::move(message)};
}

Status ReadNumber(const std::string& name, const std::string& text,
                  std::size_t largest, std::size_t* number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, *number);
  if (error != std::errc() || stopped != end || *number > largest) {
    return Refusal(name + ": expected a number from 0 to " +
                   std::to_string(largest) + ": " + text);
  }
  return {};
}

}  // namespace

Result<ApiQuery> ReadApiQuery(const Request& request,
                              std::initializer_list<std::string_view> known) {
  ApiQuery query;
  std::set<std::string_view> seen;
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Refusal(name + ": no such parameter");
    }
    if (!seen.insert(name).second) return Refusal(name + ": given twice");
    Status status;
    if (name == "offset") {
      status = ReadNumber(name, value, kLargestOffset, &query.range.offset);
    } else if (name == "limit") {
      status = ReadNumber(name, value, kLargestLimit, &query.range.limit);
    } else if (name == "directory") {
      query.directory = value;
    } else if (name == "name") {
      query.name = value;
    } else if (name == "q") {
      query.q = value;
    } else if (name == "sort") {
      query.sort = value;
    } else if (name == "order") {
      query.order = value;
    }
    if (!status.ok()) return status;
  }
  return query;
}

}  // namespace promshm::tools
