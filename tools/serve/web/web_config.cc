#include "tools/serve/web/web_config.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

#include "tools/serve/web/bcrypt.h"
#include "tools/serve/web/yaml_document.h"
#include "tools/serve/web/yaml_reader.h"

namespace promshm::tools {
namespace {

// Together they stay within what a clock can count.
constexpr std::chrono::hours kLongestInterval{1};
constexpr int kLargestBurst = 1'000'000;

using Headers = std::vector<std::pair<std::string, std::string>>;

// The fields that may be set, and the values some of them are bound to.
struct Header {
  const char* name;
  std::vector<std::string> values;
};

const std::vector<Header>& KnownHeaders() {
  static const std::vector<Header> headers{
      {"Content-Security-Policy", {}},
      {"Strict-Transport-Security", {}},
      {"X-Content-Type-Options", {"nosniff"}},
      {"X-Frame-Options", {"deny", "sameorigin"}},
      {"X-XSS-Protection", {}}};
  return headers;
}

// Ends with a slash unless it is the current one.
std::string FolderOf(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

// A block scalar ends with a line break.
std::string Trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

bool HasControl(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) {
    return (c < ' ' && c != '\t') || c == 0x7f;
  });
}

YamlReader ReadHeader(const Header& header, Headers* result) {
  return [&header, result](const YamlNode& node,
                           const YamlPlace& place) -> Status {
    std::string value;
    Status status = ReadText(&value)(node, place);
    if (!status.ok()) return status;
    value = Trimmed(value);
    if (value.empty()) return {};
    if (HasControl(value)) {
      return place.Refuse(node.line, "has a control character or line break");
    }
    if (!header.values.empty() &&
        std::find(header.values.begin(), header.values.end(), value) ==
            header.values.end()) {
      return place.Refuse(
          node.line,
          "expected " + header.values.front() +
              (header.values.size() > 1 ? " or " + header.values.back() : ""));
    }
    result->emplace_back(header.name, value);
    return {};
  };
}

YamlReader ReadHeaders(Headers* result) {
  return [result](const YamlNode& node, const YamlPlace& place) {
    std::vector<YamlField> fields;
    for (const Header& header : KnownHeaders()) {
      fields.push_back({header.name, ReadHeader(header, result)});
    }
    return ReadMapping(node, place, fields);
  };
}

Status RefuseHttp2(const YamlNode& node, const YamlPlace& place) {
  bool wanted = false;
  Status status = ReadBoolean(&wanted)(node, place);
  if (!wanted) return status;
  return place.Refuse(node.line,
                      "HTTP/2 is not supported: leave it out, or say false");
}

YamlReader ReadHttp(Headers* headers) {
  return [headers](const YamlNode& node, const YamlPlace& place) {
    return ReadMapping(
        node, place,
        {{"http2", &RefuseHttp2}, {"headers", ReadHeaders(headers)}});
  };
}

YamlReader ReadUsers(std::map<std::string, std::string>* users) {
  return [users](const YamlNode& node, const YamlPlace& place) -> Status {
    if (node.kind != YamlNode::Kind::kMapping) {
      return place.Refuse(node.line, "expected a mapping");
    }
    for (const YamlNode& user : node.items) {
      const YamlPlace inside = place.Inside(user.key);
      if (user.key.find(':') != std::string::npos) {
        return inside.Refuse(user.line, "a user's name has no colon");
      }
      const std::string problem = BcryptProblem(user.text);
      if (!problem.empty()) return inside.Refuse(user.line, problem);
      users->emplace(user.key, user.text);
    }
    return {};
  };
}

// In nanoseconds; 0 where there is no such unit.
double UnitSize(std::string_view unit) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ns", 1},  {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"ms", 1e6},
      {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  for (const auto& [name, size] : kUnits) {
    if (name == unit) return size;
  }
  return 0;
}

// As Go writes a duration: `1.5s`, `1m30s`; `0` needs no unit.
std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    const std::size_t number_size =
        std::min(text.find_first_not_of("0123456789."), text.size());
    double number = 0;
    const char* const end = text.data() + number_size;
    const auto [rest, error] =
        std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (error != std::errc() || rest != end) return std::nullopt;
    text.remove_prefix(number_size);
    const std::size_t unit_size =
        std::min(text.find_first_of("0123456789."), text.size());
    const double unit = UnitSize(text.substr(0, unit_size));
    if (unit == 0) return std::nullopt;
    text.remove_prefix(unit_size);
    sum += number * unit;
  }
  constexpr std::chrono::nanoseconds kLongest = kLongestInterval;
  if (!(sum <= static_cast<double>(kLongest.count()))) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sum));
}

Status ReadInterval(const YamlNode& node, const YamlPlace& place,
                    std::chrono::nanoseconds* result) {
  const auto interval = ParseDuration(node.text);
  if (!interval) {
    return place.Refuse(node.line,
                        "expected a duration up to 1h, such as 250ms or 1s");
  }
  *result = *interval;
  return {};
}

YamlReader ReadRateLimit(RateLimit* limit) {
  return [limit](const YamlNode& node, const YamlPlace& place) -> Status {
    Status status = ReadMapping(
        node, place,
        {{"interval",
          [limit](const YamlNode& interval, const YamlPlace& inside) {
            return ReadInterval(interval, inside, &limit->interval);
          }},
         {"burst", ReadInteger(&limit->burst)}});
    if (!status.ok()) return status;
    if (limit->interval.count() > 0 && limit->burst < 1) {
      return place.Refuse(node.line, "burst below 1 lets no request through");
    }
    if (limit->burst > kLargestBurst) {
      return place.Refuse(node.line,
                          "burst above " + std::to_string(kLargestBurst));
    }
    return {};
  };
}

YamlReader ReadTls(const std::string& folder,
                   std::optional<TlsConfig>* result) {
  return [&folder, result](const YamlNode& node,
                           const YamlPlace& place) -> Status {
    Result<std::optional<TlsConfig>> tls = ReadTlsConfig(node, place, folder);
    if (!tls.ok()) return tls.status();
    *result = *std::move(tls);
    return {};
  };
}

}  // namespace

Result<WebConfig> ParseWebConfig(const std::string& text,
                                 const std::string& path) {
  const Result<YamlNode> document = ParseYaml(text, path);
  if (!document.ok()) return document.status();
  WebConfig config;
  if (document->kind == YamlNode::Kind::kNull) return config;
  const std::string folder = FolderOf(path);
  const Status status =
      ReadMapping(*document, YamlPlace{path, ""},
                  {{"tls_server_config", ReadTls(folder, &config.tls)},
                   {"http_server_config", ReadHttp(&config.headers)},
                   {"basic_auth_users", ReadUsers(&config.users)},
                   {"rate_limit", ReadRateLimit(&config.rate_limit)}});
  if (!status.ok()) return status;
  return config;
}

}  // namespace promshm::tools
