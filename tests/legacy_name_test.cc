#include "format/legacy_name.h"

#include <gtest/gtest.h>

namespace promshm::format {
namespace {

TEST(LegacyName, KnowsMetricNames) {
  for (const char* name : {"a", "_", ":", "A9_:", "__x"}) {
    EXPECT_TRUE(IsLegacyName(name, NameKind::kMetric)) << name;
  }
  for (const char* name : {"", "9", "a-b", "a b", "é", "a\n"}) {
    EXPECT_FALSE(IsLegacyName(name, NameKind::kMetric)) << name;
  }
}

TEST(LegacyName, LabelsHaveNoColon) {
  EXPECT_TRUE(IsLegacyName("a_9", NameKind::kLabel));
  EXPECT_FALSE(IsLegacyName("a:b", NameKind::kLabel));
}

}  // namespace
}  // namespace promshm::format
