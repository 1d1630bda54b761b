#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/serve/web/web_config.h"

namespace promshm::tools {
namespace {

constexpr char kPath[] = "/etc/web.yml";
constexpr char kHash[] =
    "$2y$10$qRTBuFoULoYNA7AQ/F3ck.trZBPyjV64.oA4ZsSBCIWvXuvQlQTuu";

struct BadText {
  std::string text;
  std::string error;
};

void ExpectErrors(const std::vector<BadText>& cases) {
  for (const BadText& c : cases) {
    const Result<WebConfig> config = ParseWebConfig(c.text, kPath);
    ASSERT_FALSE(config.ok()) << c.text;
    EXPECT_EQ(config.status().kind(), StatusKind::kInvalidArgument);
    EXPECT_EQ(config.status().message(), kPath + (": " + c.error)) << c.text;
  }
}

TEST(WebConfigRefusalTest, RefusesUnknownAndRepeatedKeys) {
  ExpectErrors({
      {"tls_config: {}\n", "line 1: unknown key: tls_config"},
      {"tls_server_config:\n  cert_filse: a\n",
       "line 2: unknown key: tls_server_config.cert_filse"},
      {"tls_server_config:\n  certfile:\n",
       "line 2: unknown key: tls_server_config.certfile"},
      {"\nhttp_server_config:\n  headers:\n    Content-Type: foo\n",
       "line 4: unknown key: http_server_config.headers.Content-Type"},
      {"http_server_config:\n  headers: {x-frame-options: deny}\n",
       "line 2: unknown key: http_server_config.headers.x-frame-options"},
      {"rate_limit: {rate: 1}\n", "line 1: unknown key: rate_limit.rate"},
      {"tls_server_config:\n  cert_file: a\n  key_file: b\n  cert_file: c\n",
       "line 4: duplicate key: tls_server_config.cert_file"},
      {"basic_auth_users:\n  a: x\n  a: y\n",
       "line 3: duplicate key: basic_auth_users.a"},
  });
}

TEST(WebConfigRefusalTest, RefusesWrongTypes) {
  ExpectErrors({
      {"hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n",
       "line 1: expected a mapping"},
      {"- a\n", "line 1: expected a mapping"},
      {"tls_server_config: x\n",
       "line 1: tls_server_config: expected a mapping"},
      {"tls_server_config: []\n",
       "line 1: tls_server_config: expected a mapping"},
      {"tls_server_config:\n  cert_file: [a]\n",
       "line 2: tls_server_config.cert_file: expected a text"},
      {"tls_server_config:\n  cipher_suites: a\n",
       "line 2: tls_server_config.cipher_suites: expected a list"},
      {"tls_server_config:\n  client_allowed_sans: [[a]]\n",
       "line 2: tls_server_config.client_allowed_sans: expected a text"},
      {"tls_server_config:\n  client_allowed_sans: [~]\n",
       "line 2: tls_server_config.client_allowed_sans: expected a text"},
      {"tls_server_config:\n  prefer_server_cipher_suites: 1\n",
       "line 2: tls_server_config.prefer_server_cipher_suites: expected true "
       "or false"},
      {"http_server_config: {http2: 'false'}\n",
       "line 1: http_server_config.http2: expected true or false"},
      {"http_server_config: {headers: []}\n",
       "line 1: http_server_config.headers: expected a mapping"},
      {"basic_auth_users: []\n",
       "line 1: basic_auth_users: expected a mapping"},
      {"rate_limit: 1\n", "line 1: rate_limit: expected a mapping"},
      {"rate_limit: {burst: 1.5}\n",
       "line 1: rate_limit.burst: expected a whole number"},
      {"rate_limit: {burst: 99999999999}\n",
       "line 1: rate_limit.burst: expected a whole number"},
  });
}

std::string Tls(const std::string& more) {
  return "tls_server_config:\n  cert_file: c\n  key_file: k\n" + more;
}

TEST(WebConfigRefusalTest, RefusesTlsSettingsThatDoNotGoTogether) {
  ExpectErrors({
      {"tls_server_config:\n  key_file: a\n",
       "line 1: tls_server_config: missing one of cert and cert_file"},
      {"tls_server_config:\n  cert_file: ''\n  key_file: a\n",
       "line 1: tls_server_config: missing one of cert and cert_file"},
      {"tls_server_config:\n  min_version: TLS13\n",
       "line 1: tls_server_config: missing one of cert and cert_file"},
      {"tls_server_config:\n  client_auth_type: NoClientCert\n",
       "line 1: tls_server_config: missing one of cert and cert_file"},
      {"\n\ntls_server_config:\n  cert: a\n",
       "line 3: tls_server_config: missing one of key and key_file"},
      {Tls("  cert: a\n"),
       "line 1: tls_server_config: cert and cert_file: give one of them"},
      {Tls("  key: a\n"),
       "line 1: tls_server_config: key and key_file: give one of them"},
      {Tls("  client_ca: a\n  client_ca_file: a\n"),
       "line 1: tls_server_config: client_ca and client_ca_file: give one of "
       "them"},
      {Tls("  client_ca_file: a\n"),
       "line 1: tls_server_config: client_ca_file needs a client_auth_type"},
      {Tls("  client_ca: a\n  client_auth_type: NoClientCert\n"),
       "line 1: tls_server_config: client_ca_file needs a client_auth_type"},
      {Tls("  client_auth_type: RequireAndVerifyClientCert\n"),
       "line 1: tls_server_config: client_auth_type needs client_ca_file"},
      {Tls("  client_auth_type: VerifyClientCertIfGiven\n"),
       "line 1: tls_server_config: client_auth_type needs client_ca_file"},
      {Tls("  client_allowed_sans: [a]\n"),
       "line 1: tls_server_config: client_allowed_sans needs a "
       "client_auth_type"},
      {Tls("  client_allowed_sans: []\n"),
       "line 4: tls_server_config.client_allowed_sans: an empty list lets "
       "nobody in"},
      {Tls("  min_version: TLS13\n  max_version: TLS12\n"),
       "line 1: tls_server_config: min_version is above max_version"},
      {Tls("  max_version: TLS11\n"),
       "line 1: tls_server_config: min_version is above max_version"},
  });
}

TEST(WebConfigRefusalTest, RefusesUnknownNamesInTlsSettings) {
  ExpectErrors({
      {Tls("  client_auth_type: x\n"),
       "line 4: tls_server_config.client_auth_type: expected one of "
       "NoClientCert, RequestClientCert, RequireAnyClientCert, "
       "RequireClientCert, VerifyClientCertIfGiven, "
       "RequireAndVerifyClientCert"},
      {Tls("  min_version: TLS111\n"),
       "line 4: tls_server_config.min_version: expected one of TLS10, TLS11, "
       "TLS12, TLS13"},
      {Tls("  max_version: 1.3\n"),
       "line 4: tls_server_config.max_version: expected one of TLS10, TLS11, "
       "TLS12, TLS13"},
      {Tls("  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n"
           "  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048\n"),
       "line 6: tls_server_config.cipher_suites: unknown cipher suite: "
       "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048"},
      {Tls("  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n"),
       "line 4: tls_server_config.cipher_suites: unknown cipher suite: "
       "TLS_RSA_WITH_RC4_128_SHA"},
      {Tls("  curve_preferences: [CurveP257]\n"),
       "line 4: tls_server_config.curve_preferences: unknown curve: "
       "CurveP257"},
  });
}

TEST(WebConfigRefusalTest, RefusesWhatItCannotServe) {
  ExpectErrors({
      {"http_server_config:\n  http2: true\n",
       "line 2: http_server_config.http2: HTTP/2 is not supported: leave it "
       "out, or say false"},
      {"http_server_config:\n  headers:\n    X-Frame-Options: foo\n",
       "line 3: http_server_config.headers.X-Frame-Options: expected deny or "
       "sameorigin"},
      {"http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n",
       "line 3: http_server_config.headers.X-Content-Type-Options: expected "
       "nosniff"},
      {"http_server_config:\n  headers:\n"
       "    Content-Security-Policy: \"a\\r\\nSet-Cookie: b\"\n",
       "line 3: http_server_config.headers.Content-Security-Policy: has a "
       "control character or line break"},
      {"http_server_config:\n  headers:\n    X-XSS-Protection: \"1\\0\"\n",
       "line 3: http_server_config.headers.X-XSS-Protection: has a control "
       "character or line break"},
      {"rate_limit: {interval: 1s}\n",
       "line 1: rate_limit: burst below 1 lets no request through"},
      {"rate_limit: {interval: 1s, burst: -1}\n",
       "line 1: rate_limit: burst below 1 lets no request through"},
      {"rate_limit: {interval: 1s, burst: 1000001}\n",
       "line 1: rate_limit: burst above 1000000"},
  });
  for (const char* interval :
       {"5", "1", "-1s", "1x", "s", "''", "1s2", "1e3s", "2h", ".s", "1..5s",
        "inf", "nans", "[1s]", "1 s"}) {
    ExpectErrors({{"rate_limit: {interval: " + std::string(interval) + "}\n",
                   "line 1: rate_limit.interval: expected a duration up to "
                   "1h, such as 250ms or 1s"}});
  }
}

// What is said of a hash does not show it.
TEST(WebConfigRefusalTest, RefusesWhatIsNoBcryptHash) {
  const std::string hash = kHash;
  for (const std::string& bad :
       {std::string("doe"), std::string("~"), std::string("''"),
        std::string("[]"), hash.substr(0, 59), hash + "x",
        "'$2x" + hash.substr(3) + "'", "'$1" + hash.substr(2) + "'",
        "'$2y$1x" + hash.substr(6) + "'", hash.substr(0, 59) + "!",
        std::string("'$6$salt$0123456789'")}) {
    ExpectErrors({{"basic_auth_users:\n  alice: " + bad + "\n",
                   "line 2: basic_auth_users.alice: not a bcrypt hash"}});
  }
  ExpectErrors({
      {"basic_auth_users:\n  'a:b': " + hash + "\n",
       "line 2: basic_auth_users.a:b: a user's name has no colon"},
      {"basic_auth_users:\n  a: $2y$03" + hash.substr(6) + "\n",
       "line 2: basic_auth_users.a: bcrypt cost 3: expected 4 to 18"},
      {"basic_auth_users:\n  a: $2y$19" + hash.substr(6) + "\n",
       "line 2: basic_auth_users.a: bcrypt cost 19: expected 4 to 18"},
  });
}

}  // namespace
}  // namespace promshm::tools
