#include "tools/serve/web/token_bucket.h"

#include <gtest/gtest.h>

#include <chrono>

namespace promshm::tools {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TokenBucketTest, NoIntervalIsNoLimit) {
  TokenBucket bucket(RateLimit{});
  const TokenBucket::Clock::time_point now(seconds(1000));
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bucket.Take(now));
}

TEST(TokenBucketTest, FillsByOneEachInterval) {
  TokenBucket bucket(RateLimit{seconds(1), 2});
  const TokenBucket::Clock::time_point begin(seconds(1000));
  EXPECT_TRUE(bucket.Take(begin));
  EXPECT_TRUE(bucket.Take(begin));
  EXPECT_FALSE(bucket.Take(begin));
  EXPECT_FALSE(bucket.Take(begin + milliseconds(500)));
  EXPECT_FALSE(bucket.Take(begin + milliseconds(999)));
  EXPECT_TRUE(bucket.Take(begin + seconds(1)));
  EXPECT_FALSE(bucket.Take(begin + milliseconds(1001)));
  EXPECT_TRUE(bucket.Take(begin + seconds(2)));
  EXPECT_FALSE(bucket.Take(begin + seconds(2)));
}

TEST(TokenBucketTest, HoldsNoMoreThanItsBurst) {
  TokenBucket bucket(RateLimit{milliseconds(10), 3});
  const TokenBucket::Clock::time_point later(hours(1000));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.Take(later)) << i;
  EXPECT_FALSE(bucket.Take(later));
}

TEST(TokenBucketTest, TheLargestLimitIsWithinWhatAClockCounts) {
  TokenBucket bucket(RateLimit{hours(1), 1'000'000});
  const TokenBucket::Clock::time_point now(hours(1000));
  for (int i = 0; i < 1'000'000; ++i) ASSERT_TRUE(bucket.Take(now)) << i;
  EXPECT_FALSE(bucket.Take(now));
  EXPECT_TRUE(bucket.Take(now + hours(1)));
}

}  // namespace
}  // namespace promshm::tools
