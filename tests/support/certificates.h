#ifndef PROMSHM_TESTS_SUPPORT_CERTIFICATES_H_
#define PROMSHM_TESTS_SUPPORT_CERTIFICATES_H_

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace promshm::testing {

// A certificate and its key, as PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

struct IdentityOptions {
  std::string name = "localhost";
  gnutls_pk_algorithm_t algorithm = GNUTLS_PK_ECDSA;

  // An object identifier, such as GNUTLS_KP_TLS_WWW_CLIENT; empty: any.
  std::string purpose = {};
  std::vector<std::string> dns_names = {};
  std::vector<std::string> mail_addresses = {};
  std::vector<std::string> uris = {};
  std::vector<std::string> ip_addresses = {};

  // Seconds from now.
  long valid_from = -3600;
  long valid_to = 3600;
};

// Purpose: an authority of its own for a test, which makes certificates.
// Trouble is thrown.
//
// Thread safety: needs external locking.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name);

  // Its own certificate, as PEM.
  const std::string& certificate() const { return certificate_; }

  Identity Issue(const IdentityOptions& options);

 private:
  struct FreeKey {
    void operator()(gnutls_x509_privkey_int* key) const {
      gnutls_x509_privkey_deinit(key);
    }
  };
  struct FreeCertificate {
    void operator()(gnutls_x509_crt_int* certificate) const {
      gnutls_x509_crt_deinit(certificate);
    }
  };
  using Key = std::unique_ptr<gnutls_x509_privkey_int, FreeKey>;
  using Certificate = std::unique_ptr<gnutls_x509_crt_int, FreeCertificate>;

  static Key MakeKey(gnutls_pk_algorithm_t algorithm);
  static Certificate MakeCertificate(const std::string& name,
                                     gnutls_x509_privkey_int* key,
                                     long valid_from, long valid_to);

  Key key_;
  Certificate own_;
  std::string certificate_;
};

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_CERTIFICATES_H_
