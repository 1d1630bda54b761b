#include "promshm/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "instrument/entries.h"
#include "instrument/mapped_value.h"

namespace promshm {
namespace {

// Up to so many bounds, comparing with all of them is faster than a search
// whose branches nobody can predict.
constexpr std::size_t kFewBounds = 64;

std::size_t BucketOf(const std::vector<double>& bounds, double value) noexcept {
  if (bounds.size() > kFewBounds) {
    return static_cast<std::size_t>(
        std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
  }
  std::size_t below = 0;
  for (const double bound : bounds) below += bound < value ? 1 : 0;
  return below;
}

}  // namespace

Histogram::Histogram(std::unique_ptr<instrument::Entries> entries,
                     BucketBoundaries bounds)
    : entries_(std::move(entries)), bounds_(std::move(bounds)) {}

Histogram::~Histogram() = default;

void Histogram::Observe(double value) noexcept {
  if (std::isnan(value)) return;
  if (const instrument::MappedValue* values = entries_->ForUpdate()) {
    instrument::AddTo(values[0], value);
    instrument::AddTo(values[1 + BucketOf(bounds_, value)], 1.0);
  }
}

void Histogram::ObserveMultiple(const std::vector<double>& bucket_increments,
                                double sum_of_values) noexcept {
  const bool sound =
      bucket_increments.size() == bounds_.size() + 1 &&
      !std::isnan(sum_of_values) &&
      std::all_of(bucket_increments.begin(), bucket_increments.end(),
                  [](double increment) { return increment >= 0.0; });
  if (!sound) return;
  if (const instrument::MappedValue* values = entries_->ForUpdate()) {
    instrument::AddTo(values[0], sum_of_values);
    for (std::size_t i = 0; i < bucket_increments.size(); ++i) {
      instrument::AddTo(values[1 + i], bucket_increments[i]);
    }
  }
}

}  // namespace promshm
