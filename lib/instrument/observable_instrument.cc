#include "instrument/observable_instrument.h"

#include <cstdint>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "promshm/counter.h"
#include "promshm/gauge.h"
#include "store/fork_safe_lock.h"

namespace promshm::otel {

template <typename T>
ObservableInstrument<T>::ObservableInstrument(MetricTraits traits,
                                              Family<T>* family,
                                              MeterContext* context)
    : MeterInstrument(std::move(traits), context),
      family_(family),
      points_(this, context,
              [this](const Labels& labels) { return FindOrAdd(labels); }) {}

template <typename T>
void ObservableInstrument<T>::Record(double value) noexcept {
  Record(value, nullptr, 0);
}

template <typename T>
void ObservableInstrument<T>::Record(double value, const Attribute* attributes,
                                     std::size_t count) noexcept {
  if (!context()->observer()->IsPassing() || !Accepts(value)) return;
  Observed* observed = points_.Find(attributes, count);
  if (observed == nullptr) return;
  const std::uint64_t pass = context()->pass();
  const bool adds_up = traits().kind != InstrumentKind::kObservableGauge;
  observed->value =
      adds_up && observed->pass == pass ? observed->value + value : value;
  observed->pass = pass;
}

// No observable kind can be bound.
template <typename T>
std::unique_ptr<BoundInstrument> ObservableInstrument<T>::Bind(
    const Attribute* /*attributes*/, std::size_t /*count*/) noexcept {
  return nullptr;
}

template <typename T>
void ObservableInstrument<T>::Store() noexcept {
  observed_.ForEach([this](Observed* observed) {
    try {
      Store(observed);
    } catch (const std::exception&) {
      context()->lost()->Increment();
    }
  });
}

template <typename T>
auto ObservableInstrument<T>::FindOrAdd(const Labels& labels) -> Observed* {
  auto made = std::make_unique<Observed>(labels);
  const store::ForkSafeLock::Guard guard(context()->lock());
  if (!guard.holds()) throw std::bad_alloc();
  return observed_.Insert(labels, instrument::HashOf(labels), std::move(made));
}

template <typename T>
void ObservableInstrument<T>::Store(Observed* observed) {
  if (observed->pass == context()->pass()) {
    if (observed->series == nullptr) {
      observed->series = &family_->Add(observed->labels);
    }
    if constexpr (std::is_same_v<T, Counter>) {
      observed->series->SetTotal(observed->value);
    } else {
      observed->series->Set(observed->value);
    }
  } else if constexpr (std::is_same_v<T, Gauge>) {
    if (observed->series != nullptr) observed->series->Withdraw();
  }
}

template class ObservableInstrument<Counter>;
template class ObservableInstrument<Gauge>;

}  // namespace promshm::otel
