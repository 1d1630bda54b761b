#ifndef PROMSHM_INSTRUMENT_SYNC_INSTRUMENT_H_
#define PROMSHM_INSTRUMENT_SYNC_INSTRUMENT_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "instrument/attribute_points.h"
#include "instrument/meter_context.h"
#include "instrument/meter_instrument.h"
#include "promshm/family.h"
#include "promshm/otel/attribute.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

// Purpose: a counter, an up-down counter, a gauge or a histogram, with series
// of type T: Counter, Gauge or Histogram.
//
// Lifetime: `context` and `family` must outlive it. Thread safety: every method
// may be called from several threads.
template <typename T>
class SyncInstrument : public MeterInstrument {
 public:
  SyncInstrument(MetricTraits traits, Family<T>* family, MeterContext* context);

  void Record(double value) noexcept override;
  void Record(double value, const Attribute* attributes,
              std::size_t count) noexcept override;
  std::unique_ptr<BoundInstrument> Bind(const Attribute* attributes,
                                        std::size_t count) noexcept override;
  void Store() noexcept override {}

 private:
  class Bound;
  using Point = typename AttributePoints<T>::Point;

  void RecordFirst(double value) noexcept;
  void Apply(T* series, double value) const noexcept;

  AttributePoints<T> points_;
  // The series without attributes, once it is there.
  std::atomic<T*> unlabelled_{nullptr};
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_SYNC_INSTRUMENT_H_
