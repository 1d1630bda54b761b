#ifndef PROMSHM_SUMMARY_H_
#define PROMSHM_SUMMARY_H_

#include <memory>

#include "promshm/builder.h"
#include "promshm/export.h"

namespace promshm {

namespace instrument {
class Entries;
}

/// Purpose: counts observations and adds them up, one label set of a family.
/// Made by Family<Summary>::Add(). There are no quantiles: those of several
/// processes cannot be put together. A Histogram's can.
///
/// Fork, signals and failure are as for a Counter.
///
/// Lifetime: as long as its Registry. Thread safety: every method may be called
/// from several threads.
class PROMSHM_EXPORT Summary {
 public:
  ~Summary();

  /// A `value` that is not a number changes nothing.
  void Observe(double value) noexcept;

 private:
  template <typename T>
  friend class Family;
  explicit Summary(std::unique_ptr<instrument::Entries> entries);

  // The count, then the sum.
  std::unique_ptr<instrument::Entries> entries_;
};

/// Starts the description of a family of summaries.
inline Builder<Summary> BuildSummary() { return {}; }

}  // namespace promshm

#endif  // PROMSHM_SUMMARY_H_
