#ifndef PROMSHM_HISTOGRAM_H_
#define PROMSHM_HISTOGRAM_H_

#include <memory>
#include <vector>

#include "promshm/builder.h"
#include "promshm/export.h"

namespace promshm {

namespace instrument {
class Entries;
}

/// Purpose: counts observations in buckets, one label set of a family. Made by
/// Family<Histogram>::Add().
///
/// An observation is two atomic adds, to its bucket and to the sum; a reader
/// may see the one without the other for an instant. Fork, signals and failure
/// are as for a Counter.
///
/// Lifetime: as long as its Registry. Thread safety: every method may be called
/// from several threads.
class PROMSHM_EXPORT Histogram {
 public:
  /// Upper bounds, inclusive, rising. The bucket of all that is above the last
  /// is always there and need not be named.
  using BucketBoundaries = std::vector<double>;

  ~Histogram();

  /// A `value` that is not a number changes nothing.
  void Observe(double value) noexcept;

  /// Adds counts collected elsewhere: one for each bound and one for what is
  /// above the last, not cumulated, and the sum of the values. Another number
  /// of counts, or one that is negative or not a number, changes nothing.
  void ObserveMultiple(const std::vector<double>& bucket_increments,
                       double sum_of_values) noexcept;

 private:
  template <typename T>
  friend class Family;
  Histogram(std::unique_ptr<instrument::Entries> entries,
            BucketBoundaries bounds);

  // The sum, then a bucket a bound, then the last bucket.
  std::unique_ptr<instrument::Entries> entries_;
  const BucketBoundaries bounds_;
};

/// Starts the description of a family of histograms.
inline Builder<Histogram> BuildHistogram() { return {}; }

}  // namespace promshm

#endif  // PROMSHM_HISTOGRAM_H_
