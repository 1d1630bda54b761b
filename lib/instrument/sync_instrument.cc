#include "instrument/sync_instrument.h"

#include <new>
#include <type_traits>
#include <utility>

#include "promshm/counter.h"
#include "promshm/gauge.h"
#include "promshm/histogram.h"
#include "promshm/labels.h"

namespace promshm::otel {

template <typename T>
class SyncInstrument<T>::Bound : public BoundInstrument {
 public:
  Bound(SyncInstrument* instrument, Point* point)
      : instrument_(instrument), point_(point) {}

  void Record(double value) noexcept override {
    if (!instrument_->Accepts(value)) return;
    if (T* series = instrument_->points_.ValueOf(point_)) {
      instrument_->Apply(series, value);
    }
  }

 private:
  SyncInstrument* const instrument_;
  Point* const point_;
};

template <typename T>
SyncInstrument<T>::SyncInstrument(MetricTraits traits, Family<T>* family,
                                  MeterContext* context)
    : MeterInstrument(std::move(traits), context),
      points_(this, context, [this, family](const Labels& labels) {
        if constexpr (std::is_same_v<T, Histogram>) {
          return &family->Add(labels, this->traits().bounds);
        } else {
          return &family->Add(labels);
        }
      }) {}

template <typename T>
void SyncInstrument<T>::Record(double value) noexcept {
  if (!Accepts(value)) return;
  T* series = unlabelled_.load(std::memory_order_acquire);
  if (series != nullptr) return Apply(series, value);
  RecordFirst(value);
}

// Apart, so that the others need not save what this uses.
template <typename T>
[[gnu::noinline]] void SyncInstrument<T>::RecordFirst(double value) noexcept {
  T* series = points_.Find(nullptr, 0);
  unlabelled_.store(series, std::memory_order_release);
  if (series != nullptr) Apply(series, value);
}

template <typename T>
void SyncInstrument<T>::Record(double value, const Attribute* attributes,
                               std::size_t count) noexcept {
  if (!Accepts(value)) return;
  if (T* series = points_.Find(attributes, count)) Apply(series, value);
}

template <typename T>
std::unique_ptr<BoundInstrument> SyncInstrument<T>::Bind(
    const Attribute* attributes, std::size_t count) noexcept {
  Point* point = points_.FindPoint(attributes, count);
  if (point == nullptr) return nullptr;
  return std::unique_ptr<BoundInstrument>(new (std::nothrow)
                                              Bound(this, point));
}

template <typename T>
void SyncInstrument<T>::Apply(T* series, double value) const noexcept {
  if constexpr (std::is_same_v<T, Histogram>) {
    series->Observe(value);
  } else {
    if constexpr (std::is_same_v<T, Gauge>) {
      if (traits().kind == InstrumentKind::kGauge) return series->Set(value);
    }
    series->Increment(value);
  }
}

template class SyncInstrument<Counter>;
template class SyncInstrument<Gauge>;
template class SyncInstrument<Histogram>;

}  // namespace promshm::otel
