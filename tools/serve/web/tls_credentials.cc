#include "tools/serve/web/tls_credentials.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "tools/common/system_reason.h"
#include "tools/serve/web/subject_alt_names.h"
#include "tools/serve/web/tls_priority.h"

namespace promshm::tools {
namespace {

constexpr int kNoAlert = -1;

struct FreeKey {
  void operator()(gnutls_x509_privkey_int* key) const {
    gnutls_x509_privkey_deinit(key);
  }
};
using Key = std::unique_ptr<gnutls_x509_privkey_int, FreeKey>;

// A list that GnuTLS has allocated, of certificates it has allocated.
struct Chain {
  Chain() = default;
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() {
    for (unsigned i = 0; i < size; ++i) gnutls_x509_crt_deinit(certificates[i]);
    gnutls_free(certificates);
  }

  gnutls_x509_crt_t* certificates = nullptr;
  unsigned size = 0;
};

// GnuTLS does not write to it.
gnutls_datum_t Datum(const std::string& text) {
  return {reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
          static_cast<unsigned>(text.size())};
}

// GnuTLS' reasons are sentences.
std::string Reason(int error) {
  std::string reason = LowerReason(gnutls_strerror(error));
  if (!reason.empty() && reason.back() == '.') reason.pop_back();
  return reason;
}

Status Refusal(std::string why) {
  return {StatusKind::kInvalidArgument, std::move(why)};
}

// `key` is the one for a text in the configuration.
Status Refusal(const std::string& key, const PemSource& source,
               const std::string& why) {
  return Refusal(source.file.empty()
                     ? key + ": " + why
                     : key + "_file: " + source.file + ": " + why);
}

TlsKeyKind KindOf(gnutls_x509_crt_t certificate) {
  const int algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, nullptr);
  return algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS
             ? TlsKeyKind::kRsa
             : TlsKeyKind::kEcdsa;
}

gnutls_protocol_t ProtocolOf(TlsVersion version) {
  switch (version) {
    case TlsVersion::kTls10:
      return GNUTLS_TLS1_0;
    case TlsVersion::kTls11:
      return GNUTLS_TLS1_1;
    case TlsVersion::kTls12:
      return GNUTLS_TLS1_2;
    case TlsVersion::kTls13:
      return GNUTLS_TLS1_3;
  }
  return GNUTLS_VERSION_UNKNOWN;
}

// The system's settings may have taken it away.
bool HasVersion(gnutls_priority_t priority, TlsVersion version) {
  const unsigned* versions = nullptr;
  const int count = gnutls_priority_protocol_list(priority, &versions);
  return std::find(versions, versions + count,
                   static_cast<unsigned>(ProtocolOf(version))) !=
         versions + count;
}

bool IsRequired(ClientAuth auth) {
  return auth == ClientAuth::kRequireAny ||
         auth == ClientAuth::kRequireAndVerify;
}

bool IsVerified(ClientAuth auth) {
  return auth == ClientAuth::kVerifyIfGiven ||
         auth == ClientAuth::kRequireAndVerify;
}

int AlertForNone(gnutls_session_t session) {
  return gnutls_protocol_get_version(session) == GNUTLS_TLS1_3
             ? GNUTLS_A_CERTIFICATE_REQUIRED
             : GNUTLS_A_BAD_CERTIFICATE;
}

int AlertForChain(gnutls_session_t session) {
  std::string purpose = GNUTLS_KP_TLS_WWW_CLIENT;
  gnutls_typed_vdata_st data{};
  data.type = GNUTLS_DT_KEY_PURPOSE_OID;
  data.data = Datum(purpose).data;
  unsigned problems = 0;
  if (gnutls_certificate_verify_peers(session, &data, 1, &problems) < 0) {
    return GNUTLS_A_BAD_CERTIFICATE;
  }
  if (problems == 0) return kNoAlert;
  if ((problems & GNUTLS_CERT_EXPIRED) != 0)
    return GNUTLS_A_CERTIFICATE_EXPIRED;
  if ((problems & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0) {
    return GNUTLS_A_UNKNOWN_CA;
  }
  return GNUTLS_A_BAD_CERTIFICATE;
}

}  // namespace

void TlsCredentials::FreeCredentials::operator()(
    gnutls_certificate_credentials_st* credentials) const {
  gnutls_certificate_free_credentials(credentials);
}

void TlsCredentials::FreePriority::operator()(
    gnutls_priority_st* priority) const {
  gnutls_priority_deinit(priority);
}

TlsCredentials::TlsCredentials() = default;
TlsCredentials::~TlsCredentials() = default;

Result<std::shared_ptr<const TlsCredentials>> TlsCredentials::Make(
    const TlsConfig& config, const TlsTexts& texts) {
  const std::shared_ptr<TlsCredentials> made(new TlsCredentials());
  const Status status = made->Load(config, texts);
  if (!status.ok()) return status;
  return std::shared_ptr<const TlsCredentials>(made);
}

Status TlsCredentials::Load(const TlsConfig& config, const TlsTexts& texts) {
  client_auth_ = config.client_auth;
  client_allowed_sans_ = config.client_allowed_sans;
  gnutls_certificate_credentials_t credentials = nullptr;
  const int error = gnutls_certificate_allocate_credentials(&credentials);
  if (error < 0) return Refusal("TLS: " + Reason(error));
  credentials_.reset(credentials);
  gnutls_certificate_set_verify_function(credentials, &OnClientCertificate);
  Status status = LoadKey(config, texts);
  if (status.ok()) status = LoadClientCas(config, texts);
  return status;
}

Status TlsCredentials::LoadKey(const TlsConfig& config, const TlsTexts& texts) {
  Chain chain;
  const gnutls_datum_t certificate_text = Datum(texts.certificate);
  int error = gnutls_x509_crt_list_import2(
      &chain.certificates, &chain.size, &certificate_text, GNUTLS_X509_FMT_PEM,
      GNUTLS_X509_CRT_LIST_SORT);
  if (error < 0 || chain.size == 0) {
    return Refusal("cert", config.certificate,
                   "not a certificate: " + Reason(error));
  }
  gnutls_x509_privkey_t raw_key = nullptr;
  error = gnutls_x509_privkey_init(&raw_key);
  const Key key(raw_key);
  const gnutls_datum_t key_text = Datum(texts.key);
  if (error >= 0) {
    error = gnutls_x509_privkey_import2(raw_key, &key_text, GNUTLS_X509_FMT_PEM,
                                        nullptr, 0);
  }
  if (error < 0) {
    return Refusal("key", config.key, "not a private key: " + Reason(error));
  }
  error =
      gnutls_certificate_set_x509_key(credentials_.get(), chain.certificates,
                                      static_cast<int>(chain.size), key.get());
  if (error < 0) return Refusal("key", config.key, Reason(error));
  return LoadPriority(config, KindOf(chain.certificates[0]));
}

Status TlsCredentials::LoadClientCas(const TlsConfig& config,
                                     const TlsTexts& texts) {
  if (!config.client_ca.given()) return {};
  const gnutls_datum_t text = Datum(texts.client_ca);
  const int loaded = gnutls_certificate_set_x509_trust_mem(
      credentials_.get(), &text, GNUTLS_X509_FMT_PEM);
  if (loaded > 0) return {};
  return Refusal(
      "client_ca", config.client_ca,
      "not a certificate" + (loaded < 0 ? ": " + Reason(loaded) : ""));
}

Status TlsCredentials::LoadPriority(const TlsConfig& config, TlsKeyKind key) {
  const Result<TlsPriority> made = MakeTlsPriority(config, key);
  if (!made.ok()) return Refusal("cipher_suites: " + made.status().message());
  gnutls_priority_t priority = nullptr;
  const int error =
      gnutls_priority_init(&priority, made->text.c_str(), nullptr);
  if (error < 0) return Refusal("TLS: " + Reason(error));
  priority_.reset(priority);
  if (!HasVersion(priority, made->min_version)) {
    return Refusal("min_version: GnuTLS does without it on this system");
  }
  return {};
}

bool TlsCredentials::Prepare(gnutls_session_int* session) const {
  // A pointer for callbacks that is free where no sessions are stored.
  gnutls_db_set_ptr(session, const_cast<TlsCredentials*>(this));
  gnutls_certificate_server_set_request(
      session, client_auth_ == ClientAuth::kNone ? GNUTLS_CERT_IGNORE
                                                 : GNUTLS_CERT_REQUEST);
  return gnutls_priority_set(session, priority_.get()) >= 0 &&
         gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                credentials_.get()) >= 0;
}

// The server does not send alerts of its own: without one the client could
// not tell why the connection ends.
int TlsCredentials::OnClientCertificate(gnutls_session_int* session) noexcept {
  int alert = GNUTLS_A_INTERNAL_ERROR;
  try {
    const auto* const credentials =
        static_cast<const TlsCredentials*>(gnutls_db_get_ptr(session));
    alert = credentials->AlertFor(session);
  } catch (const std::exception&) {
    alert = GNUTLS_A_INTERNAL_ERROR;
  }
  if (alert == kNoAlert) return 0;
  gnutls_alert_send(session, GNUTLS_AL_FATAL,
                    static_cast<gnutls_alert_description_t>(alert));
  return GNUTLS_E_CERTIFICATE_ERROR;
}

int TlsCredentials::AlertFor(gnutls_session_int* session) const {
  unsigned count = 0;
  const gnutls_datum_t* const chain =
      gnutls_certificate_get_peers(session, &count);
  if (chain == nullptr || count == 0) {
    return IsRequired(client_auth_) || !client_allowed_sans_.empty()
               ? AlertForNone(session)
               : kNoAlert;
  }
  if (IsVerified(client_auth_)) {
    const int alert = AlertForChain(session);
    if (alert != kNoAlert) return alert;
  }
  if (client_allowed_sans_.empty()) return kNoAlert;
  const std::vector<std::string> names = SubjectAltNames(chain[0]);
  const bool is_allowed =
      std::find_first_of(names.begin(), names.end(),
                         client_allowed_sans_.begin(),
                         client_allowed_sans_.end()) != names.end();
  return is_allowed ? kNoAlert : GNUTLS_A_ACCESS_DENIED;
}

}  // namespace promshm::tools
