#ifndef PROMSHM_TESTS_SUPPORT_TLS_HANDSHAKE_H_
#define PROMSHM_TESTS_SUPPORT_TLS_HANDSHAKE_H_

#include <gnutls/gnutls.h>

#include <functional>
#include <optional>
#include <string>

#include "tests/support/certificates.h"

namespace promshm::testing {

struct TlsClient {
  // What GnuTLS takes for one.
  std::string priority = "NORMAL";

  // Sent whatever authorities the server names.
  std::optional<Identity> identity = {};
};

// How a handshake ended: with a version and suite, or with what the client was
// told, `BAD_CERTIFICATE`.
struct TlsOutcome {
  bool accepted = false;
  std::string version;
  std::string suite;
  std::string alert;
  bool is_resumable = false;
};

// A handshake of a client with a server that is prepared by `prepare`, all in
// memory.
TlsOutcome ShakeHands(const std::function<bool(gnutls_session_t)>& prepare,
                      const TlsClient& client);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_TLS_HANDSHAKE_H_
