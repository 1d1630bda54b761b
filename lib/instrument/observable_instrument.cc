#include "instrument/observable_instrument.h"

#include <cstdint>
#include <type_traits>
#include <utility>

#include "promshm/counter.h"
#include "promshm/gauge.h"

namespace promshm::otel {

template <typename T>
ObservableInstrument<T>::ObservableInstrument(MetricTraits traits,
                                              Family<T>* family,
                                              MeterContext* context)
    : MeterInstrument(std::move(traits), context),
      points_(this, family, context) {}

template <typename T>
void ObservableInstrument<T>::Record(double value) noexcept {
  Record(value, nullptr, 0);
}

template <typename T>
void ObservableInstrument<T>::Record(double value, const Attribute* attributes,
                                     std::size_t count) noexcept {
  if (!context()->observer()->IsPassing() || !Accepts(value)) return;
  Point<T>* point = points_.FindOrAdd(attributes, count);
  if (point == nullptr) return;
  const std::uint64_t pass = context()->pass();
  const bool adds_up = traits().kind != InstrumentKind::kObservableGauge;
  point->observed =
      adds_up && point->pass == pass ? point->observed + value : value;
  point->pass = pass;
}

// No observable kind can be bound.
template <typename T>
std::unique_ptr<BoundInstrument> ObservableInstrument<T>::Bind(
    const Attribute* /*attributes*/, std::size_t /*count*/) noexcept {
  return nullptr;
}

template <typename T>
void ObservableInstrument<T>::Store() noexcept {
  points_.ForEach([this](Point<T>* point) {
    if (point->pass == context()->pass()) {
      T* series = points_.SeriesOf(point);
      if (series == nullptr) return;
      if constexpr (std::is_same_v<T, Counter>) {
        series->SetTotal(point->observed);
      } else {
        series->Set(point->observed);
      }
    } else if constexpr (std::is_same_v<T, Gauge>) {
      if (Gauge* series = point->series.load()) series->Withdraw();
    }
  });
}

template class ObservableInstrument<Counter>;
template class ObservableInstrument<Gauge>;

}  // namespace promshm::otel
