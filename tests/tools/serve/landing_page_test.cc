#include "tools/serve/landing_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace promshm::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(LandingPageTest, LinksToTheOtherPages) {
  const std::string page =
      LandingPage("/metrics", "/-/healthy", "promshm-serve 1.2.3");
  EXPECT_THAT(page, HasSubstr("<a href=\"/metrics\">"));
  EXPECT_THAT(page, HasSubstr("<a href=\"/-/healthy\">"));
  EXPECT_THAT(page, HasSubstr("promshm-serve 1.2.3"));
}

TEST(LandingPageTest, EscapesWhatIsNoHtml) {
  const std::string page = LandingPage("/a&b'\"<c>", "/-/healthy", "<1>");
  EXPECT_THAT(page, HasSubstr("\"/a&amp;b&#39;&quot;&lt;c&gt;\""));
  EXPECT_THAT(page, HasSubstr("&lt;1&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<c>")));
  EXPECT_THAT(page, Not(HasSubstr("<1>")));
}

}  // namespace
}  // namespace promshm::tools
