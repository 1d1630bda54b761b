#include "tools/serve/status/bucket_totals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace promshm::tools {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// What a series has in its buckets, cumulated.
using Buckets = std::vector<std::pair<std::string, double>>;

// Adds a series with these buckets, and samples that are none.
void Add(const Buckets& buckets, BucketTotals* totals) {
  Series series;
  std::vector<double> values = {1000};
  series.samples.push_back({0, "", 0});
  for (const auto& [le, count] : buckets) {
    series.samples.push_back(
        {1, le, static_cast<std::uint32_t>(values.size())});
    values.push_back(count);
  }
  totals->Add(Snapshot(std::make_shared<SnapshotLayout>(), values, {}, {}),
              series);
}

std::vector<std::pair<std::string, double>> Result(const BucketTotals& totals,
                                                   std::size_t most = 100) {
  std::vector<std::pair<std::string, double>> result;
  for (const BucketTotal& total : totals.Cumulated(most)) {
    result.emplace_back(total.le, total.count);
  }
  return result;
}

TEST(BucketTotalsTest, NothingHasNoBuckets) {
  EXPECT_THAT(Result({}), IsEmpty());
}

TEST(BucketTotalsTest, EqualBoundsAreAddedUp) {
  BucketTotals totals;
  Add({{"0.5", 1}, {"1.0", 3}, {"+Inf", 4}}, &totals);
  Add({{"0.5", 10}, {"1.0", 10}, {"+Inf", 20}}, &totals);
  EXPECT_EQ(Result(totals), (Buckets{{"0.5", 11}, {"1.0", 13}, {"+Inf", 24}}));
}

TEST(BucketTotalsTest, OtherBoundsNeverMakeTheTotalsFall) {
  BucketTotals totals;
  Add({{"1.0", 3}, {"10.0", 5}, {"+Inf", 5}}, &totals);
  Add({{"-1.0", 1}, {"2.0", 4}, {"1e+06", 4}, {"+Inf", 7}}, &totals);
  Add({{"2.0", 1}}, &totals);
  EXPECT_EQ(Result(totals), (Buckets{{"-1.0", 1},
                                     {"1.0", 4},
                                     {"2.0", 8},
                                     {"10.0", 10},
                                     {"1e+06", 10},
                                     {"+Inf", 13}}));
}

TEST(BucketTotalsTest, LeavesOutSomeOfManyAndNeverTheLast) {
  BucketTotals totals;
  Add({{"1.0", 1}, {"2.0", 2}, {"3.0", 3}, {"4.0", 4}, {"+Inf", 5}}, &totals);
  EXPECT_EQ(Result(totals, 3), (Buckets{{"1.0", 1}, {"3.0", 3}, {"+Inf", 5}}));
  EXPECT_EQ(Result(totals, 2), (Buckets{{"2.0", 2}, {"+Inf", 5}}));
  EXPECT_EQ(Result(totals, 1), (Buckets{{"+Inf", 5}}));
  EXPECT_THAT(Result(totals, 5), SizeIs(5));
}

}  // namespace
}  // namespace promshm::tools
