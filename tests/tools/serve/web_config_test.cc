#include "tools/serve/web/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace promshm::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kPath[] = "/etc/web.yml";
constexpr char kHash[] =
    "$2y$10$qRTBuFoULoYNA7AQ/F3ck.trZBPyjV64.oA4ZsSBCIWvXuvQlQTuu";

Result<WebConfig> Parse(const std::string& text) {
  return ParseWebConfig(text, kPath);
}

// The settings of TLS in a file that has a certificate and a key.
Result<WebConfig> ParseTls(const std::string& more) {
  return Parse("tls_server_config:\n  cert_file: c\n  key_file: k\n" + more);
}

TEST(WebConfigTest, NothingIsPlainHttpForEverybody) {
  for (const char* text :
       {"", "# nothing\n", "tls_server_config:\n", "tls_server_config: {}\n",
        "tls_server_config:\n  cert_file: ''\n  key_file: \"\"\n",
        "tls_server_config: ~\nhttp_server_config: ~\nbasic_auth_users: {}\n",
        "rate_limit:\n  interval: 0\n  burst: 0\n"}) {
    const Result<WebConfig> config = Parse(text);
    ASSERT_TRUE(config.ok()) << config.status().message();
    EXPECT_FALSE(config->tls) << text;
    EXPECT_THAT(config->headers, IsEmpty());
    EXPECT_THAT(config->users, IsEmpty());
    EXPECT_EQ(config->rate_limit.interval.count(), 0);
  }
}

TEST(WebConfigTest, ReadsEverything) {
  const Result<WebConfig> config = Parse(
      "tls_server_config:\n"
      "  cert_file: tls/server.crt\n"
      "  key_file: /keys/server.key\n"
      "  client_auth_type: RequireAndVerifyClientCert\n"
      "  client_ca_file: ca.crt\n"
      "  client_allowed_sans: [prometheus.example, 10.0.0.1]\n"
      "  min_version: TLS12\n"
      "  max_version: TLS13\n"
      "  cipher_suites:\n"
      "  - TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n"
      "  - TLS_AES_128_GCM_SHA256\n"
      "  curve_preferences: [X25519, CurveP256]\n"
      "  prefer_server_cipher_suites: false\n"
      "http_server_config:\n"
      "  http2: false\n"
      "  headers:\n"
      "    Content-Security-Policy: >\n"
      "      default-src 'self'\n"
      "    Strict-Transport-Security: max-age=31536000; includeSubDomains\n"
      "    X-Content-Type-Options: nosniff\n"
      "    X-Frame-Options: sameorigin\n"
      "    X-XSS-Protection: 1\n"
      "basic_auth_users:\n"
      "  alice: " +
      std::string(kHash) +
      "\n"
      "  'bob smith': " +
      kHash +
      "\n"
      "rate_limit:\n"
      "  interval: 1m0.5s\n"
      "  burst: 7\n");
  ASSERT_TRUE(config.ok()) << config.status().message();
  ASSERT_TRUE(config->tls);
  EXPECT_EQ(config->tls->certificate.file, "/etc/tls/server.crt");
  EXPECT_EQ(config->tls->key.file, "/keys/server.key");
  EXPECT_EQ(config->tls->client_ca.file, "/etc/ca.crt");
  EXPECT_EQ(config->tls->client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_THAT(config->tls->client_allowed_sans,
              ElementsAre("prometheus.example", "10.0.0.1"));
  EXPECT_EQ(config->tls->min_version, TlsVersion::kTls12);
  EXPECT_EQ(config->tls->max_version, TlsVersion::kTls13);
  EXPECT_THAT(config->tls->cipher_suites,
              ElementsAre("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                          "TLS_AES_128_GCM_SHA256"));
  EXPECT_THAT(config->tls->curves, ElementsAre("X25519", "CurveP256"));
  EXPECT_FALSE(config->tls->prefer_server_ciphers);
  EXPECT_THAT(config->headers,
              ElementsAre(Pair("Content-Security-Policy", "default-src 'self'"),
                          Pair("Strict-Transport-Security",
                               "max-age=31536000; includeSubDomains"),
                          Pair("X-Content-Type-Options", "nosniff"),
                          Pair("X-Frame-Options", "sameorigin"),
                          Pair("X-XSS-Protection", "1")));
  EXPECT_THAT(config->users,
              ElementsAre(Pair("alice", kHash), Pair("bob smith", kHash)));
  EXPECT_EQ(config->rate_limit.interval, std::chrono::milliseconds(60500));
  EXPECT_EQ(config->rate_limit.burst, 7);
}

TEST(WebConfigTest, ReadsTextsInsteadOfFiles) {
  const Result<WebConfig> config = Parse(
      "tls_server_config:\n"
      "  cert: |\n"
      "    certificate\n"
      "  key: key\n"
      "  client_auth_type: VerifyClientCertIfGiven\n"
      "  client_ca: authority\n");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->tls->certificate.text, "certificate\n");
  EXPECT_EQ(config->tls->key.text, "key");
  EXPECT_EQ(config->tls->client_ca.text, "authority");
  EXPECT_EQ(config->tls->certificate.file, "");
  EXPECT_EQ(config->tls->min_version, TlsVersion::kTls12);
  EXPECT_EQ(config->tls->max_version, TlsVersion::kTls13);
  EXPECT_TRUE(config->tls->prefer_server_ciphers);
}

TEST(WebConfigTest, NamesAreRelativeToTheFoldersOfTheFile) {
  const char* const text =
      "tls_server_config: {cert_file: a/c, key_file: /k}\n";
  EXPECT_EQ(ParseWebConfig(text, "web.yml")->tls->certificate.file, "a/c");
  EXPECT_EQ(ParseWebConfig(text, "x/web.yml")->tls->certificate.file, "x/a/c");
  EXPECT_EQ(ParseWebConfig(text, "/web.yml")->tls->certificate.file, "/a/c");
  EXPECT_EQ(ParseWebConfig(text, "x/web.yml")->tls->key.file, "/k");
}

TEST(WebConfigTest, ReadsClientAuthTypes) {
  const std::pair<const char*, ClientAuth> cases[] = {
      {"''", ClientAuth::kNone},
      {"NoClientCert", ClientAuth::kNone},
      {"RequestClientCert", ClientAuth::kRequest},
      {"RequireClientCert", ClientAuth::kRequireAny},
      {"RequireAnyClientCert", ClientAuth::kRequireAny}};
  for (const auto& [name, auth] : cases) {
    const Result<WebConfig> config =
        ParseTls("  client_auth_type: " + std::string(name) + "\n");
    ASSERT_TRUE(config.ok()) << config.status().message();
    EXPECT_EQ(config->tls->client_auth, auth) << name;
  }
}

TEST(WebConfigTest, ReadsDurations) {
  const std::pair<const char*, long> cases[] = {
      {"0", 0},
      {"0s", 0},
      {"1s", 1'000'000'000},
      {"'1s'", 1'000'000'000},
      {"250ms", 250'000'000},
      {"1.5us", 1'500},
      {"10ns", 10},
      {"\xc2\xb5s", -1},
      {"2\xc2\xb5s", 2'000},
      {"59m59s999ms", 3'599'999'000'000},
      {"1h", 3'600'000'000'000}};
  for (const auto& [text, nanoseconds] : cases) {
    const Result<WebConfig> config =
        Parse("rate_limit: {burst: 1, interval: " + std::string(text) + "}\n");
    EXPECT_EQ(config.ok() ? config->rate_limit.interval.count() : -1,
              nanoseconds)
        << text;
  }
}

TEST(WebConfigTest, BlankHeadersAreNotSet) {
  const Result<WebConfig> config = Parse(
      "http_server_config:\n  headers:\n    X-Frame-Options: ''\n"
      "    Content-Security-Policy:\n");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_THAT(config->headers, IsEmpty());
}

}  // namespace
}  // namespace promshm::tools
