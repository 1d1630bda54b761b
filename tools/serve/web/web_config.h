#ifndef PROMSHM_TOOLS_SERVE_WEB_WEB_CONFIG_H_
#define PROMSHM_TOOLS_SERVE_WEB_WEB_CONFIG_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "promshm/status.h"
#include "tools/serve/web/tls_config.h"

namespace promshm::tools {

// One request each `interval`, `burst` at once; every one where it is zero.
struct RateLimit {
  std::chrono::nanoseconds interval{0};
  int burst = 0;

  bool operator==(const RateLimit&) const = default;
};

// What --web.config.file says: the file of Prometheus' exporter-toolkit.
struct WebConfig {
  // Without it the server speaks plain HTTP.
  std::optional<TlsConfig> tls;

  // For every answer that has no field of that name.
  std::vector<std::pair<std::string, std::string>> headers;

  // The bcrypt hash of each user's password. Empty: everybody is let in.
  std::map<std::string, std::string> users;

  RateLimit rate_limit;
};

// Reads the file's `text`. Names of files in it are relative to the folder of
// `path`. An error says `path: line N: why`; a key that is unknown, occurs
// twice, or asks for what this server does not do is one.
Result<WebConfig> ParseWebConfig(const std::string& text,
                                 const std::string& path);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_WEB_CONFIG_H_
