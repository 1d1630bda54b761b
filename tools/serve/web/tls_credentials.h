#ifndef PROMSHM_TOOLS_SERVE_WEB_TLS_CREDENTIALS_H_
#define PROMSHM_TOOLS_SERVE_WEB_TLS_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "promshm/status.h"
#include "tools/serve/web/tls_config.h"
#include "tools/serve/web/tls_priority.h"

struct gnutls_certificate_credentials_st;
struct gnutls_priority_st;
struct gnutls_session_int;

namespace promshm::tools {

// The PEM texts that a TlsConfig names, `client_ca` empty where it names none.
struct TlsTexts {
  std::string certificate;
  std::string key;
  std::string client_ca;
};

// Purpose: makes TLS sessions of a server that has one certificate, and
// judges the certificates of their clients.
//
// Sessions are not resumed, so that each client is judged by what is in force
// when it connects.
//
// Thread safety: every method may be called from several threads.
class TlsCredentials {
 public:
  // An error is the reason alone, beginning with the key of the configuration:
  // `cert_file: PATH: no certificate`.
  static Result<std::shared_ptr<const TlsCredentials>> Make(
      const TlsConfig& config, const TlsTexts& texts);

  ~TlsCredentials();
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  // Gives a server's session, before its handshake, all it needs; false where
  // it cannot. These credentials have to outlive the session, whose pointer
  // for GnuTLS' store of sessions they use.
  bool Prepare(gnutls_session_int* session) const;

 private:
  struct FreeCredentials {
    void operator()(gnutls_certificate_credentials_st* credentials) const;
  };
  struct FreePriority {
    void operator()(gnutls_priority_st* priority) const;
  };

  TlsCredentials();

  Status Load(const TlsConfig& config, const TlsTexts& texts);
  Status LoadKey(const TlsConfig& config, const TlsTexts& texts);
  Status LoadClientCas(const TlsConfig& config, const TlsTexts& texts);
  Status LoadPriority(const TlsConfig& config, TlsKeyKind key);

  // Called by GnuTLS in the handshake; 0 where the client is welcome.
  static int OnClientCertificate(gnutls_session_int* session) noexcept;
  int AlertFor(gnutls_session_int* session) const;

  std::unique_ptr<gnutls_certificate_credentials_st, FreeCredentials>
      credentials_;
  std::unique_ptr<gnutls_priority_st, FreePriority> priority_;
  ClientAuth client_auth_ = ClientAuth::kNone;
  std::vector<std::string> client_allowed_sans_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_WEB_TLS_CREDENTIALS_H_
