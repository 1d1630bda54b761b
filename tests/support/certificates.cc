#include "tests/support/certificates.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>

namespace promshm::testing {
namespace {

void Check(int error) {
  if (error < 0) throw std::runtime_error(gnutls_strerror(error));
}

std::string TakeText(const gnutls_datum_t& datum) {
  std::string text(reinterpret_cast<const char*>(datum.data), datum.size);
  gnutls_free(datum.data);
  return text;
}

std::string PemOf(gnutls_x509_crt_t certificate) {
  gnutls_datum_t pem{};
  Check(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem));
  return TakeText(pem);
}

std::string PemOf(gnutls_x509_privkey_t key) {
  gnutls_datum_t pem{};
  Check(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, nullptr, 0,
                                          &pem));
  return TakeText(pem);
}

void AddNames(gnutls_x509_crt_t certificate,
              gnutls_x509_subject_alt_name_t type,
              const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Check(gnutls_x509_crt_set_subject_alt_name(
        certificate, type, name.data(), static_cast<unsigned>(name.size()),
        GNUTLS_FSAN_APPEND));
  }
}

std::string IpBytes(const std::string& text) {
  const bool is_ipv6 = text.find(':') != std::string::npos;
  std::string bytes(is_ipv6 ? sizeof(in6_addr) : sizeof(in_addr), '\0');
  if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) !=
      1) {
    throw std::runtime_error(text);
  }
  return bytes;
}

constexpr long kDay = 86'400;

}  // namespace

CertificateAuthority::Key CertificateAuthority::MakeKey(
    gnutls_pk_algorithm_t algorithm) {
  gnutls_x509_privkey_t key = nullptr;
  Check(gnutls_x509_privkey_init(&key));
  Key owner(key);
  Check(gnutls_x509_privkey_generate(
      key, algorithm,
      algorithm == GNUTLS_PK_RSA ? 2048
                                 : static_cast<unsigned>(GNUTLS_CURVE_TO_BITS(
                                       GNUTLS_ECC_CURVE_SECP256R1)),
      0));
  return owner;
}

CertificateAuthority::Certificate CertificateAuthority::MakeCertificate(
    const std::string& name, gnutls_x509_privkey_int* key, long valid_from,
    long valid_to) {
  static std::atomic<std::uint8_t> next_serial = 1;
  gnutls_x509_crt_t certificate = nullptr;
  Check(gnutls_x509_crt_init(&certificate));
  Certificate owner(certificate);
  Check(gnutls_x509_crt_set_version(certificate, 3));
  const std::array<std::uint8_t, 2> serial{1, next_serial++};
  Check(gnutls_x509_crt_set_serial(certificate, serial.data(), serial.size()));
  Check(gnutls_x509_crt_set_dn(certificate, ("CN=" + name).c_str(), nullptr));
  Check(gnutls_x509_crt_set_key(certificate, key));
  const time_t now = time(nullptr);
  Check(gnutls_x509_crt_set_activation_time(certificate, now + valid_from));
  Check(gnutls_x509_crt_set_expiration_time(certificate, now + valid_to));
  return owner;
}

CertificateAuthority::CertificateAuthority(const std::string& name)
    : key_(MakeKey(GNUTLS_PK_ECDSA)),
      own_(MakeCertificate(name, key_.get(), -kDay, kDay)) {
  Check(gnutls_x509_crt_set_basic_constraints(own_.get(), 1, -1));
  Check(gnutls_x509_crt_set_key_usage(own_.get(), GNUTLS_KEY_KEY_CERT_SIGN));
  Check(gnutls_x509_crt_sign2(own_.get(), own_.get(), key_.get(),
                              GNUTLS_DIG_SHA256, 0));
  certificate_ = PemOf(own_.get());
}

Identity CertificateAuthority::Issue(const IdentityOptions& options) {
  const Key key = MakeKey(options.algorithm);
  const Certificate certificate = MakeCertificate(
      options.name, key.get(), options.valid_from, options.valid_to);
  gnutls_x509_crt_t raw = certificate.get();
  if (!options.purpose.empty()) {
    Check(gnutls_x509_crt_set_key_purpose_oid(raw, options.purpose.c_str(), 0));
  }
  AddNames(raw, GNUTLS_SAN_DNSNAME, options.dns_names);
  AddNames(raw, GNUTLS_SAN_RFC822NAME, options.mail_addresses);
  AddNames(raw, GNUTLS_SAN_URI, options.uris);
  std::vector<std::string> addresses;
  for (const std::string& address : options.ip_addresses) {
    addresses.push_back(IpBytes(address));
  }
  AddNames(raw, GNUTLS_SAN_IPADDRESS, addresses);
  Check(
      gnutls_x509_crt_sign2(raw, own_.get(), key_.get(), GNUTLS_DIG_SHA256, 0));
  return {PemOf(raw), PemOf(key.get())};
}

}  // namespace promshm::testing
