#include "tools/serve/status/family_figures.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "tools/serve/status/bucket_totals.h"

namespace promshm::tools {
namespace {

constexpr std::size_t kMostBuckets = 256;

// Adds up series of a histogram or a summary.
class CompositeTotal {
 public:
  explicit CompositeTotal(const MetricFamily& family) {
    for (const std::string& name : family.sample_names) {
      is_sum_.push_back(name == family.name + "_sum");
      is_count_.push_back(name == family.name + "_count");
    }
  }

  void Add(const Snapshot& snapshot, const Series& series) {
    buckets_.Add(snapshot, series);
    for (const Sample& sample : series.samples) {
      if (!sample.le.empty()) continue;
      if (is_sum_[sample.name]) sum_ += snapshot.value(sample);
      if (is_count_[sample.name]) count_ += snapshot.value(sample);
    }
  }

  void AddTo(Json* json, bool with_buckets) const {
    (*json)["count"] = JsonNumber(count_);
    (*json)["sum"] = JsonNumber(sum_);
    if (!with_buckets) return;
    Json& buckets = (*json)["buckets"] = Json::array();
    for (const BucketTotal& bucket : buckets_.Cumulated(kMostBuckets)) {
      buckets.push_back(
          {{"le", bucket.le}, {"count", JsonNumber(bucket.count)}});
    }
  }

 private:
  std::vector<bool> is_sum_;  // by number of the sample's name
  std::vector<bool> is_count_;
  double sum_ = 0;
  double count_ = 0;
  BucketTotals buckets_;
};

double SumOf(const Snapshot& snapshot, const Series& series) {
  double sum = 0;
  for (const Sample& sample : series.samples) sum += snapshot.value(sample);
  return sum;
}

void AddRange(const Snapshot& snapshot, const MetricFamily& family,
              Json* json) {
  if (family.series.empty()) return;
  double least = std::numeric_limits<double>::quiet_NaN();
  double most = least;
  double sum = 0;
  for (const Series& series : family.series) {
    const double value = SumOf(snapshot, series);
    least = std::fmin(least, value);
    most = std::fmax(most, value);
    sum += value;
  }
  (*json)["min"] = JsonNumber(least);
  (*json)["max"] = JsonNumber(most);
  (*json)["sum"] = JsonNumber(sum);
}

}  // namespace

void AddFamilyFigures(const Snapshot& snapshot, const MetricFamily& family,
                      Json* json) {
  switch (family.type) {
    case FamilyType::kCounter: {
      double sum = 0;
      for (const Series& series : family.series) {
        sum += SumOf(snapshot, series);
      }
      (*json)["value"] = JsonNumber(sum);
      return;
    }
    case FamilyType::kGauge:
      return AddRange(snapshot, family, json);
    case FamilyType::kHistogram:
    case FamilyType::kSummary: {
      CompositeTotal total(family);
      for (const Series& series : family.series) total.Add(snapshot, series);
      total.AddTo(json, family.type == FamilyType::kHistogram);
      return;
    }
  }
}

void AddSeriesFigures(const Snapshot& snapshot, const MetricFamily& family,
                      const Series& series, Json* json) {
  switch (family.type) {
    case FamilyType::kCounter:
    case FamilyType::kGauge:
      (*json)["value"] = JsonNumber(SumOf(snapshot, series));
      return;
    case FamilyType::kHistogram:
    case FamilyType::kSummary: {
      CompositeTotal total(family);
      total.Add(snapshot, series);
      total.AddTo(json, family.type == FamilyType::kHistogram);
      return;
    }
  }
}

}  // namespace promshm::tools
