#include "tools/serve/status/status_page.h"

#include <gmock/gmock.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>

namespace promshm::tools {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

std::string HeaderOf(const Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

// What stands between the tags of the only element of that name.
std::string Element(const std::string& document, const std::string& name) {
  const std::string begin_tag = "<" + name + ">";
  const std::size_t begin = document.find(begin_tag) + begin_tag.size();
  EXPECT_EQ(document.find("<" + name, begin), std::string::npos);
  return document.substr(begin, document.find("</" + name + ">") - begin);
}

std::string Base64Sha256(const std::string& text) {
  std::array<unsigned char, 32> digest;
  EXPECT_EQ(gnutls_hash_fast(GNUTLS_DIG_SHA256, text.data(), text.size(),
                             digest.data()),
            0);
  const gnutls_datum_t data = {digest.data(), digest.size()};
  gnutls_datum_t encoded = {};
  EXPECT_EQ(gnutls_base64_encode2(&data, &encoded), 0);
  std::string result(encoded.data, encoded.data + encoded.size);
  gnutls_free(encoded.data);
  return result;
}

TEST(StatusPageTest, IsOneDocumentThatNeedsNothingElse) {
  const Response response = StatusPage("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers,
              Contains(Pair("Content-Type", "text/html; charset=utf-8")));
  EXPECT_THAT(response.body, StartsWith("<!DOCTYPE html>\n"));
  EXPECT_THAT(response.body, Not(HasSubstr("src=")));
  EXPECT_THAT(response.body, Not(HasSubstr("stylesheet")));
  EXPECT_THAT(response.body, Not(HasSubstr("style=")));
  EXPECT_THAT(response.body, Not(HasSubstr("@import")));
  EXPECT_THAT(response.body, Not(HasSubstr("{{")));
}

TEST(StatusPageTest, ThePolicyAllowsItsScriptAndStyleAlone) {
  const Response response = StatusPage("/metrics");
  const std::string script = Element(response.body, "script");
  const std::string style = Element(response.body, "style");
  EXPECT_THAT(script, StartsWith("'use strict';\n"));
  EXPECT_EQ(HeaderOf(response, "Content-Security-Policy"),
            "default-src 'none'; script-src 'sha256-" + Base64Sha256(script) +
                "'; style-src 'sha256-" + Base64Sha256(style) +
                "'; connect-src 'self'; img-src data:; base-uri 'none'; "
                "form-action 'none'; frame-ancestors 'none'; "
                "require-trusted-types-for 'script'; trusted-types 'none'");
  EXPECT_EQ(HeaderOf(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(HeaderOf(response, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(HeaderOf(response, "Cache-Control"), "no-store");
}

TEST(StatusPageTest, TheScriptMakesNoMarkup) {
  const std::string script = Element(StatusPage("/metrics").body, "script");
  for (const char* sink :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
        "eval(", "new Function", "createContextualFragment", "srcdoc"}) {
    EXPECT_THAT(script, Not(HasSubstr(sink)));
  }
}

TEST(StatusPageTest, LinksToTheMetricsWithoutAScript) {
  const std::string body = StatusPage("/a&b'<c>").body;
  const std::string links = Element(body, "noscript");
  EXPECT_THAT(links, HasSubstr("<a href=\"/a&amp;b&#39;&lt;c&gt;\">"));
  EXPECT_THAT(links, HasSubstr("<a href=\"api/v1/status\">"));
  EXPECT_THAT(links, HasSubstr("<a href=\"api/v1/families\">"));
}

}  // namespace
}  // namespace promshm::tools
