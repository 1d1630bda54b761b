#include "tools/serve/status/natural_order.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace promshm::tools {
namespace {

TEST(NaturallyBeforeTest, NumbersInTextsCountAsNumbers) {
  const std::vector<std::string> sorted = {"",
                                           "-1",
                                           "0",
                                           "1",
                                           "1a",
                                           "002",
                                           "2",
                                           "2-10",
                                           "10",
                                           "10-9",
                                           "10a",
                                           "999",
                                           "1000",
                                           "99999999999999999998",
                                           "99999999999999999999",
                                           "a",
                                           "a1b",
                                           "a01c",
                                           "a2b",
                                           "a10",
                                           "slot",
                                           "slot2",
                                           "slot10",
                                           "\xc3\xa4"};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(NaturallyBefore(sorted[i], sorted[j]), i < j)
          << sorted[i] << " and " << sorted[j];
    }
  }
}

}  // namespace
}  // namespace promshm::tools
