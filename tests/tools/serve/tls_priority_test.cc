#include "tools/serve/web/tls_priority.h"

#include <gmock/gmock.h>
#include <gnutls/gnutls.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace promshm::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// What GnuTLS makes of a priority: its versions and suites, by its names.
struct Meaning {
  std::vector<std::string> versions;
  std::set<std::string> suites;
  std::vector<std::string> groups;
};

Meaning MeaningOf(const std::string& text) {
  Meaning meaning;
  gnutls_priority_t priority = nullptr;
  EXPECT_EQ(gnutls_priority_init(&priority, text.c_str(), nullptr), 0) << text;
  const unsigned* list = nullptr;
  int count = gnutls_priority_protocol_list(priority, &list);
  for (int i = 0; i < count; ++i) {
    meaning.versions.emplace_back(
        gnutls_protocol_get_name(static_cast<gnutls_protocol_t>(list[i])));
  }
  count = gnutls_priority_group_list(priority, &list);
  for (int i = 0; i < count; ++i) {
    meaning.groups.emplace_back(
        gnutls_group_get_name(static_cast<gnutls_group_t>(list[i])));
  }
  unsigned suite = 0;
  for (unsigned i = 0;; ++i) {
    const int error =
        gnutls_priority_get_cipher_suite_index(priority, i, &suite);
    if (error == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) break;
    if (error < 0) continue;
    meaning.suites.insert(gnutls_cipher_suite_info(suite, nullptr, nullptr,
                                                   nullptr, nullptr, nullptr));
  }
  gnutls_priority_deinit(priority);
  return meaning;
}

Meaning MeaningOf(const TlsConfig& config, TlsKeyKind key) {
  const Result<TlsPriority> priority = MakeTlsPriority(config, key);
  EXPECT_TRUE(priority.ok()) << priority.status().message();
  return priority.ok() ? MeaningOf(priority->text) : Meaning();
}

TEST(TlsPriorityTest, UsuallyHasForwardSecrecyAndAuthentication) {
  const Meaning meaning = MeaningOf(TlsConfig(), TlsKeyKind::kRsa);
  EXPECT_THAT(meaning.versions, ElementsAre("TLS1.3", "TLS1.2"));
  EXPECT_THAT(
      meaning.suites,
      UnorderedElementsAre("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
                           "TLS_CHACHA20_POLY1305_SHA256",
                           "TLS_ECDHE_RSA_AES_256_GCM_SHA384",
                           "TLS_ECDHE_RSA_AES_128_GCM_SHA256",
                           "TLS_ECDHE_RSA_CHACHA20_POLY1305"));
}

TEST(TlsPriorityTest, HoldsToTheVersions) {
  TlsConfig config;
  config.min_version = TlsVersion::kTls13;
  EXPECT_THAT(MeaningOf(config, TlsKeyKind::kRsa).versions,
              ElementsAre("TLS1.3"));
  config.min_version = config.max_version = TlsVersion::kTls12;
  EXPECT_THAT(MeaningOf(config, TlsKeyKind::kRsa).versions,
              ElementsAre("TLS1.2"));
}

TEST(TlsPriorityTest, OldVersionsHaveOldCiphers) {
  TlsConfig config;
  config.min_version = TlsVersion::kTls10;
  const Meaning meaning = MeaningOf(config, TlsKeyKind::kRsa);
  EXPECT_EQ(meaning.suites.count("TLS_ECDHE_RSA_AES_128_CBC_SHA1"), 1U);
  EXPECT_EQ(meaning.suites.count("TLS_ECDHE_RSA_AES_256_CBC_SHA1"), 1U);
}

// Suites of the other kind of key cannot be used.
TEST(TlsPriorityTest, TakesTheSuitesOfTheKey) {
  TlsConfig config;
  config.max_version = TlsVersion::kTls12;
  config.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"};
  const std::set<std::string> rsa = MeaningOf(config, TlsKeyKind::kRsa).suites;
  EXPECT_THAT(rsa, UnorderedElementsAre("TLS_ECDHE_RSA_AES_128_GCM_SHA256",
                                        "TLS_ECDHE_RSA_AES_256_CBC_SHA1"));
  EXPECT_THAT(MeaningOf(config, TlsKeyKind::kEcdsa).suites,
              UnorderedElementsAre("TLS_ECDHE_ECDSA_CHACHA20_POLY1305"));
}

TEST(TlsPriorityTest, SuitesOfTls13AloneLeaveTheOthersOut) {
  TlsConfig config;
  config.cipher_suites = {"TLS_AES_256_GCM_SHA384"};
  const Meaning meaning = MeaningOf(config, TlsKeyKind::kRsa);
  EXPECT_THAT(meaning.versions, ElementsAre("TLS1.3"));
  EXPECT_THAT(meaning.suites, UnorderedElementsAre("TLS_AES_256_GCM_SHA384"));
}

TEST(TlsPriorityTest, Tls13TakesTheCiphersOfTls12) {
  TlsConfig config;
  config.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                          "TLS_AES_128_GCM_SHA256"};
  EXPECT_THAT(MeaningOf(config, TlsKeyKind::kEcdsa).suites,
              UnorderedElementsAre("TLS_AES_256_GCM_SHA384",
                                   "TLS_ECDHE_ECDSA_AES_256_GCM_SHA384"));
}

TEST(TlsPriorityTest, SuitesOfTls12MeanNothingWithoutIt) {
  TlsConfig config;
  config.min_version = TlsVersion::kTls13;
  config.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  EXPECT_THAT(MeaningOf(config, TlsKeyKind::kEcdsa).suites.size(), 3U);
}

TEST(TlsPriorityTest, RefusesSuitesThatCannotBeUsed) {
  TlsConfig config;
  config.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  EXPECT_EQ(MakeTlsPriority(config, TlsKeyKind::kRsa).status().message(),
            "none of them can be used with the server's key");
  config.max_version = TlsVersion::kTls12;
  EXPECT_EQ(MakeTlsPriority(config, TlsKeyKind::kRsa).status().message(),
            "none of them can be used with the server's key");
  config.cipher_suites = {"TLS_AES_256_GCM_SHA384"};
  EXPECT_EQ(MakeTlsPriority(config, TlsKeyKind::kRsa).status().message(),
            "none of them can be used with the server's key");
  config = TlsConfig();
  config.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"};
  EXPECT_EQ(MakeTlsPriority(config, TlsKeyKind::kRsa).status().message(),
            "none of them can be used with TLS 1.3");
}

TEST(TlsPriorityTest, CurvesAreInTheOrderGiven) {
  TlsConfig config;
  config.curves = {"X25519", "CurveP521", "CurveP384", "CurveP256"};
  EXPECT_THAT(MeaningOf(config, TlsKeyKind::kRsa).groups,
              ElementsAre("X25519", "SECP521R1", "SECP384R1", "SECP256R1"));
}

TEST(TlsPriorityTest, TheServerChoosesUnlessItShallNot) {
  TlsConfig config;
  EXPECT_NE(MakeTlsPriority(config, TlsKeyKind::kRsa)
                ->text.find("%SERVER_PRECEDENCE"),
            std::string::npos);
  config.prefer_server_ciphers = false;
  EXPECT_EQ(MakeTlsPriority(config, TlsKeyKind::kRsa)
                ->text.find("%SERVER_PRECEDENCE"),
            std::string::npos);
}

}  // namespace
}  // namespace promshm::tools
