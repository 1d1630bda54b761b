#include "tools/serve/web/tls_priority.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace promshm::tools {
namespace {

enum class Cipher { kAes128Gcm, kAes256Gcm, kChaCha20, kAes128Cbc, kAes256Cbc };

// Which versions and keys a suite is for.
enum class Use { kTls13, kEcdsa, kRsa };

struct Suite {
  std::string_view name;
  Use use;
  Cipher cipher;
};

constexpr std::array kSuites{
    Suite{"TLS_AES_128_GCM_SHA256", Use::kTls13, Cipher::kAes128Gcm},
    Suite{"TLS_AES_256_GCM_SHA384", Use::kTls13, Cipher::kAes256Gcm},
    Suite{"TLS_CHACHA20_POLY1305_SHA256", Use::kTls13, Cipher::kChaCha20},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Use::kEcdsa,
          Cipher::kAes128Gcm},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Use::kEcdsa,
          Cipher::kAes256Gcm},
    Suite{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Use::kEcdsa,
          Cipher::kChaCha20},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", Use::kEcdsa,
          Cipher::kAes128Cbc},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", Use::kEcdsa,
          Cipher::kAes256Cbc},
    Suite{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Use::kRsa,
          Cipher::kAes128Gcm},
    Suite{"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Use::kRsa,
          Cipher::kAes256Gcm},
    Suite{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Use::kRsa,
          Cipher::kChaCha20},
    Suite{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Use::kRsa, Cipher::kAes128Cbc},
    Suite{"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", Use::kRsa, Cipher::kAes256Cbc},
};

struct Curve {
  std::string_view name;
  std::string_view group;
};

constexpr std::array kCurves{
    Curve{"CurveP256", "GROUP-SECP256R1"},
    Curve{"CurveP384", "GROUP-SECP384R1"},
    Curve{"CurveP521", "GROUP-SECP521R1"},
    Curve{"X25519", "GROUP-X25519"},
};

template <typename Table>
const typename Table::value_type* Find(const Table& table,
                                       const std::string& name) {
  const auto found =
      std::find_if(table.begin(), table.end(),
                   [&name](const auto& entry) { return entry.name == name; });
  return found == table.end() ? nullptr : &*found;
}

bool IsAuthenticated(Cipher cipher) {
  return cipher != Cipher::kAes128Cbc && cipher != Cipher::kAes256Cbc;
}

std::string_view NameOf(Cipher cipher) {
  switch (cipher) {
    case Cipher::kAes128Gcm:
      return "AES-128-GCM";
    case Cipher::kAes256Gcm:
      return "AES-256-GCM";
    case Cipher::kChaCha20:
      return "CHACHA20-POLY1305";
    case Cipher::kAes128Cbc:
      return "AES-128-CBC";
    case Cipher::kAes256Cbc:
      return "AES-256-CBC";
  }
  return "";
}

constexpr std::array kVersions{TlsVersion::kTls13, TlsVersion::kTls12,
                               TlsVersion::kTls11, TlsVersion::kTls10};

std::string_view NameOf(TlsVersion version) {
  switch (version) {
    case TlsVersion::kTls10:
      return "VERS-TLS1.0";
    case TlsVersion::kTls11:
      return "VERS-TLS1.1";
    case TlsVersion::kTls12:
      return "VERS-TLS1.2";
    case TlsVersion::kTls13:
      return "VERS-TLS1.3";
  }
  return "";
}

std::vector<Cipher> UsualCiphers(TlsVersion min_version) {
  std::vector<Cipher> ciphers{Cipher::kAes256Gcm, Cipher::kChaCha20,
                              Cipher::kAes128Gcm};
  if (min_version < TlsVersion::kTls12) {
    ciphers.insert(ciphers.end(), {Cipher::kAes256Cbc, Cipher::kAes128Cbc});
  }
  return ciphers;
}

std::vector<Cipher> NamedCiphers(const std::vector<std::string>& names,
                                 Use use) {
  std::vector<Cipher> ciphers;
  for (const std::string& name : names) {
    const Suite* const suite = Find(kSuites, name);
    if (suite != nullptr && suite->use == use) ciphers.push_back(suite->cipher);
  }
  return ciphers;
}

struct Choice {
  TlsVersion min_version;
  std::vector<Cipher> ciphers;
};

Status Refusal(const std::string& why) {
  return {StatusKind::kInvalidArgument, why};
}

Result<Choice> Choose(const TlsConfig& config, TlsKeyKind key) {
  const std::vector<std::string>& names = config.cipher_suites;
  const bool has_old = config.min_version < TlsVersion::kTls13;
  const bool has_new = config.max_version == TlsVersion::kTls13;
  if (names.empty()) {
    return Choice{config.min_version, UsualCiphers(config.min_version)};
  }
  const std::vector<Cipher> old_ciphers =
      NamedCiphers(names, key == TlsKeyKind::kRsa ? Use::kRsa : Use::kEcdsa);
  const std::vector<Cipher> new_ciphers = NamedCiphers(names, Use::kTls13);
  if (has_old && !old_ciphers.empty()) {
    if (has_new &&
        std::none_of(old_ciphers.begin(), old_ciphers.end(), IsAuthenticated)) {
      return Refusal("none of them can be used with TLS 1.3");
    }
    return Choice{config.min_version, old_ciphers};
  }
  if (!has_new || (has_old && new_ciphers.empty())) {
    return Refusal("none of them can be used with the server's key");
  }
  return Choice{TlsVersion::kTls13, new_ciphers.empty()
                                        ? UsualCiphers(TlsVersion::kTls13)
                                        : new_ciphers};
}

void Append(std::string_view item, std::string* priority) {
  *priority += ":+";
  *priority += item;
}

}  // namespace

bool IsCipherSuite(const std::string& name) {
  return Find(kSuites, name) != nullptr;
}

bool IsCurve(const std::string& name) { return Find(kCurves, name) != nullptr; }

Result<TlsPriority> MakeTlsPriority(const TlsConfig& config, TlsKeyKind key) {
  const Result<Choice> choice = Choose(config, key);
  if (!choice.ok()) return choice.status();
  std::string priority =
      "NORMAL:-VERS-ALL:-KX-ALL:-CIPHER-ALL:-MAC-ALL:+AEAD:+SHA1";
  Append(key == TlsKeyKind::kRsa ? "ECDHE-RSA" : "ECDHE-ECDSA", &priority);
  for (const TlsVersion version : kVersions) {
    if (version < choice->min_version || version > config.max_version) continue;
    Append(NameOf(version), &priority);
  }
  for (const Cipher cipher : choice->ciphers) {
    Append(NameOf(cipher), &priority);
  }
  if (!config.curves.empty()) priority += ":-GROUP-ALL";
  for (const std::string& name : config.curves) {
    const Curve* const curve = Find(kCurves, name);
    if (curve != nullptr) Append(curve->group, &priority);
  }
  if (config.prefer_server_ciphers) priority += ":%SERVER_PRECEDENCE";
  return TlsPriority{priority, choice->min_version};
}

}  // namespace promshm::tools
