#ifndef PROMSHM_TOOLS_SERVE_WEB_TLS_CONFIG_H_
#define PROMSHM_TOOLS_SERVE_WEB_TLS_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "promshm/status.h"
#include "tools/serve/web/yaml_reader.h"

namespace promshm::tools {

enum class TlsVersion { kTls10, kTls11, kTls12, kTls13 };

// What a client's certificate is needed and good for.
enum class ClientAuth {
  kNone,           // not asked for
  kRequest,        // asked for, not needed, not checked
  kRequireAny,     // needed, not checked
  kVerifyIfGiven,  // checked against the client CAs, not needed
  kRequireAndVerify,
};

// A PEM text: in a file, or right in the configuration.
struct PemSource {
  std::string file;
  std::string text;

  bool given() const { return !file.empty() || !text.empty(); }
};

// What `tls_server_config` says.
struct TlsConfig {
  PemSource certificate;
  PemSource key;
  PemSource client_ca;
  ClientAuth client_auth = ClientAuth::kNone;

  // The client's certificate has to have one of these names, unless empty.
  std::vector<std::string> client_allowed_sans;

  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;

  // By Go's names, see tls_priority.h; empty: what is usual.
  std::vector<std::string> cipher_suites;
  std::vector<std::string> curves;
  bool prefer_server_ciphers = true;
};

// Reads the mapping `section`; without a value in it that is not blank there is
// no TLS. Names of files are relative to `folder`, which ends in a slash or is
// empty.
Result<std::optional<TlsConfig>> ReadTlsConfig(const YamlNode& section,
                                               const YamlPlace& place,
                                               const std::string& folder);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_TLS_CONFIG_H_
