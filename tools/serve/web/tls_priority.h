#ifndef PROMSHM_TOOLS_SERVE_WEB_TLS_PRIORITY_H_
#define PROMSHM_TOOLS_SERVE_WEB_TLS_PRIORITY_H_

#include <string>

#include "promshm/status.h"
#include "tools/serve/web/tls_config.h"

namespace promshm::tools {

// Whether Go's crypto/tls has a cipher suite that it calls secure, or
// exporter-toolkit a curve, of that name.
bool IsCipherSuite(const std::string& name);
bool IsCurve(const std::string& name);

// The server's key, which decides which suites can be used up to TLS 1.2.
enum class TlsKeyKind { kRsa, kEcdsa };

struct TlsPriority {
  // What gnutls_priority_init() takes.
  std::string text;

  // The lowest version that is left.
  TlsVersion min_version;
};

// The versions, cipher suites and curves of `config`. Where no suites are
// named, they are those with forward secrecy and authenticated encryption;
// below TLS 1.2, which has none of these, also AES-CBC.
//
// GnuTLS has one list of ciphers for all versions. Suites that are named for
// TLS 1.2 so hold for TLS 1.3 as well; where only suites of TLS 1.3 are named,
// older versions are left out. An error is the reason alone.
Result<TlsPriority> MakeTlsPriority(const TlsConfig& config, TlsKeyKind key);

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_TLS_PRIORITY_H_
