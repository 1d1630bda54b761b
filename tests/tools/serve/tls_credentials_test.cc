#include "tools/serve/web/tls_credentials.h"

#include <gmock/gmock.h>
#include <gnutls/gnutls.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/support/certificates.h"
#include "tests/support/tls_handshake.h"

namespace promshm::tools {
namespace {

using ::promshm::testing::CertificateAuthority;
using ::promshm::testing::Identity;
using ::promshm::testing::IdentityOptions;
using ::promshm::testing::ShakeHands;
using ::promshm::testing::TlsClient;
using ::promshm::testing::TlsOutcome;
using ::testing::StartsWith;

constexpr const char* kBothVersions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.3",
                                         "NORMAL:-VERS-ALL:+VERS-TLS1.2"};

class TlsCredentialsTest : public ::testing::Test {
 protected:
  TlsCredentialsTest() {
    texts_.certificate = server_.certificate;
    texts_.key = server_.key;
    config_.certificate.file = "/server.crt";
    config_.key.file = "/server.key";
  }

  void AskFor(ClientAuth auth) {
    config_.client_auth = auth;
    config_.client_ca.file = "/ca.crt";
    texts_.client_ca = authority_.certificate();
  }

  Identity ClientIdentity(IdentityOptions options = {}) {
    if (options.purpose.empty()) options.purpose = GNUTLS_KP_TLS_WWW_CLIENT;
    return authority_.Issue(options);
  }

  TlsOutcome Connect(const TlsClient& client) {
    const auto credentials = TlsCredentials::Make(config_, texts_);
    EXPECT_TRUE(credentials.ok()) << credentials.status().message();
    if (!credentials.ok()) return {};
    return ShakeHands(
        [&credentials](gnutls_session_t session) {
          return (*credentials)->Prepare(session);
        },
        client);
  }

  std::string Error() {
    const auto credentials = TlsCredentials::Make(config_, texts_);
    return credentials.ok() ? "" : credentials.status().message();
  }

  // The same of both versions; empty where the client is accepted.
  std::string Alert(const std::optional<Identity>& identity) {
    std::string alerts;
    for (const char* version : kBothVersions) {
      const TlsOutcome outcome = Connect({version, identity});
      EXPECT_EQ(outcome.accepted, outcome.alert.empty());
      if (!alerts.empty() && alerts != outcome.alert) alerts += " ";
      if (alerts != outcome.alert) alerts += outcome.alert;
    }
    return alerts;
  }

  CertificateAuthority authority_{"authority"};
  CertificateAuthority other_{"another authority"};
  Identity server_ = authority_.Issue({});
  TlsConfig config_;
  TlsTexts texts_;
};

TEST_F(TlsCredentialsTest, SpeaksTls12And13Only) {
  EXPECT_EQ(Connect({"NORMAL"}).version, "TLS1.3");
  EXPECT_EQ(Connect({"NORMAL:-VERS-TLS1.3"}).version, "TLS1.2");
  EXPECT_FALSE(
      Connect({"NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0"}).accepted);
}

TEST_F(TlsCredentialsTest, HoldsToTheVersions) {
  config_.min_version = TlsVersion::kTls13;
  EXPECT_EQ(Connect({"NORMAL"}).version, "TLS1.3");
  EXPECT_FALSE(Connect({"NORMAL:-VERS-TLS1.3"}).accepted);
  config_.min_version = config_.max_version = TlsVersion::kTls12;
  EXPECT_EQ(Connect({"NORMAL"}).version, "TLS1.2");
  EXPECT_FALSE(Connect({"NORMAL:-VERS-ALL:+VERS-TLS1.3"}).accepted);
}

TEST_F(TlsCredentialsTest, SpeaksOldVersionsWhereItShall) {
  config_.min_version = TlsVersion::kTls10;
  if (!Error().empty()) {
    EXPECT_EQ(Error(), "min_version: GnuTLS does without it on this system");
    GTEST_SKIP() << Error();
  }
  EXPECT_EQ(Connect({"NORMAL:-VERS-ALL:+VERS-TLS1.1"}).version, "TLS1.1");
  EXPECT_EQ(Connect({"NORMAL:-VERS-ALL:+VERS-TLS1.0"}).version, "TLS1.0");
  EXPECT_EQ(Connect({"NORMAL"}).version, "TLS1.3");
}

TEST_F(TlsCredentialsTest, TheServerChoosesTheSuite) {
  const std::string client =
      "NORMAL:-VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM";
  EXPECT_EQ(Connect({client}).suite, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  config_.prefer_server_ciphers = false;
  EXPECT_EQ(Connect({client}).suite, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
}

TEST_F(TlsCredentialsTest, HoldsToTheSuites) {
  config_.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"};
  EXPECT_EQ(Connect({"NORMAL:-VERS-TLS1.3"}).suite,
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
  EXPECT_FALSE(Connect({"NORMAL:-VERS-TLS1.3:-CHACHA20-POLY1305"}).accepted);
  config_.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_EQ(Error(),
            "cipher_suites: none of them can be used with the server's key");
}

TEST_F(TlsCredentialsTest, HoldsToTheCurves) {
  config_.curves = {"CurveP521"};
  EXPECT_TRUE(Connect({"NORMAL"}).accepted);
  EXPECT_FALSE(Connect({"NORMAL:-GROUP-SECP521R1"}).accepted);
}

TEST_F(TlsCredentialsTest, AnRsaKeyWillDo) {
  IdentityOptions options;
  options.algorithm = GNUTLS_PK_RSA;
  const Identity server = authority_.Issue(options);
  texts_.certificate = server.certificate;
  texts_.key = server.key;
  EXPECT_EQ(Connect({"NORMAL:-VERS-TLS1.3"}).suite,
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
  EXPECT_EQ(Connect({"NORMAL"}).version, "TLS1.3");
}

// A resumed session would have been judged by an older configuration.
TEST_F(TlsCredentialsTest, SessionsCannotBeResumed) {
  for (const char* version : kBothVersions) {
    const TlsOutcome outcome = Connect({version});
    EXPECT_TRUE(outcome.accepted);
    EXPECT_FALSE(outcome.is_resumable);
  }
}

TEST_F(TlsCredentialsTest, AsksForNoCertificateUnlessItShall) {
  EXPECT_EQ(Alert(ClientIdentity()), "");
  EXPECT_EQ(Alert(other_.Issue({})), "");
}

TEST_F(TlsCredentialsTest, ARequestedCertificateMayBeAnyOrNone) {
  AskFor(ClientAuth::kRequest);
  EXPECT_EQ(Alert({}), "");
  EXPECT_EQ(Alert(ClientIdentity()), "");
  EXPECT_EQ(Alert(other_.Issue({})), "");
}

TEST_F(TlsCredentialsTest, ARequiredCertificateMayBeAny) {
  config_.client_auth = ClientAuth::kRequireAny;
  EXPECT_EQ(Alert({}), "CERTIFICATE_REQUIRED BAD_CERTIFICATE");
  EXPECT_EQ(Alert(ClientIdentity()), "");
  EXPECT_EQ(Alert(other_.Issue({})), "");
}

TEST_F(TlsCredentialsTest, AVerifiedCertificateMayBeLeftOut) {
  AskFor(ClientAuth::kVerifyIfGiven);
  EXPECT_EQ(Alert({}), "");
  EXPECT_EQ(Alert(ClientIdentity()), "");
  EXPECT_EQ(Alert(other_.Issue({})), "UNKNOWN_CA");
}

TEST_F(TlsCredentialsTest, ARequiredAndVerifiedCertificateIsChecked) {
  AskFor(ClientAuth::kRequireAndVerify);
  EXPECT_EQ(Alert({}), "CERTIFICATE_REQUIRED BAD_CERTIFICATE");
  EXPECT_EQ(Alert(ClientIdentity()), "");
  EXPECT_EQ(Alert(other_.Issue({})), "UNKNOWN_CA");
  IdentityOptions options;
  options.valid_to = -60;
  EXPECT_EQ(Alert(ClientIdentity(options)), "CERTIFICATE_EXPIRED");
  options = IdentityOptions();
  options.valid_from = 600;
  EXPECT_EQ(Alert(ClientIdentity(options)), "BAD_CERTIFICATE");
  options = IdentityOptions();
  options.purpose = GNUTLS_KP_TLS_WWW_SERVER;
  EXPECT_EQ(Alert(ClientIdentity(options)), "BAD_CERTIFICATE");
  EXPECT_EQ(Alert(authority_.Issue({})), "");  // of any purpose
}

TEST_F(TlsCredentialsTest, SeveralAuthoritiesMayBeTrusted) {
  AskFor(ClientAuth::kRequireAndVerify);
  texts_.client_ca += other_.certificate();
  EXPECT_EQ(Alert(ClientIdentity()), "");
  EXPECT_EQ(Alert(other_.Issue({})), "");
}

TEST_F(TlsCredentialsTest, ChecksTheNamesOfClients) {
  AskFor(ClientAuth::kRequireAndVerify);
  config_.client_allowed_sans = {"a.example", "me@example", "spiffe://x/y",
                                 "10.1.2.3", "fd00::1"};
  IdentityOptions options;
  options.name = "a.example";
  EXPECT_EQ(Alert(ClientIdentity(options)), "ACCESS_DENIED");
  options.dns_names = {"b.example", "A.example", "*.example"};
  options.ip_addresses = {"10.1.2.4"};
  EXPECT_EQ(Alert(ClientIdentity(options)), "ACCESS_DENIED");
  options.ip_addresses.push_back("10.1.2.3");
  EXPECT_EQ(Alert(ClientIdentity(options)), "");
  options = IdentityOptions();
  options.dns_names = {"z.example", "a.example"};
  EXPECT_EQ(Alert(ClientIdentity(options)), "");
  EXPECT_EQ(Alert(other_.Issue(options)), "UNKNOWN_CA");
  options = IdentityOptions();
  options.mail_addresses = {"me@example"};
  EXPECT_EQ(Alert(ClientIdentity(options)), "");
  options = IdentityOptions();
  options.uris = {"spiffe://x/y"};
  EXPECT_EQ(Alert(ClientIdentity(options)), "");
  options = IdentityOptions();
  options.ip_addresses = {"fd00:0:0:0::1"};
  EXPECT_EQ(Alert(ClientIdentity(options)), "");
}

TEST_F(TlsCredentialsTest, AnAllowedNameNeedsACertificate) {
  AskFor(ClientAuth::kVerifyIfGiven);
  config_.client_allowed_sans = {"a.example"};
  EXPECT_EQ(Alert({}), "CERTIFICATE_REQUIRED BAD_CERTIFICATE");
}

TEST_F(TlsCredentialsTest, RefusesWhatIsNoCertificateOrKey) {
  texts_.certificate = "x";
  EXPECT_THAT(Error(),
              StartsWith("cert_file: /server.crt: not a certificate: "));
  texts_.certificate = "";
  EXPECT_THAT(Error(),
              StartsWith("cert_file: /server.crt: not a certificate: "));
  texts_.certificate = server_.certificate;
  texts_.key = server_.certificate;
  EXPECT_THAT(Error(),
              StartsWith("key_file: /server.key: not a private key: "));
  texts_.key = "";
  EXPECT_THAT(Error(),
              StartsWith("key_file: /server.key: not a private key: "));
  texts_.key = authority_.Issue({}).key;
  EXPECT_EQ(Error(),
            "key_file: /server.key: the certificate and the given key do not "
            "match");
  config_.key = PemSource{"", texts_.key};
  EXPECT_EQ(Error(), "key: the certificate and the given key do not match");
}

TEST_F(TlsCredentialsTest, RefusesWhatIsNoAuthority) {
  AskFor(ClientAuth::kRequireAndVerify);
  for (const std::string& text :
       {std::string("x"), std::string(), server_.key}) {
    texts_.client_ca = text;
    EXPECT_THAT(Error(), StartsWith("client_ca_file: /ca.crt: not a "
                                    "certificate"));
  }
}

}  // namespace
}  // namespace promshm::tools
