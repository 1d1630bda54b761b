#include "tools/serve/web/bcrypt.h"

#include <gtest/gtest.h>

#include <string>

namespace promshm::tools {
namespace {

TEST(BcryptTest, AgreesWithOthers) {
  // From the tests of crypt_blowfish, and made by htpasswd.
  EXPECT_TRUE(BcryptMatches(
      "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"));
  EXPECT_FALSE(BcryptMatches(
      "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*V"));
  EXPECT_TRUE(BcryptMatches(
      "$2y$10$2UXri9cIDdgeKjBo4Rlpx.U3ZLDV8X1IxKmsfOvhcM5oXQt/mLmXq",
      "dave123"));
}

// Its last letter has four bits to spare.
TEST(BcryptTest, TakesASaltThatIsSpeltUnusually) {
  std::string hash =
      "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
  hash[28] = 'z';
  EXPECT_EQ(BcryptProblem(hash), "");
  EXPECT_TRUE(BcryptMatches(hash, "secret"));
}

TEST(BcryptTest, NobodyKnowsAPasswordOfTheUnknownHash) {
  for (const int cost : {4, 5, 10, kHighestBcryptCost}) {
    const std::string hash = UnknownBcryptHash(cost);
    EXPECT_EQ(BcryptProblem(hash), "");
    EXPECT_EQ(BcryptCost(hash), cost);
  }
  EXPECT_FALSE(BcryptMatches(UnknownBcryptHash(4), ""));
}

}  // namespace
}  // namespace promshm::tools
