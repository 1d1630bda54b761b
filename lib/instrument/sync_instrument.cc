#include "instrument/sync_instrument.h"

#include <new>
#include <type_traits>
#include <utility>

#include "promshm/counter.h"
#include "promshm/gauge.h"
#include "promshm/histogram.h"

namespace promshm::otel {

template <typename T>
class SyncInstrument<T>::Bound : public BoundInstrument {
 public:
  Bound(SyncInstrument* instrument, T* series)
      : instrument_(instrument), series_(series) {}

  void Record(double value) noexcept override {
    if (instrument_->Accepts(value)) instrument_->Apply(series_, value);
  }

 private:
  SyncInstrument* const instrument_;
  T* const series_;
};

template <typename T>
SyncInstrument<T>::SyncInstrument(MetricTraits traits, Family<T>* family,
                                  MeterContext* context)
    : MeterInstrument(std::move(traits), context),
      points_(this, family, context) {}

template <typename T>
void SyncInstrument<T>::Record(double value) noexcept {
  if (!Accepts(value)) return;
  T* series = unlabelled_.load(std::memory_order_acquire);
  if (series == nullptr) {
    series = FindSeries(nullptr, 0);
    unlabelled_.store(series, std::memory_order_release);
  }
  if (series != nullptr) Apply(series, value);
}

template <typename T>
void SyncInstrument<T>::Record(double value, const Attribute* attributes,
                               std::size_t count) noexcept {
  if (!Accepts(value)) return;
  if (T* series = FindSeries(attributes, count)) Apply(series, value);
}

template <typename T>
std::unique_ptr<BoundInstrument> SyncInstrument<T>::Bind(
    const Attribute* attributes, std::size_t count) noexcept {
  T* series = FindSeries(attributes, count);
  if (series == nullptr) return nullptr;
  return std::unique_ptr<BoundInstrument>(new (std::nothrow)
                                              Bound(this, series));
}

template <typename T>
T* SyncInstrument<T>::FindSeries(const Attribute* attributes,
                                 std::size_t count) noexcept {
  Point<T>* point = points_.FindOrAdd(attributes, count);
  return point == nullptr ? nullptr : points_.SeriesOf(point);
}

template <typename T>
void SyncInstrument<T>::Apply(T* series, double value) const noexcept {
  if constexpr (std::is_same_v<T, Histogram>) {
    series->Observe(value);
  } else if constexpr (std::is_same_v<T, Counter>) {
    series->Increment(value);
  } else if (traits().kind == InstrumentKind::kGauge) {
    series->Set(value);
  } else {
    series->Increment(value);
  }
}

template class SyncInstrument<Counter>;
template class SyncInstrument<Gauge>;
template class SyncInstrument<Histogram>;

}  // namespace promshm::otel
