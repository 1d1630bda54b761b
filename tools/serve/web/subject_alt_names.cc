#include "tools/serve/web/subject_alt_names.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <netinet/in.h>

#include <array>
#include <cstddef>
#include <memory>

namespace promshm::tools {
namespace {

struct FreeCertificate {
  void operator()(gnutls_x509_crt_int* certificate) const {
    gnutls_x509_crt_deinit(certificate);
  }
};
using Certificate = std::unique_ptr<gnutls_x509_crt_int, FreeCertificate>;

constexpr std::size_t kIpv4Size = 4;
constexpr std::size_t kIpv6Size = 16;
constexpr unsigned kMostNames = 10'000;

Certificate Read(const gnutls_datum_t& der) {
  gnutls_x509_crt_t raw = nullptr;
  if (gnutls_x509_crt_init(&raw) < 0) return nullptr;
  Certificate certificate(raw);
  if (gnutls_x509_crt_import(raw, &der, GNUTLS_X509_FMT_DER) < 0) {
    return nullptr;
  }
  return certificate;
}

std::string IpText(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bytes.size() != kIpv4Size && bytes.size() != kIpv6Size) return "";
  const int family = bytes.size() == kIpv4Size ? AF_INET : AF_INET6;
  return inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr
             ? ""
             : text.data();
}

// A name at a place, and what it is; negative past the last one.
int ReadName(gnutls_x509_crt_int* certificate, unsigned index,
             std::string* name) {
  std::size_t size = 0;
  int type = gnutls_x509_crt_get_subject_alt_name2(certificate, index, nullptr,
                                                   &size, nullptr, nullptr);
  if (type != GNUTLS_E_SHORT_MEMORY_BUFFER && type < 0) return type;
  // Texts end with a zero byte, which the size that comes back leaves out.
  name->resize(size + 1);
  size = name->size();
  type = gnutls_x509_crt_get_subject_alt_name2(certificate, index, name->data(),
                                               &size, nullptr, nullptr);
  name->resize(type < 0 ? 0 : size);
  return type;
}

}  // namespace

std::vector<std::string> SubjectAltNames(const gnutls_datum_t& certificate) {
  const Certificate parsed = Read(certificate);
  if (parsed == nullptr) return {};
  std::vector<std::string> names;
  for (unsigned index = 0; index < kMostNames; ++index) {
    std::string name;
    const int type = ReadName(parsed.get(), index, &name);
    if (type < 0) break;
    switch (type) {
      case GNUTLS_SAN_DNSNAME:
      case GNUTLS_SAN_RFC822NAME:
      case GNUTLS_SAN_URI:
        names.push_back(name);
        break;
      case GNUTLS_SAN_IPADDRESS:
        names.push_back(IpText(name));
        break;
      default:
        break;
    }
  }
  return names;
}

}  // namespace promshm::tools
