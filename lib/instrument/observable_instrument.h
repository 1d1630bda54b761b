#ifndef PROMSHM_INSTRUMENT_OBSERVABLE_INSTRUMENT_H_
#define PROMSHM_INSTRUMENT_OBSERVABLE_INSTRUMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "instrument/attribute_points.h"
#include "instrument/meter_context.h"
#include "instrument/meter_instrument.h"
#include "instrument/series_map.h"
#include "promshm/family.h"
#include "promshm/labels.h"
#include "promshm/otel/attribute.h"
#include "promshm/otel/meter_core.h"

namespace promshm::otel {

// Purpose: an observable counter, up-down counter or gauge, with series of type
// T: Counter or Gauge. What is recorded is kept until the pass is over, and
// outside of a pass ignored.
//
// Lifetime: `context` and `family` must outlive it. Thread safety: every method
// may be called from several threads, Store() by that of the pass.
template <typename T>
class ObservableInstrument : public MeterInstrument {
 public:
  ObservableInstrument(MetricTraits traits, Family<T>* family,
                       MeterContext* context);

  void Record(double value) noexcept override;
  void Record(double value, const Attribute* attributes,
              std::size_t count) noexcept override;
  std::unique_ptr<BoundInstrument> Bind(const Attribute* attributes,
                                        std::size_t count) noexcept override;
  void Store() noexcept override;

 private:
  // What was observed for a series, with which the file waits for the pass's
  // end. Several attribute sets can be one series.
  struct Observed {
    explicit Observed(Labels its_labels) : labels(std::move(its_labels)) {}

    const Labels labels;
    T* series = nullptr;  // null until it is first stored
    double value = 0;
    std::uint64_t pass = 0;
  };

  Observed* FindOrAdd(const Labels& labels);
  void Store(Observed* observed);

  Family<T>* const family_;
  instrument::SeriesMap<Labels, Observed> observed_;
  AttributePoints<Observed> points_;
};

}  // namespace promshm::otel

#endif  // PROMSHM_INSTRUMENT_OBSERVABLE_INSTRUMENT_H_
