#include "tools/serve/status/bucket_totals.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace promshm::tools {
namespace {

// A bound as an exposition prints it. One that is not a number comes last, as
// it does there.
double BoundOf(std::string_view le) {
  if (le.starts_with('+')) le.remove_prefix(1);
  double bound = 0;
  std::from_chars(le.data(), le.data() + le.size(), bound);
  return std::isnan(bound) ? std::numeric_limits<double>::infinity() : bound;
}

}  // namespace

void BucketTotals::Add(const Snapshot& snapshot, const Series& series) {
  double below = 0;
  std::size_t next = 0;
  for (const Sample& sample : series.samples) {
    if (sample.le.empty()) continue;
    const std::size_t place = Find(sample.le, next);
    const double count = snapshot.value(sample);
    buckets_[place].increment += count - below;
    below = count;
    next = place + 1;
  }
}

std::vector<BucketTotal> BucketTotals::Cumulated(std::size_t most) const {
  const std::size_t size = buckets_.size();
  const std::size_t stride = (size + most - 1) / most;
  std::vector<BucketTotal> totals;
  double count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    count += buckets_[i].increment;
    if ((size - 1 - i) % stride == 0) totals.push_back({buckets_[i].le, count});
  }
  return totals;
}

std::size_t BucketTotals::Find(const std::string& le, std::size_t expected) {
  if (expected < buckets_.size() && buckets_[expected].le == le) {
    return expected;
  }
  const double bound = BoundOf(le);
  const auto at = std::lower_bound(
      buckets_.begin(), buckets_.end(), bound,
      [](const Bucket& bucket, double value) { return bucket.bound < value; });
  const auto place = static_cast<std::size_t>(at - buckets_.begin());
  if (at == buckets_.end() || at->bound != bound) {
    buckets_.insert(at, {le, bound, 0});
  }
  return place;
}

}  // namespace promshm::tools
