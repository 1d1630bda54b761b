#include "tools/serve/web/web_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/temporary_directory.h"
#include "tools/serve/log.h"

namespace promshm::tools {
namespace {

using ::promshm::testing::TemporaryDirectory;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

// Of "secret".
constexpr char kUsers[] =
    "basic_auth_users:\n"
    "  alice: $2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";
constexpr char kAlice[] = "Basic YWxpY2U6c2VjcmV0";

class WebGateTest : public ::testing::Test {
 protected:
  void Configure(const std::string& text) {
    const std::string path = directory_.Write("web.yml", text);
    if (file_ != nullptr) return;
    Result<std::unique_ptr<WebConfigFile>> file =
        WebConfigFile::Open(path, log_);
    ASSERT_TRUE(file.ok()) << file.status().message();
    file_ = *std::move(file);
    gate_ = std::make_unique<WebGate>(file_.get(), [this](const Request& r) {
      ++handled_;
      EXPECT_EQ(r.path, "/metrics");
      return answer_;
    });
  }

  Response Ask(const std::string& authorization = "") {
    Request request;
    request.method = "GET";
    request.path = "/metrics";
    request.authorization = authorization;
    return gate_->Handle(request);
  }

  TemporaryDirectory directory_;
  Log log_{LogLevel::kError, LogFormat::kLogfmt, [](const std::string&) {}};
  std::unique_ptr<WebConfigFile> file_;
  std::unique_ptr<WebGate> gate_;
  Response answer_{200, {{"Content-Type", "text/plain"}}, "metrics\n"};
  int handled_ = 0;
};

TEST_F(WebGateTest, AnEmptyFileLetsEverybodyIn) {
  Configure("");
  const Response response = Ask();
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.body, "metrics\n");
  EXPECT_THAT(response.headers,
              ElementsAre(Pair("Content-Type", "text/plain")));
}

TEST_F(WebGateTest, OnlyUsersGetThrough) {
  Configure(kUsers);
  for (const char* authorization :
       {"", "Basic", "Basic YWxpY2U6d3Jvbmc=", "Bearer x"}) {
    const Response response = Ask(authorization);
    EXPECT_EQ(response.status, 401U);
    EXPECT_EQ(response.body, "unauthorized\n");
    EXPECT_THAT(response.headers,
                Contains(Pair("WWW-Authenticate",
                              "Basic realm=\"promshm\", charset=\"UTF-8\"")));
  }
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(Ask(kAlice).status, 200U);
  EXPECT_EQ(handled_, 1);
}

TEST_F(WebGateTest, AChangeOfUsersCountsAtOnce) {
  Configure("");
  EXPECT_EQ(Ask().status, 200U);
  Configure(kUsers);
  EXPECT_EQ(Ask().status, 401U);
  EXPECT_EQ(Ask(kAlice).status, 200U);
  Configure("basic_auth_users: {}\n");
  EXPECT_EQ(Ask().status, 200U);
}

TEST_F(WebGateTest, RequestsAboveTheLimitAreTurnedAway) {
  Configure(kUsers + std::string("rate_limit: {interval: 59m1ms, burst: 2}\n"));
  EXPECT_EQ(Ask(kAlice).status, 200U);
  EXPECT_EQ(Ask().status, 401U);
  const Response response = Ask(kAlice);
  EXPECT_EQ(response.status, 429U);
  EXPECT_EQ(response.body, "too many requests\n");
  EXPECT_THAT(response.headers, Contains(Pair("Retry-After", "3541")));
  EXPECT_EQ(handled_, 1);
  Configure("rate_limit: {interval: 59m, burst: 1}\n");
  EXPECT_EQ(Ask().status, 200U);
  EXPECT_EQ(Ask().status, 429U);
  Configure("");
  EXPECT_EQ(Ask().status, 200U);
}

TEST_F(WebGateTest, EveryAnswerHasTheHeaders) {
  Configure(kUsers + std::string("http_server_config:\n"
                                 "  headers: {X-Frame-Options: deny}\n"
                                 "rate_limit: {interval: 1h, burst: 2}\n"));
  for (const unsigned status : {401U, 200U, 429U}) {
    const Response response = Ask(status == 401 ? "" : kAlice);
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(response.headers, Contains(Pair("X-Frame-Options", "deny")));
  }
}

TEST_F(WebGateTest, AHeaderOfTheAnswerItselfStays) {
  Configure(
      "http_server_config:\n"
      "  headers: {Content-Security-Policy: a, X-Frame-Options: deny}\n");
  answer_.headers = {{"content-security-policy", "b"}};
  EXPECT_THAT(Ask().headers, ElementsAre(Pair("content-security-policy", "b"),
                                         Pair("X-Frame-Options", "deny")));
}

}  // namespace
}  // namespace promshm::tools
