#include "tools/serve/status/family_filter.h"

#include <gtest/gtest.h>

namespace promshm::tools {
namespace {

MetricFamily Requests() {
  MetricFamily family;
  family.name = "http_Requests";
  family.help = "What was asked for";
  family.sample_names = {"http_Requests_total"};
  family.series.resize(2);
  family.series[0].labels = {{"code", "200"}, {"path", "/Items"}};
  family.series[1].labels = {{"code", "404"}};
  return family;
}

TEST(FamilyFilterTest, FindsATextWhereverItStands) {
  const MetricFamily family = Requests();
  for (const char* text : {"", "http", "REQUESTS", "total", "asked FOR", "code",
                           "Code", "404", "/items", "/Items", "ATH"}) {
    EXPECT_TRUE(FamilyFilter(text).Anywhere(family)) << text;
  }
  for (const char* text : {"x", "https", "code=", "2004", "counter"}) {
    EXPECT_FALSE(FamilyFilter(text).Anywhere(family)) << text;
  }
}

TEST(FamilyFilterTest, TellsTheFamilyFromItsSeries) {
  const MetricFamily family = Requests();
  EXPECT_TRUE(FamilyFilter("requests").InFamily(family));
  EXPECT_TRUE(FamilyFilter("asked").InFamily(family));
  EXPECT_FALSE(FamilyFilter("404").InFamily(family));
  EXPECT_FALSE(FamilyFilter("404").InSeries(family.series[0]));
  EXPECT_TRUE(FamilyFilter("404").InSeries(family.series[1]));
  EXPECT_FALSE(FamilyFilter("requests").InSeries(family.series[0]));
}

TEST(FamilyFilterTest, AnEmptyTextIsInAFamilyWithoutAny) {
  EXPECT_TRUE(FamilyFilter("").InFamily(MetricFamily()));
  EXPECT_TRUE(FamilyFilter("").InSeries(Series()));
  EXPECT_FALSE(FamilyFilter("a").Anywhere(MetricFamily()));
}

TEST(FamilyFilterTest, OtherLettersThanAsciiKeepTheirCase) {
  MetricFamily family;
  family.name =
      "gr\xc3\xb6\xc3\x9f"
      "e";
  EXPECT_TRUE(FamilyFilter("GR\xc3\xb6\xc3\x9f").InFamily(family));
  EXPECT_FALSE(FamilyFilter("gr\xc3\x96").InFamily(family));
}

}  // namespace
}  // namespace promshm::tools
