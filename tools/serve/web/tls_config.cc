#include "tools/serve/web/tls_config.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "tools/serve/web/tls_priority.h"

namespace promshm::tools {
namespace {

const YamlWords<TlsVersion>& Versions() {
  static const YamlWords<TlsVersion> words{{"TLS10", TlsVersion::kTls10},
                                           {"TLS11", TlsVersion::kTls11},
                                           {"TLS12", TlsVersion::kTls12},
                                           {"TLS13", TlsVersion::kTls13}};
  return words;
}

// RequireClientCert is the older name of RequireAnyClientCert.
const YamlWords<ClientAuth>& ClientAuths() {
  static const YamlWords<ClientAuth> words{
      {"NoClientCert", ClientAuth::kNone},
      {"RequestClientCert", ClientAuth::kRequest},
      {"RequireAnyClientCert", ClientAuth::kRequireAny},
      {"RequireClientCert", ClientAuth::kRequireAny},
      {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
      {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify}};
  return words;
}

bool IsBlank(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kScalar && node.text.empty();
}

// An empty text counts as left out.
YamlReader UnlessBlank(YamlReader read) {
  return [read = std::move(read)](const YamlNode& node,
                                  const YamlPlace& place) -> Status {
    if (IsBlank(node)) return {};
    return read(node, place);
  };
}

YamlReader ReadFileName(const std::string& folder, std::string* result) {
  return [&folder, result](const YamlNode& node,
                           const YamlPlace& place) -> Status {
    Status status = ReadText(result)(node, place);
    if (status.ok() && !result->empty() && result->front() != '/') {
      result->insert(0, folder);
    }
    return status;
  };
}

YamlReader ReadNames(bool (*is_known)(const std::string&),
                     const std::string& what,
                     std::vector<std::string>* result) {
  return [is_known, what, result](const YamlNode& node,
                                  const YamlPlace& place) -> Status {
    Status status = ReadTexts(result)(node, place);
    if (!status.ok()) return status;
    const auto unknown =
        std::find_if_not(result->begin(), result->end(), is_known);
    if (unknown == result->end()) return {};
    const auto index = static_cast<std::size_t>(unknown - result->begin());
    return place.Refuse(node.items[index].line,
                        "unknown " + what + ": " + Printable(*unknown));
  };
}

YamlReader ReadAllowedSans(std::vector<std::string>* result) {
  return [result](const YamlNode& node, const YamlPlace& place) -> Status {
    Status status = ReadTexts(result)(node, place);
    if (status.ok() && result->empty()) {
      return place.Refuse(node.line, "an empty list lets nobody in");
    }
    return status;
  };
}

std::string_view WhatIsWrong(const PemSource& source, std::string_view both,
                             std::string_view none) {
  if (!source.file.empty() && !source.text.empty()) return both;
  return source.given() ? "" : none;
}

bool IsVerified(ClientAuth auth) {
  return auth == ClientAuth::kVerifyIfGiven ||
         auth == ClientAuth::kRequireAndVerify;
}

// Why the values do not go together; empty where they do.
std::string_view WhatIsWrong(const TlsConfig& config) {
  const bool needs_ca = IsVerified(config.client_auth);
  for (const std::string_view wrong :
       {WhatIsWrong(config.certificate, "cert and cert_file: give one of them",
                    "missing one of cert and cert_file"),
        WhatIsWrong(config.key, "key and key_file: give one of them",
                    "missing one of key and key_file"),
        WhatIsWrong(config.client_ca,
                    "client_ca and client_ca_file: give one of them",
                    needs_ca ? "client_auth_type needs client_ca_file" : "")}) {
    if (!wrong.empty()) return wrong;
  }
  if (config.client_auth == ClientAuth::kNone) {
    if (config.client_ca.given()) {
      return "client_ca_file needs a client_auth_type";
    }
    if (!config.client_allowed_sans.empty()) {
      return "client_allowed_sans needs a client_auth_type";
    }
  }
  if (config.min_version > config.max_version) {
    return "min_version is above max_version";
  }
  return "";
}

bool SaysAnything(const YamlNode& section) {
  return std::any_of(
      section.items.begin(), section.items.end(), [](const YamlNode& value) {
        return value.kind != YamlNode::Kind::kNull && !IsBlank(value);
      });
}

}  // namespace

Result<std::optional<TlsConfig>> ReadTlsConfig(const YamlNode& section,
                                               const YamlPlace& place,
                                               const std::string& folder) {
  TlsConfig config;
  const Status status = ReadMapping(
      section, place,
      {{"cert", ReadText(&config.certificate.text)},
       {"cert_file", ReadFileName(folder, &config.certificate.file)},
       {"key", ReadText(&config.key.text)},
       {"key_file", ReadFileName(folder, &config.key.file)},
       {"client_ca", ReadText(&config.client_ca.text)},
       {"client_ca_file", ReadFileName(folder, &config.client_ca.file)},
       {"client_auth_type",
        UnlessBlank(ReadWord(ClientAuths(), &config.client_auth))},
       {"client_allowed_sans", ReadAllowedSans(&config.client_allowed_sans)},
       {"min_version", ReadWord(Versions(), &config.min_version)},
       {"max_version", ReadWord(Versions(), &config.max_version)},
       {"cipher_suites",
        ReadNames(&IsCipherSuite, "cipher suite", &config.cipher_suites)},
       {"curve_preferences", ReadNames(&IsCurve, "curve", &config.curves)},
       {"prefer_server_cipher_suites",
        ReadBoolean(&config.prefer_server_ciphers)}});
  if (!status.ok()) return status;
  if (!SaysAnything(section)) return std::optional<TlsConfig>();
  const std::string_view wrong = WhatIsWrong(config);
  if (!wrong.empty()) return place.Refuse(section.line, std::string(wrong));
  return std::optional(std::move(config));
}

}  // namespace promshm::tools
