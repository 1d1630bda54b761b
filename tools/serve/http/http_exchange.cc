#include "tools/serve/http/http_exchange.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace promshm::tools {
namespace {

constexpr std::size_t kParameterMemory = 64;

// The library reads into one half; the other is for what it finds there.
constexpr std::size_t kReadMemory = kConnectionMemory / 2;

// Above that the library may read into more than one half.
constexpr std::size_t kLongestUri = kReadMemory - 4096;

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
    return;
  }
  const std::pair<std::string_view, std::string*> fields[] = {
      {MHD_HTTP_HEADER_ACCEPT, &request->accept},
      {MHD_HTTP_HEADER_ACCEPT_ENCODING, &request->accept_encoding},
      {MHD_HTTP_HEADER_AUTHORIZATION, &request->authorization},
      {"X-Prometheus-Scrape-Timeout-Seconds", &request->scrape_timeout},
  };
  for (const auto& [name, field] : fields) {
    if (EqualsIgnoringCase(key, name)) AddField(value, field);
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

struct FieldCounts {
  int host = 0;
  int content_length = 0;
  int transfer_encoding = 0;
};

MHD_Result OnField(void* counts_pointer, MHD_ValueKind /*kind*/,
                   const char* key, const char* /*value*/) noexcept {
  auto* const counts = static_cast<FieldCounts*>(counts_pointer);
  const std::pair<const char*, int*> fields[] = {
      {MHD_HTTP_HEADER_HOST, &counts->host},
      {MHD_HTTP_HEADER_CONTENT_LENGTH, &counts->content_length},
      {MHD_HTTP_HEADER_TRANSFER_ENCODING, &counts->transfer_encoding},
  };
  for (const auto& [name, count] : fields) {
    if (EqualsIgnoringCase(key, name)) ++*count;
  }
  return MHD_YES;
}

std::string_view PathOf(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t path = target.find('/', scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target;
}

void DeleteBody(void* body) { delete static_cast<std::string*>(body); }

}  // namespace

bool HasRoomFor(const char* uri) {
  const std::string_view text = uri == nullptr ? "" : uri;
  const std::size_t query = std::min(text.find('?'), text.size());
  const auto separators = static_cast<std::size_t>(std::count(
      text.begin() + static_cast<std::ptrdiff_t>(query), text.end(), '&'));
  return text.size() <= kLongestUri &&
         (separators + 1) * kParameterMemory <= kConnectionMemory - kReadMemory;
}

std::size_t Unescape(char* text) {
  const std::size_t size = MHD_http_unescape(text);
  std::replace(text, text + size, '\0', '?');
  return size;
}

std::string_view HeaderProblem(MHD_Connection* connection,
                               const char* version) {
  FieldCounts counts;
  MHD_get_connection_values(connection, MHD_HEADER_KIND, &OnField, &counts);
  if (counts.host > 1 ||
      (counts.host == 0 && std::string_view(version) == MHD_HTTP_VERSION_1_1)) {
    return "a request has one Host field";
  }
  if (counts.content_length + counts.transfer_encoding > 1) {
    return "a request says once how long its body is";
  }
  return "";
}

Request ReadRequest(MHD_Connection* connection, const char* method,
                    const char* path) {
  RequestReader reader;
  reader.request.method = method;
  reader.request.path = PathOf(path);
  for (const MHD_ValueKind kind : {MHD_HEADER_KIND, MHD_GET_ARGUMENT_KIND}) {
    MHD_get_connection_values_n(connection, kind, &OnValue, &reader);
  }
  if (reader.out_of_memory) throw std::bad_alloc();
  return std::move(reader.request);
}

std::size_t AnnouncedBodySize(MHD_Connection* connection) {
  const char* const text = MHD_lookup_connection_value(
      connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  if (text == nullptr) return 0;
  std::size_t size = 0;
  std::from_chars(text, text + std::strlen(text), size);
  return size;
}

Message MakeMessage(Response response, bool close) {
  auto body = std::make_unique<std::string>(std::move(response.body));
  Message message(MHD_create_response_from_buffer_with_free_callback_cls(
      body->size(), body->data(), &DeleteBody, body.get()));
  if (message == nullptr) return nullptr;
  body.release();  // NOLINT(bugprone-unused-return-value): message deletes it
  if (close) response.headers.emplace_back(MHD_HTTP_HEADER_CONNECTION, "close");
  for (const auto& [name, value] : response.headers) {
    if (MHD_add_response_header(message.get(), name.c_str(), value.c_str()) !=
        MHD_YES) {
      return nullptr;
    }
  }
  return message;
}

}  // namespace promshm::tools
